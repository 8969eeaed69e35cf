"""Values altered in the smallest way, to see that an implementation minds."""

from __future__ import annotations

__all__ = ["flipped"]


def flipped(value: bytes, place: int = 0, mask: int = 1) -> bytes:
    """The value with bits of one byte changed, the lowest or those of a mask.

    Raises IndexError where the value has no such place.
    """
    changed = bytearray(value)
    changed[place] ^= mask
    return bytes(changed)
