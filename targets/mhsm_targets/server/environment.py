"""The environment in which unmodified clients find a running server."""

from __future__ import annotations

from mhsm_targets.server.ready import Ready

__all__ = ["environment"]


def environment(ready: Ready) -> dict[str, str]:
    """Environment variables by name, for the first instance.

    The certificate is the only one that is trusted then: other HTTPS does not work in that shell.
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
    }
