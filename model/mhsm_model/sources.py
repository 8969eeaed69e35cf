"""The documents, standards and recordings that clauses name as their sources."""

from __future__ import annotations

from mhsm_model.clauses import Source

__all__ = [
    "ABOUT_KEYS",
    "AUTHENTICATION",
    "KEY_ATTRIBUTES",
    "KEY_OPERATIONS",
    "KEY_ROTATION",
    "NAMES",
    "RECORDED_CLI",
    "RECORDED_GO",
    "RECORDED_JS",
    "RECORDED_PYTHON",
    "REST",
    "RFC3394",
    "RFC7518",
    "RFC8017",
    "SERVICE_LIMITS",
    "SOFT_DELETE",
    "SP800_38A",
    "SP800_38D",
]

_DOCS = "Azure documentation"

ABOUT_KEYS = Source(_DOCS, "Managed HSM, about keys: types, algorithms, purposes")
AUTHENTICATION = Source(_DOCS, "Key Vault, authentication, requests and responses")
KEY_ATTRIBUTES = Source(_DOCS, "Managed HSM, about keys: key attributes")
KEY_OPERATIONS = Source(_DOCS, "Managed HSM, about keys: key operations")
KEY_ROTATION = Source(_DOCS, "Managed HSM, key rotation: versions per key")
NAMES = Source(_DOCS, "Key Vault, about keys, secrets and certificates: object identifiers")
SERVICE_LIMITS = Source(_DOCS, "Managed HSM service limits, 23 July 2025")
SOFT_DELETE = Source(_DOCS, "Managed HSM, soft delete and purge protection")
REST = Source("REST specification 7.5", "keys.json")
RECORDED_CLI = Source("Recorded service", "azure-cli, keyvault module")
RECORDED_GO = Source("Recorded service", "azure-sdk-for-go, azkeys")
RECORDED_JS = Source("Recorded service", "azure-sdk-for-js, keyvault-keys")
RECORDED_PYTHON = Source("Recorded service", "azure-sdk-for-python, azure-keyvault-keys")
RFC7518 = Source("RFC 7518", "JSON Web Algorithms")
RFC8017 = Source("RFC 8017", "PKCS #1 v2.2")
RFC3394 = Source("RFC 3394", "AES key wrap")
SP800_38A = Source("NIST SP 800-38A", "CBC mode")
SP800_38D = Source("NIST SP 800-38D", "GCM")
