"""Requests: what a client may ask of an HSM, with the vendor's member names in snake case.

They hold meaning, not bytes: the REST form is `wire`'s matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from mhsm_model.jwk import JsonWebKey
from mhsm_model.release_policy import ReleasePolicy

__all__ = [
    "CHANGING",
    "BackupKey",
    "CreateKey",
    "Decrypt",
    "DeleteKey",
    "Encrypt",
    "GetDeletedKey",
    "GetKey",
    "GetRandomBytes",
    "ImportKey",
    "ListDeletedKeys",
    "ListKeyVersions",
    "ListKeys",
    "Malformed",
    "NoOperation",
    "PurgeDeletedKey",
    "Reach",
    "RecoverDeletedKey",
    "Request",
    "RequestedAttributes",
    "RestoreKey",
    "Sign",
    "Unmodelled",
    "UnwrapKey",
    "UpdateKey",
    "Verify",
    "WrapKey",
]


class Reach(Enum):
    """What an operation that is not modelled may have changed."""

    NOTHING = "nothing"
    USE = "what the material of the key it names has computed"
    NAME = "the key it names"
    DOMAIN = "which security domain the instance has"
    INSTANCE = "anything in the instance"


@dataclass(frozen=True, slots=True)
class RequestedAttributes:
    """Attributes as a client sends them; None is a member that was not sent. Times in seconds."""

    enabled: bool | None = None
    not_before: int | None = None
    expires: int | None = None
    exportable: bool | None = None


@dataclass(frozen=True, slots=True)
class CreateKey:
    """Generate a new key version in the HSM. `key_size` is in bits."""

    name: str
    kty: str | None
    key_size: int | None = None
    crv: str | None = None
    public_exponent: int | None = None
    key_ops: tuple[str, ...] | None = None
    attributes: RequestedAttributes = RequestedAttributes()
    tags: Mapping[str, str] | None = None
    release_policy: ReleasePolicy | None = None


@dataclass(frozen=True, slots=True)
class ImportKey:
    """Bring key material from outside as a new key version."""

    name: str
    key: JsonWebKey
    attributes: RequestedAttributes = RequestedAttributes()
    tags: Mapping[str, str] | None = None
    release_policy: ReleasePolicy | None = None


@dataclass(frozen=True, slots=True)
class GetKey:
    """Read a key version; version None is the current one."""

    name: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateKey:
    """Change attributes, permitted operations, tags or release policy of one version."""

    name: str
    version: str | None = None
    key_ops: tuple[str, ...] | None = None
    attributes: RequestedAttributes = RequestedAttributes()
    tags: Mapping[str, str] | None = None
    release_policy: ReleasePolicy | None = None


@dataclass(frozen=True, slots=True)
class ListKeys:
    """Read a page of the active keys; `continuation` is the skip token of the page before."""

    maxresults: int | None = None
    continuation: str | None = None


@dataclass(frozen=True, slots=True)
class ListKeyVersions:
    """Read a page of the versions of one key."""

    name: str
    maxresults: int | None = None
    continuation: str | None = None


@dataclass(frozen=True, slots=True)
class ListDeletedKeys:
    """Read a page of the soft-deleted keys."""

    maxresults: int | None = None
    continuation: str | None = None


@dataclass(frozen=True, slots=True)
class DeleteKey:
    """Soft-delete a key with all its versions."""

    name: str


@dataclass(frozen=True, slots=True)
class GetDeletedKey:
    """Read a soft-deleted key."""

    name: str


@dataclass(frozen=True, slots=True)
class RecoverDeletedKey:
    """Make a soft-deleted key active again."""

    name: str


@dataclass(frozen=True, slots=True)
class PurgeDeletedKey:
    """Destroy a soft-deleted key for good."""

    name: str


@dataclass(frozen=True, slots=True)
class Sign:
    """Sign a digest."""

    name: str
    version: str | None
    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Verify:
    """Ask whether a signature of a digest is right."""

    name: str
    version: str | None
    algorithm: str
    digest: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Encrypt:
    """Encrypt a plaintext."""

    name: str
    version: str | None
    algorithm: str
    plaintext: bytes
    iv: bytes | None = None
    aad: bytes | None = None


@dataclass(frozen=True, slots=True)
class Decrypt:
    """Decrypt a ciphertext."""

    name: str
    version: str | None
    algorithm: str
    ciphertext: bytes
    iv: bytes | None = None
    aad: bytes | None = None
    tag: bytes | None = None


@dataclass(frozen=True, slots=True)
class WrapKey:
    """Wrap a key; `plaintext` is the key to wrap. The members are those of Encrypt."""

    name: str
    version: str | None
    algorithm: str
    plaintext: bytes
    iv: bytes | None = None
    aad: bytes | None = None


@dataclass(frozen=True, slots=True)
class UnwrapKey:
    """Unwrap a key; `ciphertext` is the wrapped key. The members are those of Decrypt."""

    name: str
    version: str | None
    algorithm: str
    ciphertext: bytes
    iv: bytes | None = None
    aad: bytes | None = None
    tag: bytes | None = None


@dataclass(frozen=True, slots=True)
class BackupKey:
    """Get a key with all its versions as a blob that only its security domain can read."""

    name: str


@dataclass(frozen=True, slots=True)
class RestoreKey:
    """Bring a key back from a blob; which key that is stands in the blob alone."""

    blob: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class GetRandomBytes:
    """Get random bytes from the HSM."""

    count: int


@dataclass(frozen=True, slots=True)
class Malformed:
    """A request to a modelled operation whose body has not the operation's schema."""

    operation: str
    name: str | None
    problem: str


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """A request whose operation is not in the specification yet, and how far it may reach."""

    operation: str
    reach: Reach
    name: str | None = None


@dataclass(frozen=True, slots=True)
class NoOperation:
    """A method and a path that together are no operation's; `path` is as sent, without query."""

    method: str
    path: str


KeyRequest = (
    CreateKey
    | ImportKey
    | GetKey
    | UpdateKey
    | ListKeyVersions
    | DeleteKey
    | GetDeletedKey
    | RecoverDeletedKey
    | PurgeDeletedKey
    | Sign
    | Verify
    | Encrypt
    | Decrypt
    | WrapKey
    | UnwrapKey
    | BackupKey
)
Request = (
    KeyRequest
    | RestoreKey
    | GetRandomBytes
    | ListKeys
    | ListDeletedKeys
    | Malformed
    | NoOperation
    | Unmodelled
)

CHANGING: Final = (
    CreateKey,
    DeleteKey,
    ImportKey,
    PurgeDeletedKey,
    RecoverDeletedKey,
    RestoreKey,
    UpdateKey,
)
"""Requests that may change what is at a name."""
