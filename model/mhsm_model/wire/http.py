"""HTTP messages as values. Header names are lower case; bodies are bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

__all__ = [
    "LONGEST_LINE",
    "METHOD_HEADER",
    "NO_DOCUMENT",
    "HttpRequest",
    "HttpResponse",
    "JsonDocument",
]

LONGEST_LINE: Final = 8000
"""How many octets of a request's line every server ought to take. Source: RFC 9112, section 3."""

METHOD_HEADER: Final = "x-http-method"
_NAMED_METHODS: Final = ("PUT", "PATCH", "DELETE")


class _NoDocument:
    def __repr__(self) -> str:
        return "NO_DOCUMENT"


NO_DOCUMENT: Final = _NoDocument()
"""What an empty body, or one that is not JSON, parses to."""

JsonDocument = Any


def _refused_constant(name: str) -> float:
    """JSON has no such number, whatever the parser takes."""
    raise ValueError(f"{name} is no number")


_DECODER: Final = json.JSONDecoder(parse_constant=_refused_constant)


def _parsed(body: bytes) -> JsonDocument:
    if not body:
        return NO_DOCUMENT
    try:
        return _DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except (ValueError, RecursionError):
        return NO_DOCUMENT


@lru_cache(maxsize=1024)
def _members(query: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request to a host: `target` is path and query as sent.

    `query_recorded` is False for a recording that did not keep the query, `body_recorded` for one
    that did not keep the body.
    """

    method: str
    host: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    body: bytes = field(default=b"", repr=False)
    query_recorded: bool = True
    body_recorded: bool = True

    @property
    def verb(self) -> str:
        """The method that is meant: that of the header X-HTTP-METHOD, where the one sent is POST.

        Source: Azure documentation, authentication, requests and responses.
        """
        named = self.headers.get(METHOD_HEADER, "") if self.method == "POST" else ""
        return named if named in _NAMED_METHODS else self.method

    @property
    def line_length(self) -> int:
        """The octets of the request's line: method, target, version and the spaces between."""
        return len(self.method) + len(self.target) + len("  HTTP/1.1")

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The query's members; of one that stands twice, the last."""
        return dict(_members(self.target.partition("?")[2]))

    def document(self) -> JsonDocument:
        """The body as JSON, or NO_DOCUMENT."""
        return _parsed(self.body)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response. `dropped` names the headers that a recording left out, whether sent or not."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = field(default=b"", repr=False)
    dropped: frozenset[str] = frozenset()

    def document(self) -> JsonDocument:
        """The body as JSON, or NO_DOCUMENT."""
        return _parsed(self.body)
