"""Base64url texts altered: one bit flipped, a byte more or less, another alphabet."""

from __future__ import annotations

import base64

__all__ = ["decoded", "encoded", "flipped", "shortened", "widened"]


def decoded(value: str) -> bytes:
    """The bytes of a base64url text without padding. Raises ValueError for a text that is none."""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def encoded(value: bytes) -> str:
    """The bytes as base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


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
