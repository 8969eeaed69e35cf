"""Values altered in the smallest way, to see that an implementation minds."""

from __future__ import annotations

__all__ = ["flipped"]


def flipped(value: bytes, place: int = 0) -> bytes:
    """The value with the lowest bit of one byte changed; raises IndexError for an empty value."""
    changed = bytearray(value)
    changed[place] ^= 1
    return bytes(changed)
