"""HTTP messages as people read them: JSON laid out, and what may be secret told by its length.

Members are shown by a list of those that hold no secret, so that one nobody thought of is not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, cast
from urllib.parse import parse_qsl, unquote

from mhsm_model.wire.http import NO_DOCUMENT, HttpRequest, HttpResponse

__all__ = ["request_text", "response_text"]

_LONGEST: Final = 200
_SHOWN: Final = 32
_OPEN_MEMBERS: Final = frozenset(
    {
        *("alg", "attributes", "code", "contentType", "count", "created", "crv", "deletedDate"),
        *("e", "enabled", "error", "exp", "exportable", "hsmPlatform", "immutable", "key"),
        *("key_ops", "key_size", "kid", "kty", "message", "n", "nbf", "public_exponent"),
        *("recoverableDays", "recoveryId", "recoveryLevel", "release_policy"),
        *("scheduledPurgeDate", "tags", "updated", "x", "y"),
    }
)
"""Members of bodies that hold no secret. `value` is a list of keys, or shown by its length."""

_OPEN_QUERY: Final = frozenset({"api-version", "maxresults"})
_OPEN_HEADERS: Final = (
    "www-authenticate",
    "retry-after",
    "content-type",
    "cache-control",
    "strict-transport-security",
    "x-content-type-options",
    "x-ms-request-id",
    "x-ms-keyvault-region",
    "x-ms-build-version",
    "x-ms-server-latency",
)


def request_text(message: HttpRequest, *, headers: bool = False) -> str:
    """A request: method, path, query and JSON body; with `headers`, those that tell nothing secret.

    The host is left out, and of the query what is not known to be harmless.
    """
    members = parse_qsl(message.target.partition("?")[2], keep_blank_values=True)
    shown = "&".join(f"{name}={value if name in _OPEN_QUERY else '…'}" for name, value in members)
    path = unquote(message.path)
    first = f"{message.method} {path}{'?' + shown if shown else ''}"
    told = _headers(message.headers, ("content-type",)) if headers else []
    return "\n".join([first, *told, *_body(message.body, message.document())])


def response_text(message: HttpResponse, *, headers: bool = False) -> str:
    """A response: status and JSON body; with `headers`, those that tell nothing secret."""
    wanted = _OPEN_HEADERS if headers else _OPEN_HEADERS[:2]
    told = _headers(message.headers, wanted)
    return "\n".join([str(message.status), *told, *_body(message.body, message.document())])


def _headers(headers: Any, wanted: tuple[str, ...]) -> list[str]:
    return [f"{name}: {headers[name]}" for name in wanted if name in headers]


def _body(body: bytes, document: Any) -> list[str]:
    if not body:
        return []
    if document is NO_DOCUMENT:
        return [f"<{len(body)} bytes that are not JSON>"]
    return [json.dumps(_open(document), indent=2, ensure_ascii=False)]


def _open(value: Any, *, shown: bool = True) -> Any:
    if isinstance(value, dict):
        told = cast("dict[str, Any]", value)
        return {name: _member(name, member) for name, member in told.items()}
    if isinstance(value, list):
        return [_open(item, shown=shown) for item in cast("Sequence[Any]", value)]
    if isinstance(value, str):
        return _shortened(value) if shown else f"<{len(value)} characters>"
    return value


def _member(name: str, value: Any) -> Any:
    if name == "tags" and isinstance(value, dict):
        return {key: _open(tag) for key, tag in cast("dict[str, Any]", value).items()}
    return _open(value, shown=name in _OPEN_MEMBERS)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_SHOWN]}… ({len(text)} characters)"
