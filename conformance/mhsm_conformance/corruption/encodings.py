"""Base64url texts altered: one bit flipped, a byte more or less, another alphabet."""

from __future__ import annotations

from mhsm_model.base64url import decoded, encoded

__all__ = ["flipped", "shortened", "widened"]


def flipped(value: str, place: int) -> str:
    """The text with one bit of the byte near the character at `place` flipped."""
    raw = bytearray(decoded(value))
    if not raw:
        return value
    raw[min(3 * place // 4, len(raw) - 1)] ^= 1
    return encoded(bytes(raw))


def shortened(value: str) -> str:
    """The text without its last byte."""
    return encoded(decoded(value)[:-1])


def widened(value: str) -> str:
    """The text with a zero byte before it."""
    return encoded(b"\0" + decoded(value))
