"""What is odd about a message: departures from what clients send, found in its bytes.

What the specification does not know of (an operation of a later chapter) has no oddities.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from mhsm_model.base64url import is_base64url
from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    DeleteKey,
    GetDeletedKey,
    GetKey,
    GetRandomBytes,
    ImportKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    NoOperation,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Request,
    RestoreKey,
    Sign,
    Unmodelled,
    UpdateKey,
    Verify,
)
from mhsm_model.oddities import Oddity
from mhsm_model.wire.http import LONGEST_LINE, HttpRequest
from mhsm_model.wire.members import BINARY_JWK

__all__ = ["oddities_of"]

_NO_BODY: Final = (
    BackupKey,
    DeleteKey,
    GetDeletedKey,
    GetKey,
    ListDeletedKeys,
    ListKeyVersions,
    ListKeys,
    PurgeDeletedKey,
    RecoverDeletedKey,
)
_QUERY: Final = frozenset({"api-version", "maxresults", "$skiptoken", "$maxresults"})
_UNRESERVED = re.compile(r"%(?:2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])")
_BINARY: Final = frozenset({*BINARY_JWK, "value", "iv", "aad", "tag", "digest", "data"})
_DESCRIBED: Final = frozenset({"attributes", "tags", "release_policy", "key_ops"})
_MEMBERS: Final[dict[type[Any], frozenset[str]]] = {
    CreateKey: _DESCRIBED | {"kty", "key_size", "crv", "public_exponent"},
    ImportKey: (_DESCRIBED - {"key_ops"}) | {"key", "Hsm"},
    UpdateKey: _DESCRIBED,
    Sign: frozenset({"alg", "value"}),
    Verify: frozenset({"alg", "digest", "value"}),
    RestoreKey: frozenset({"value"}),
    GetRandomBytes: frozenset({"count"}),
}
_USE: Final = frozenset({"alg", "value", "iv", "aad", "tag"})
_INNER: Final = {
    "attributes": frozenset(
        {
            *("enabled", "nbf", "exp", "exportable", "created", "updated"),
            *("recoverableDays", "recoveryLevel", "hsmPlatform"),
        }
    ),
    "key": frozenset({*BINARY_JWK, "kid", "kty", "crv", "key_ops"}),
    "release_policy": frozenset({"contentType", "data", "immutable"}),
}
"""Members of requests. Source: REST specification 7.5, keys.json."""

_LARGEST_BODY: Final = 1 << 20
"""In bytes; the largest lawful body, that of a backup of 100 versions, is under it."""

_LONGEST_HEADERS: Final = 16 * 1024

Pairs = list[tuple[str, Any]]


def oddities_of(message: HttpRequest, request: Request) -> frozenset[Oddity]:
    """What is odd about the message, where `request` is what it asks for."""
    if isinstance(request, NoOperation | Unmodelled):
        return frozenset()
    found = {*_in_target(message), *_in_size(message)}
    if message.verb != message.method:
        found.add(Oddity.METHOD)
    if isinstance(request, _NO_BODY):
        return frozenset(found | ({Oddity.IDLE_BODY} if message.body else set()))
    announced = message.headers.get("content-type")
    if announced is not None and announced.partition(";")[0].strip().lower() != "application/json":
        found.add(Oddity.CONTENT_TYPE)
    return frozenset(found | {*_in_body(message.body, request)})


def _in_target(message: HttpRequest) -> Iterator[Oddity]:
    path, _, query = message.target.partition("?")
    segments = path.split("/")
    if path.endswith("//") or "." in segments or ".." in segments or _UNRESERVED.search(path):
        yield Oddity.PATH
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    if len(set(names)) < len(names) or not _QUERY.issuperset(names):
        yield Oddity.QUERY


def _in_size(message: HttpRequest) -> Iterator[Oddity]:
    if len(message.body) > _LARGEST_BODY:
        yield Oddity.LARGE_BODY
    if message.line_length > LONGEST_LINE:
        yield Oddity.LONG_LINE
    sizes = (len(name) + len(value) + 4 for name, value in message.headers.items())
    if sum(sizes) > _LONGEST_HEADERS:
        yield Oddity.LONG_HEADERS


def _in_body(body: bytes, request: Request) -> Iterator[Oddity]:
    repeated: list[str] = []

    def read(pairs: Pairs) -> dict[str, Any]:
        document = dict(pairs)
        if len(document) < len(pairs):
            repeated.append("")
        return document

    try:
        document: Any = json.loads(body, object_pairs_hook=read)
    except (ValueError, RecursionError):
        return
    if repeated:
        yield Oddity.REPEATED_MEMBER
    if not isinstance(document, dict):
        return
    sent = cast("dict[str, Any]", document)
    if not _MEMBERS.get(type(request), _USE).issuperset(sent):
        yield Oddity.STRANGE_MEMBER
    inner = [(name, sent[name]) for name in _INNER if isinstance(sent.get(name), dict)]
    objects: list[dict[str, Any]] = [sent]
    for name, value in inner:
        told = cast("dict[str, Any]", value)
        objects.append(told)
        if not _INNER[name].issuperset(told):
            yield Oddity.STRANGE_MEMBER
    if any(value is None for told in objects for value in told.values()):
        yield Oddity.NULL
    if any(_is_odd_binary(name, value) for told in objects for name, value in told.items()):
        yield Oddity.BASE64


def _is_odd_binary(name: str, value: Any) -> bool:
    return name in _BINARY and isinstance(value, str) and not is_base64url(value)
