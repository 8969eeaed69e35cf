"""The witnesses that use azure-keyvault-keys, sync and aio, with credentials of azure-identity."""
