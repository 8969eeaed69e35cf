"""The value of what nobody told us."""

from __future__ import annotations

from enum import Enum
from typing import Final

__all__ = ["UNKNOWN", "Unknown"]


class Unknown(Enum):
    """The type of UNKNOWN, so that a type checker sees where knowledge may lack."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN
"""Stands for a value that the service has and that no reply has revealed yet."""
