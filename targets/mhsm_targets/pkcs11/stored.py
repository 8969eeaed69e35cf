"""What the token holds of a key, as values: the key, its versions, the material of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mhsm_model.jwk import PublicKey
from mhsm_model.release_policy import ReleasePolicy
from mhsm_model.tables.key_types import KeyKind

__all__ = ["Material", "StoredKey", "StoredVersion"]


@dataclass(frozen=True, slots=True)
class Material:
    """Key material: the CKA_ID of its object, its public half, and the key under the domain key.

    `wrapped` is what a backup carries and an HMAC key is made from; the object itself can be
    neither read nor wrapped.
    """

    kind: KeyKind
    object_id: bytes
    public: PublicKey | None
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version; times in seconds. `key_ops` is None where an update took the list away."""

    version: str
    material: Material
    key_ops: tuple[str, ...] | None
    created: int
    updated: int
    enabled: bool = True
    not_before: int | None = None
    expires: int | None = None
    exportable: bool = False
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    release_policy: ReleasePolicy | None = None


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A name with all its versions, oldest first; `deleted` is the second of its soft deletion."""

    name: str
    versions: tuple[StoredVersion, ...]
    deleted: int | None = None

    @property
    def current(self) -> StoredVersion:
        """The newest version."""
        return self.versions[-1]

    def found(self, version: str | None) -> StoredVersion | None:
        """The version of that identifier, the current one for None, or None where there is none."""
        if version is None:
            return self.current
        return next((held for held in self.versions if held.version == version), None)

    def with_version(self, changed: StoredVersion) -> StoredKey:
        """The key with the version of the same identifier replaced, or a new one at its end."""
        kept = tuple(changed if v.version == changed.version else v for v in self.versions)
        if changed not in kept:
            kept = (*kept, changed)
        return replace(self, versions=kept)
