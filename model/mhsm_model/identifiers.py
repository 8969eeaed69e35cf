"""Key names, version identifiers and key identifiers (`kid`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["NAME_LENGTH", "KeyIdentifier", "is_name", "is_version", "parse_key_identifier"]

NAME_LENGTH: Final = 127
"""The longest key name, in characters. Source: object identifiers documentation."""

_NAME = re.compile(r"[0-9a-zA-Z-]+", re.ASCII)
_VERSION = re.compile(r"[0-9a-f]{32}", re.ASCII)
_IDENTIFIER = re.compile(r"https://([^/]+)/(keys|deletedkeys)/([^/]+)(?:/([^/]+))?")


@dataclass(frozen=True, slots=True)
class KeyIdentifier:
    """A `kid`: the HSM's host, the key's name, and a version where the identifier has one."""

    host: str
    name: str
    version: str | None = None
    collection: str = "keys"

    def __str__(self) -> str:
        base = f"https://{self.host}/{self.collection}/{self.name}"
        return f"{base}/{self.version}" if self.version is not None else base


def is_name(text: str) -> bool:
    """Whether the characters are those of a key name (length is a rule of its own)."""
    return _NAME.fullmatch(text) is not None


def is_version(text: str) -> bool:
    """Whether the text has the form of a version identifier: 32 lower-case hexadecimal digits."""
    return _VERSION.fullmatch(text) is not None


def parse_key_identifier(text: str) -> KeyIdentifier | None:
    """The parts of a key identifier or recovery identifier, or None where the text is neither."""
    match = _IDENTIFIER.fullmatch(text)
    if match is None:
        return None
    host, collection, name, version = match.groups()
    return KeyIdentifier(host, name, version, collection)
