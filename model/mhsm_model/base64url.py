"""Base64url without padding, in which the service writes all binary values.

Source: RFC 4648 section 5; RFC 7515 section 2.
"""

from __future__ import annotations

import base64
import re
from typing import Final

__all__ = ["decoded", "encoded", "is_base64url"]

_LETTERS: Final = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def is_base64url(value: str) -> bool:
    """Whether the text is base64url without padding, of a length that bytes encode to."""
    return _LETTERS.fullmatch(value) is not None and len(value) % 4 != 1


def encoded(value: bytes) -> str:
    """The bytes as base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(value: str) -> bytes:
    """The bytes of a text, which may be other than `is_base64url` wants.

    Raises ValueError for a length that no bytes encode to, and for letters beyond ASCII.
    """
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
