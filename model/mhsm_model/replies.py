"""Replies: what an HSM may answer, with the vendor's member names in snake case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeGuard

from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.jwk import PublicKey
from mhsm_model.release_policy import ReleasePolicy

__all__ = [
    "Attributes",
    "DeletedKeyBundle",
    "DeletedKeyItem",
    "Indeterminate",
    "KeyBackup",
    "KeyBundle",
    "KeyItem",
    "KeyPage",
    "NoContent",
    "OperationResult",
    "RandomBytes",
    "Refused",
    "Reply",
    "Unauthenticated",
    "Unreadable",
    "Verification",
    "is_overload",
]

_OVERLOADED: Final = (429, 503)


@dataclass(frozen=True, slots=True)
class Attributes:
    """Attributes as a reply shows them; None is a member that was absent. Times in seconds."""

    enabled: bool | None
    created: int | None
    updated: int | None
    recovery_level: str | None
    recoverable_days: int | None
    not_before: int | None = None
    expires: int | None = None
    exportable: bool | None = None
    hsm_platform: str | None = None
    key_size: int | None = None


@dataclass(frozen=True, slots=True)
class KeyBundle:
    """A key version: identifier, public key, permitted operations (None: no list), attributes."""

    kid: KeyIdentifier
    kty: str
    public: PublicKey | None
    key_ops: tuple[str, ...] | None
    attributes: Attributes
    tags: Mapping[str, str] | None = None
    release_policy: ReleasePolicy | None = None
    private_members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeletedKeyBundle:
    """A soft-deleted key: the current version's bundle, and dates of the deletion in seconds."""

    bundle: KeyBundle
    recovery_id: str | None
    deleted_date: int | None
    scheduled_purge_date: int | None


@dataclass(frozen=True, slots=True)
class KeyItem:
    """An item of a list of keys or of key versions."""

    kid: KeyIdentifier
    attributes: Attributes
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class DeletedKeyItem:
    """An item of the list of soft-deleted keys."""

    item: KeyItem
    recovery_id: str | None
    deleted_date: int | None
    scheduled_purge_date: int | None


@dataclass(frozen=True, slots=True)
class KeyPage:
    """One page of a list, with the link to the next one where there is one."""

    items: tuple[KeyItem | DeletedKeyItem, ...]
    next_link: str | None = None


@dataclass(frozen=True, slots=True)
class OperationResult:
    """The result of a cryptographic operation; `value` never prints, it may be a plaintext."""

    kid: KeyIdentifier
    algorithm: str | None
    value: bytes = field(repr=False)
    iv: bytes | None = None
    tag: bytes | None = None
    aad: bytes | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer to a verify request. Its members besides `valid` may be absent."""

    valid: bool
    kid: KeyIdentifier | None = None
    algorithm: str | None = None


@dataclass(frozen=True, slots=True)
class KeyBackup:
    """The blob of a key's backup; it never prints."""

    blob: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RandomBytes:
    """Random bytes; they never print, somebody may make a key of them."""

    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoContent:
    """A success without a body."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An error answer; `message` is without the activity id, and None where it was not there."""

    status: int
    code: str | None
    message: str | None = None


def is_overload(reply: Reply) -> TypeGuard[Refused]:
    """Whether the reply says that the HSM has too much to do just now."""
    return isinstance(reply, Refused) and reply.status in _OVERLOADED


@dataclass(frozen=True, slots=True)
class Unauthenticated:
    """A 401 with its challenge: the authority's URL and the resource that a token must be for."""

    authority: str | None
    resource: str | None


@dataclass(frozen=True, slots=True)
class Indeterminate:
    """No reply arrived: the request may have had its effect or not."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A reply that claims success but has not the form the operation's schema gives it."""

    status: int
    problem: str


Reply = (
    KeyBundle
    | DeletedKeyBundle
    | KeyPage
    | OperationResult
    | Verification
    | KeyBackup
    | RandomBytes
    | NoContent
    | Refused
    | Unauthenticated
    | Indeterminate
    | Unreadable
)
