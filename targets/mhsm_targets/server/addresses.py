"""Which instance a request is for, by the host that the client wrote, and the resource it is for.

Three forms name an instance: `NAME.localhost`, an address of its own (127.0.0.1 for the first,
127.0.0.2 for the second), and `NAME.managedhsm.azure.net`. Official clients demand that the host
ends in "." plus the host of the challenge's resource; a resource is derived so that each form does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mhsm_model.tables.clouds import PUBLIC

__all__ = ["INSTANCE_NAME", "ISSUER_HOST", "PublicHost", "address_of", "public_host"]

INSTANCE_NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,22}[a-z0-9])?", re.ASCII)
"""The names of instances. Source: rules for the names of Managed HSMs (3 to 24 there)."""

ISSUER_HOST: Final = "localhost"
"""The host of the issuer: no client takes it for an HSM, as it ends in no resource's host."""

_SERVICE_SUFFIX: Final = "." + PUBLIC.resource.removeprefix("https://")
_LOCAL_SUFFIX: Final = ".localhost"
# Not https: in the URL of a scheme that browsers know, Node makes 0.0.1 an address, 0.0.0.1, which
# no host ends in. Python and Go look at the host alone, whatever the scheme.
_ADDRESS_SCHEME: Final = "mhsm"
_ADDRESS: Final = re.compile(r"127\.0\.0\.([0-9]{1,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class PublicHost:
    """A Host header taken apart: its host and port as written, and the instance's name."""

    written: str
    instance: str
    resource: str
    is_of_service: bool = False


def address_of(number: int) -> str:
    """The loopback address of the instance with that number, counted from 0."""
    return f"127.0.0.{number + 1}"


def public_host(header: str, instances: Sequence[str]) -> PublicHost | None:
    """The instance that a Host header names, or None where it names none of them."""
    host, colon, port = header.lower().partition(":")
    if colon and not (port.isascii() and port.isdigit()):
        return None
    if (found := _ADDRESS.fullmatch(host)) is not None:
        number = int(found[1]) - 1
        if not 0 <= number < len(instances) or address_of(number) != host:
            return None
        return PublicHost(
            header, instances[number], f"{_ADDRESS_SCHEME}://0.0.{number + 1}{colon}{port}"
        )
    for suffix in (_LOCAL_SUFFIX, _SERVICE_SUFFIX):
        name = host.removesuffix(suffix)
        if name != host and name in instances:
            if suffix is _SERVICE_SUFFIX:
                return PublicHost(header, name, PUBLIC.resource, is_of_service=True)
            return PublicHost(header, name, f"https://{suffix[1:]}{colon}{port}")
    return None
