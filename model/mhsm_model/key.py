"""A key and its versions, as far as replies have revealed them.

A version may have been made that no reply has named yet, and a key may have versions that nobody
told us of: see `state`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from immutables import Map

from mhsm_model.moments import ANY_TIME, Interval
from mhsm_model.release_policy import ReleasePolicy
from mhsm_model.unknown import UNKNOWN, Unknown

__all__ = ["NO_TAGS", "Key", "KeyVersion", "open_version"]

NO_TAGS: Final[Map[str, str]] = Map()


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """One version of a key, as far as replies have revealed it.

    `version` is None while no reply has named it. `key_ops` is None where the list was removed.
    Times are intervals of seconds: a point where a reply told, else bounds.
    """

    version: str | None
    material: str
    key_ops: frozenset[str] | Unknown | None = UNKNOWN
    enabled: bool | Unknown = UNKNOWN
    not_before: int | Unknown | None = UNKNOWN
    expires: int | Unknown | None = UNKNOWN
    created: Interval = ANY_TIME
    updated: Interval = ANY_TIME
    exportable: bool | Unknown = UNKNOWN
    tags: Map[str, str] | Unknown = UNKNOWN
    release_policy: ReleasePolicy | Unknown | None = UNKNOWN


@dataclass(frozen=True, slots=True)
class Key:
    """The versions of a key, oldest first as far as known.

    `complete` is False where versions may exist that are not in the sequence. `headed` is True
    where the last one is known to be the current version.
    """

    versions: tuple[KeyVersion, ...]
    complete: bool = True
    headed: bool = True

    def place_of(self, version: str) -> int | None:
        """The place of the version with that identifier, or None."""
        for place in range(len(self.versions) - 1, -1, -1):
            if self.versions[place].version == version:
                return place
        return None

    def appended(self, version: KeyVersion) -> Key:
        """The key with a new current version."""
        return replace(self, versions=(*self.versions, version), headed=True)

    def with_version(self, place: int, version: KeyVersion) -> Key:
        """The key with the version at `place` replaced."""
        versions = self.versions
        return replace(self, versions=(*versions[:place], version, *versions[place + 1 :]))


def open_version(version: str | None, material: str) -> KeyVersion:
    """A version that existed before we looked: nothing but its identifier is known."""
    return KeyVersion(version, material)
