"""The environment in which unmodified clients find a running server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from mhsm_targets.server.ready import Ready

__all__ = ["environment"]

_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
_EXCEPTIONS: Final = ("NO_PROXY", "no_proxy")


def environment(ready: Ready, ours: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Environment variables by name, for the first instance, to be added to `ours`.

    The certificate is the only one that is trusted then: other HTTPS does not work in that shell.
    Where a proxy is set, it is told to leave this machine's addresses out.
    """
    return {
        "AZURE_MANAGEDHSM_URL": next(iter(ready.urls.values())),
        # requests (az, azure-keyvault-keys), OpenSSL and Go (azure.*.aio, curl), and Node.
        "REQUESTS_CA_BUNDLE": ready.ca_file,
        "SSL_CERT_FILE": ready.ca_file,
        "NODE_EXTRA_CA_CERTS": ready.ca_file,
        # Managed identity, in the form of App Service and in that of virtual machines.
        "IDENTITY_ENDPOINT": ready.token_url,
        "IDENTITY_HEADER": ready.token_secret,
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": ready.metadata_url,
        **_direct(ready, ours),
    }


def _direct(ready: Ready, ours: Mapping[str, str]) -> dict[str, str]:
    """What keeps clients from a proxy, which would look for loopback addresses on its own machine.

    Some read the name in capitals, some the other, so both are set.
    """
    if not any(value and name.lower() in _PROXIES for name, value in ours.items()):
        return {}
    told = [part for name in _EXCEPTIONS for part in ours.get(name, "").split(",")]
    addresses = [urlsplit(url).hostname or "" for url in ready.urls.values()]
    hosts = [*told, *addresses, "localhost", ".localhost"]
    listed = ",".join(dict.fromkeys(host.strip() for host in hosts if host.strip()))
    return dict.fromkeys(_EXCEPTIONS, listed)
