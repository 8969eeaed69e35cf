"""Clouds: where a token comes from and what it must be for.

Source: recorded challenges (public cloud, and one of the vendor's test clouds); the vendor's
documentation for the national clouds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

__all__ = ["CLOUDS", "PUBLIC", "Cloud", "challenged_by", "resource_under"]


@dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud: its name, the host of its token authority, and the resource of its Managed HSMs."""

    name: str
    authority_host: str
    resource: str


PUBLIC: Final = Cloud("public", "login.microsoftonline.com", "https://managedhsm.azure.net")

CLOUDS: Final[tuple[Cloud, ...]] = (
    PUBLIC,
    Cloud("China", "login.chinacloudapi.cn", "https://managedhsm.azure.cn"),
    Cloud("US government", "login.microsoftonline.us", "https://managedhsm.usgovcloudapi.net"),
    Cloud("test", "login.windows-ppe.net", "https://managedhsm-int.azure-int.net"),
)


def resource_under(authority: str) -> str:
    """The resource of the cloud that an authority (a URL) is of; the public one's for others."""
    found = (c.resource for c in CLOUDS if authority.startswith(f"https://{c.authority_host}/"))
    return next(found, PUBLIC.resource)


def challenged_by(authority: str, resource: str) -> Cloud | None:
    """The cloud whose challenge has this authority (a URL with a tenant) and resource, or None."""
    try:
        parts = urlsplit(authority)
    except ValueError:
        return None
    tenant = parts.path.strip("/")
    for cloud in CLOUDS:
        if (parts.scheme, parts.netloc) == ("https", cloud.authority_host):
            whole = bool(tenant) and parts.path == f"/{tenant}" and "/" not in tenant
            return cloud if whole and resource == cloud.resource else None
    return None
