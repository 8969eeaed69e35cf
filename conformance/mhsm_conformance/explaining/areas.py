"""The areas of the specification: what the letters of an identifier stand for."""

from __future__ import annotations

from typing import Final

__all__ = ["AREAS"]

AREAS: Final[dict[str, str]] = {
    "AUTH": "Authentication and challenges",
    "API": "Versions, headers and formats of the API",
    "KEY": "Keys, names, versions and their making",
    "IMP": "Importing keys",
    "ATTR": "Attributes and tags",
    "SKR": "Release policies",
    "PAGE": "Lists and their pages",
    "LIFE": "Deletion, recovery and purge",
    "KBK": "Backup and restore of one key",
    "BKP": "Restore of the whole HSM",
    "ALG": "Algorithms, signatures, RSA encryption",
    "GCM": "AES-GCM",
    "CBC": "AES-CBC",
    "KW": "AES key wrap",
    "RNG": "Random bytes",
    "ISO": "Isolation of instances and of material",
    "FRAME": "What an operation leaves alone",
    "LIM": "Limits",
    "ERR": "Error answers",
    "WIRE": "Messages on the wire",
}
"""What each area speaks of, in reading order."""
