"""The HTTP form of the operations: method, path, members; read off the codec, not written again.

A request with every member is encoded, and its members are those of the body. Which of them the
schema requires is found by leaving each one out and reading the rest.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Final, cast
from urllib.parse import unquote

from mhsm_model.base64url import encoded
from mhsm_model.exchange import (
    DeletedKeyItem,
    KeyItem,
    ListDeletedKeys,
    Malformed,
    NoContent,
    Reply,
    Request,
)
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.jwk import EcPublic, JsonWebKey, RsaPublic
from mhsm_model.operations.operation import Operation
from mhsm_model.wire.http import NO_DOCUMENT, HttpRequest
from mhsm_model.wire.request_decoding import decode_request
from mhsm_model.wire.request_encoding import encode_request
from mhsm_model.wire.response_codec import ServerMarks, encode_reply

__all__ = ["HttpForm", "Member", "http_form"]

_TEXT: Final = "text"
_BYTES: Final = b"a value of bytes"
_VERSION: Final = "0123456789abcdef0123456789abcdef"
_TAGS: Final = {_TEXT: _TEXT}
_HOST: Final = "host"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a body, with dots where objects nest and [] for the items of a list.

    `is_required` tells what the schema requires; a clause may demand more.
    """

    name: str
    form: str
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class HttpForm:
    """How an operation is asked for and answered; `query` are members besides api-version."""

    method: str
    path: str
    query: tuple[str, ...]
    sent: tuple[Member, ...]
    status: int
    answered: tuple[Member, ...]


@cache
def http_form(row: Operation[Any, Any]) -> HttpForm:
    """The HTTP form of an operation."""
    request: Request = _sample(row.request, ())
    message = encode_request(request, _HOST, None, None)
    answered = {m for public in (RsaPublic, EcPublic) for m in _answered(row, public)}
    status = 204 if row.reply is NoContent else 200
    return HttpForm(
        message.method,
        unquote(message.path).replace(_VERSION, "{version}"),
        tuple(message.query),
        _sent(message),
        status,
        tuple(sorted(answered, key=lambda member: member.name)),
    )


def _answered(row: Operation[Any, Any], public: type[Any]) -> tuple[Member, ...]:
    item = DeletedKeyItem if row.request is ListDeletedKeys else KeyItem
    reply: Reply = _sample(row.reply, (public, item))
    document = encode_reply("GET", reply, ServerMarks(_VERSION)).document()
    return () if document is NO_DOCUMENT else tuple(_members(document))


def _sent(message: HttpRequest) -> tuple[Member, ...]:
    document = message.document()
    if document is NO_DOCUMENT:
        return ()
    return tuple(
        Member(member.name, member.form, _is_required(message, member.name))
        for member in _members(document)
    )


def _is_required(message: HttpRequest, name: str) -> bool:
    document = message.document()
    *path, last = name.split(".")
    holder = document
    for step in path:
        holder = holder[step]
    del holder[last]
    rest = HttpRequest(
        message.method, message.host, message.target, message.headers, json.dumps(document).encode()
    )
    return isinstance(decode_request(rest), Malformed)


def _members(document: Mapping[str, Any], before: str = "") -> Iterator[Member]:
    for name, value in document.items():
        if isinstance(value, dict) and value != _TAGS:
            yield from _members(cast("dict[str, Any]", value), f"{before}{name}.")
        elif isinstance(value, list) and isinstance(value[0], dict):
            yield from _members(cast("dict[str, Any]", value[0]), f"{before}{name}[].")
        else:
            yield Member(f"{before}{name}", _form(value))


def _form(value: Any) -> str:
    match value:
        case bool():
            return "true or false"
        case int():
            return "integer"
        case list():
            return "list of strings"
        case dict():
            return "map of strings"
        case _:
            return "base64url" if value == encoded(_BYTES) else "string"


def _sample(hint: Any, preferred: tuple[type[Any], ...]) -> Any:
    """A value of the type with every member there; of a union, the preferred one or the first."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        wanted = [part for part in arguments if part in preferred]
        return _sample(wanted[0] if wanted else arguments[0], preferred)
    if origin is tuple:
        return (_sample(arguments[0], preferred),)
    if hint is KeyIdentifier:
        return KeyIdentifier(_HOST, _TEXT, _VERSION)
    if isinstance(hint, type) and is_dataclass(hint):
        return _dataclass(hint, preferred)
    plain: dict[Any, Any] = {str: _TEXT, int: 1, bool: True, bytes: _BYTES}
    return plain[hint] if hint in plain else dict(_TAGS)


def _dataclass(kind: type[Any], preferred: tuple[type[Any], ...]) -> Any:
    hints = typing.get_type_hints(kind)
    values = {field.name: _sample(hints[field.name], preferred) for field in fields(kind)}
    # What stands in the path, what only a broken server shows, and what is a later chapter.
    own: dict[str, Any] = {"version": _VERSION, "private_members": ()}
    own |= {"key_hsm": None} if kind is JsonWebKey else {}
    if "name" in values and issubclass(kind, typing.get_args(Request)):
        own["name"] = "{name}"
    return kind(**{**values, **{name: told for name, told in own.items() if name in values}})
