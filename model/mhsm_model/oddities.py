"""Oddities: ways in which a message departs from what clients send and yet can be understood.

Whether the service takes such a message is an open question for each of them.
"""

from __future__ import annotations

from enum import Enum

__all__ = ["Oddity"]


class Oddity(Enum):
    """What is odd about a message."""

    BASE64 = "a binary member has padding, white space or the letters of plain base64"
    CONTENT_TYPE = "the body is announced as something else than JSON"
    IDLE_BODY = "there is a body, and the operation has none"
    LARGE_BODY = "the body is larger than that of any backup"
    LONG_HEADERS = "the headers are longer than clients send them"
    LONG_LINE = "the request's line is longer than every server has to take"
    METHOD = "the method stands in a header, and that of the request's line is POST"
    NULL = "a member of the body is null"
    PATH = "the path has segments of dots, needless escapes or several slashes at its end"
    QUERY = "the query has a member twice, or one that no operation knows"
    REPEATED_MEMBER = "a member of the body stands twice"
    STRANGE_MEMBER = "the body has a member that the operation's schema lacks"
