"""Key names as a check knows them, and as they stand in an HSM that others use too.

Every opened target has a space of names of its own, so that a check finds it empty: each name gets
a prefix with the run's random id and a number. What is refused for its characters or its length is
refused with the prefix too; a lawful name that the prefix would make too long is replaced by one of
the same length.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from mhsm_model.identifiers import NAME_LENGTH, is_name

__all__ = ["NameSpace", "OwnNames", "PrefixedNames"]

_COLLECTIONS: Final = ("keys", "deletedkeys")


class OwnNames:
    """The names of an instance that is the check's alone: they are as they are."""

    def outward(self, method: str, path: str) -> str:
        """The path as the HSM is asked for it."""
        return path

    def inward(self, octets: bytes) -> bytes:
        """What the HSM answered, with the names as the check knows them."""
        return octets

    def name_in(self, method: str, path: str) -> str | None:
        """The name in a path as the HSM has it, or None."""
        place = _place(method, path.split("/"))
        return None if place is None else unquote(path.split("/")[place])

    def has(self, kid: str) -> bool:
        """Whether the kid, or recovery identifier, is that of a name of this space."""
        return True


class PrefixedNames(OwnNames):
    """Names under a prefix of letters, digits and hyphens."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._long: dict[str, str] = {}

    def outward(self, method: str, path: str) -> str:
        """The path as the HSM is asked for it."""
        parts = path.split("/")
        place = _place(method, parts)
        if place is not None:
            parts[place] = self._outward(parts[place])
        return "/".join(parts)

    def _outward(self, segment: str) -> str:
        name = unquote(segment)
        if not is_name(name) or not NAME_LENGTH - len(self._prefix) < len(name) <= NAME_LENGTH:
            return self._prefix + segment
        mark = hashlib.sha256(name.encode()).hexdigest()
        stood_for = f"{self._prefix}{mark}{'x' * NAME_LENGTH}"[: len(name)]
        self._long[stood_for] = name
        return stood_for

    def inward(self, octets: bytes) -> bytes:
        """What the HSM answered, with the names as the check knows them."""
        for stood_for, name in self._long.items():
            octets = octets.replace(stood_for.encode(), name.encode())
        return octets.replace(self._prefix.encode(), b"")

    def has(self, kid: str) -> bool:
        """Whether the kid, or recovery identifier, is that of a name of this space."""
        return any(f"/{collection}/{self._prefix}" in kid for collection in _COLLECTIONS)


NameSpace = OwnNames


def _place(method: str, parts: Sequence[str]) -> int | None:
    """Where in a path's segments the key name is, or None."""
    if len(parts) < 3 or parts[0] or unquote(parts[1]) not in _COLLECTIONS or not parts[2]:
        return None
    # Restoring a key names none: the name is in the blob.
    restores = method == "POST" and parts[1] == "keys" and unquote(parts[2]) == "restore"
    return None if restores and not any(parts[3:]) else 2
