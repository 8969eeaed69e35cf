"""The documents, standards and recordings that clauses name as their sources."""

from __future__ import annotations

from mhsm_model.clauses import Source

__all__ = [
    "ABOUT_KEYS",
    "AUTHENTICATION",
    "DISASTER_RECOVERY",
    "HEADERS_TOO_LARGE",
    "HTTP_1_1",
    "HTTP_SEMANTICS",
    "KEY_ATTRIBUTES",
    "KEY_MANAGEMENT",
    "KEY_OPERATIONS",
    "KEY_ROTATION",
    "NAMES",
    "OVERVIEW",
    "PKCS11",
    "RECORDED_CLI",
    "RECORDED_GO",
    "RECORDED_JS",
    "RECORDED_PYTHON",
    "REPLICATION",
    "REST",
    "RFC3394",
    "RFC5649",
    "RFC7518",
    "RFC8017",
    "SERVICE_LIMITS",
    "SOFT_DELETE",
    "SP800_38A",
    "SP800_38D",
    "TECHNICAL_DETAILS",
]

_DOCS = "Azure documentation"

ABOUT_KEYS = Source(_DOCS, "Managed HSM, about keys: types, algorithms, purposes")
AUTHENTICATION = Source(_DOCS, "Key Vault, authentication, requests and responses")
DISASTER_RECOVERY = Source(_DOCS, "Managed HSM, disaster recovery: security domain and backups")
KEY_ATTRIBUTES = Source(_DOCS, "Managed HSM, about keys: key attributes")
KEY_MANAGEMENT = Source(_DOCS, "Managed HSM, key management: backup and restore of one key")
KEY_OPERATIONS = Source(_DOCS, "Managed HSM, about keys: key operations")
KEY_ROTATION = Source(_DOCS, "Managed HSM, key rotation: versions per key")
NAMES = Source(_DOCS, "Key Vault, about keys, secrets and certificates: object identifiers")
OVERVIEW = Source(_DOCS, "Managed HSM, overview: isolated access, single tenant")
REPLICATION = Source(_DOCS, "Managed HSM, multi-region replication")
SERVICE_LIMITS = Source(_DOCS, "Managed HSM service limits, 23 July 2025")
TECHNICAL_DETAILS = Source(_DOCS, "Managed HSM, technical details: partitions of one customer")
SOFT_DELETE = Source(_DOCS, "Managed HSM, soft delete and purge protection")
REST = Source("REST specification 7.5", "keys.json")
RECORDED_CLI = Source("Recorded service", "azure-cli, keyvault module")
RECORDED_GO = Source("Recorded service", "azure-sdk-for-go, azkeys")
RECORDED_JS = Source("Recorded service", "azure-sdk-for-js, keyvault-keys")
RECORDED_PYTHON = Source("Recorded service", "azure-sdk-for-python, azure-keyvault-keys")
HEADERS_TOO_LARGE = Source("RFC 6585", "section 5, 431 Request Header Fields Too Large")
HTTP_1_1 = Source("RFC 9112", "section 3, the length of a request line")
HTTP_SEMANTICS = Source("RFC 9110", "section 15.5.14, 413 Content Too Large")
RFC7518 = Source("RFC 7518", "JSON Web Algorithms")
RFC8017 = Source("RFC 8017", "PKCS #1 v2.2")
RFC3394 = Source("RFC 3394", "AES key wrap")
RFC5649 = Source("RFC 5649", "AES key wrap with padding")
PKCS11 = Source("PKCS #11 3.1", "AES key wrap mechanisms")
SP800_38A = Source("NIST SP 800-38A", "CBC mode")
SP800_38D = Source("NIST SP 800-38D", "GCM")
