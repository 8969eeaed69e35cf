"""The head of a request: what of it is not taken, and what it says of the body.

Source: RFC 9112, sections 3.2 and 6.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["LARGEST_HEAD", "HeadTooLargeError", "RefusedHeadError", "absolute_form", "body_length"]

LARGEST_HEAD: Final = 64 * 1024
"""How large a request's line and headers may be together, in bytes."""

_PATH: Final = re.compile(rb"[/?#]")

_VERSIONS: Final = ("1.0", "1.1")


class RefusedHeadError(Exception):
    """The head of a request is not taken. What the parser's callbacks raise becomes a 400."""


class HeadTooLargeError(RefusedHeadError):
    """It has more than LARGEST_HEAD bytes."""


def body_length(url: bytes, headers: Iterable[tuple[bytes, bytes]], version: str) -> int | None:
    """How many bytes the body will have, None where the head does not say.

    Names of headers are in lower case; the parser has seen to it that there is one content-length
    at most, a number, and none beside a transfer-encoding. Raises RefusedHeadError.
    """
    length: int | None = 0
    size, hosts = len(url), 0
    for name, value in headers:
        size += len(name) + len(value) + len(b": \r\n")
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            length = int(value)
        elif name == b"transfer-encoding":
            length = None
            if value.strip().lower() != b"chunked":
                raise RefusedHeadError
    if size > LARGEST_HEAD:
        raise HeadTooLargeError
    if version not in _VERSIONS or hosts > 1 or (not hosts and version == "1.1"):
        raise RefusedHeadError
    return length


def absolute_form(url: bytes) -> tuple[bytes, bytes]:
    """The authority of a URL that is absolute, and the URL with the path that an empty one means.

    Source: RFC 9112, section 3.2.2; RFC 9110, section 4.2.3.
    """
    scheme, mark, rest = url.partition(b"://")
    found = _PATH.search(rest)
    end = len(rest) if found is None else found.start()
    authority, path = rest[:end], rest[end:]
    return authority, b"".join((scheme, mark, authority, b"" if path[:1] == b"/" else b"/", path))
