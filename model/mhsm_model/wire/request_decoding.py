"""Requests as HTTP, the server's half: what a message asks for.

Reading what `request_encoding` made gives the same request back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    GetRandomBytes,
    ImportKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    Malformed,
    NoOperation,
    PurgeDeletedKey,
    Reach,
    RecoverDeletedKey,
    ReleasePolicy,
    Request,
    RequestedAttributes,
    RestoreKey,
    Sign,
    Unmodelled,
    UnwrapKey,
    UpdateKey,
    Verify,
    WrapKey,
)
from mhsm_model.jwk import JsonWebKey
from mhsm_model.wire.http import NO_DOCUMENT, HttpRequest
from mhsm_model.wire.members import (
    BINARY_JWK,
    SchemaError,
    binary,
    boolean,
    integer,
    mapping,
    members,
    required,
    text,
    text_list,
)
from mhsm_model.wire.routes import Route, method_meant, route

__all__ = ["decode_request"]


_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


def decode_request(message: HttpRequest) -> Request:
    """The request that an HTTP request asks for.

    Malformed where the body has not the operation's schema; NoOperation where method and path are
    no operation's; Unmodelled where the operation is not in the specification yet, or the recording
    kept no body.
    """
    found = route(method_meant(message), message.path)
    # A recorder that loses queries has lost the ends of paths too.
    if found is None or not (found.whole or not message.query_recorded):
        return NoOperation(message.method, message.path)
    if found.later is not None:
        return Unmodelled(found.operation, found.later, found.name)
    try:
        return _decoded(message, found)
    except SchemaError as error:
        return Malformed(found.operation, found.name, str(error))


def _decoded(message: HttpRequest, found: Route) -> Request:
    name = found.name or ""
    match found.operation:
        case "GetKey":
            return GetKey(name, found.version)
        case "DeleteKey":
            return DeleteKey(name)
        case "GetDeletedKey":
            return GetDeletedKey(name)
        case "PurgeDeletedKey":
            return PurgeDeletedKey(name)
        case "RecoverDeletedKey":
            return RecoverDeletedKey(name)
        case "BackupKey":
            return BackupKey(name)
        case "GetKeys":
            return ListKeys(*_page(message))
        case "GetKeyVersions":
            return ListKeyVersions(name, *_page(message))
        case "GetDeletedKeys":
            return ListDeletedKeys(*_page(message))
        case _:
            return _decoded_body(message, found)


def _page(message: HttpRequest) -> tuple[int | None, str | None]:
    query = message.query
    asked = query.get("maxresults")
    if asked is not None and not _INTEGER.fullmatch(asked):
        raise SchemaError("query member maxresults is not an integer")
    return None if asked is None else int(asked), query.get("$skiptoken")


def _decoded_body(message: HttpRequest, found: Route) -> Request:
    if not message.body_recorded:
        reach = _REACH_WITHOUT_BODY.get(found.operation, Reach.USE)
        return Unmodelled(f"{found.operation} without its body", reach, found.name)
    document = message.document()
    if document is NO_DOCUMENT:
        raise SchemaError("the body is not JSON" if message.body else "the body is empty")
    body = members(document, "the body")
    return _BODIES[found.operation](found, body)


def _attributes(body: dict[str, Any]) -> RequestedAttributes:
    if body.get("attributes") is None:
        return RequestedAttributes()
    sent = members(body["attributes"], "member attributes")
    return RequestedAttributes(
        boolean(sent, "enabled"),
        integer(sent, "nbf"),
        integer(sent, "exp"),
        boolean(sent, "exportable"),
    )


def _policy(body: dict[str, Any]) -> ReleasePolicy | None:
    if body.get("release_policy") is None:
        return None
    sent = members(body["release_policy"], "member release_policy")
    data = required(binary(sent, "data", tolerant=True), "release_policy.data")
    return ReleasePolicy(data, text(sent, "contentType"), boolean(sent, "immutable"))


def _create(found: Route, body: dict[str, Any]) -> Request:
    attributes = body.get("attributes")
    if isinstance(attributes, dict) and "external_key" in attributes:
        return Unmodelled("CreateExternalKey", Reach.NAME, found.name)
    return CreateKey(
        found.name or "",
        text(body, "kty"),
        integer(body, "key_size"),
        text(body, "crv"),
        integer(body, "public_exponent"),
        text_list(body, "key_ops"),
        _attributes(body),
        mapping(body, "tags"),
        _policy(body),
    )


def _import(found: Route, body: dict[str, Any]) -> Request:
    sent = members(required(body.get("key"), "key"), "member key")
    if sent.get("key_hsm") is not None:
        return Unmodelled("ImportTransferBlob", Reach.NAME, found.name)
    binaries = {name: binary(sent, name, tolerant=True) for name in BINARY_JWK}
    key = JsonWebKey(text(sent, "kty"), text(sent, "crv"), text_list(sent, "key_ops"), **binaries)
    return ImportKey(found.name or "", key, _attributes(body), mapping(body, "tags"), _policy(body))


def _update(found: Route, body: dict[str, Any]) -> Request:
    return UpdateKey(
        found.name or "",
        found.version,
        text_list(body, "key_ops"),
        _attributes(body),
        mapping(body, "tags"),
        _policy(body),
    )


def _value(body: dict[str, Any], name: str = "value") -> bytes:
    value: bytes = required(binary(body, name, tolerant=True), name)
    return value


def _algorithm(body: dict[str, Any]) -> str:
    name: str = required(text(body, "alg"), "alg")
    return name


def _sign(found: Route, body: dict[str, Any]) -> Request:
    return Sign(found.name or "", found.version, _algorithm(body), _value(body))


def _verify(found: Route, body: dict[str, Any]) -> Request:
    digest = _value(body, "digest")
    return Verify(found.name or "", found.version, _algorithm(body), digest, _value(body))


def _optional(body: dict[str, Any], name: str) -> bytes | None:
    return binary(body, name, tolerant=True)


def _encrypt(found: Route, body: dict[str, Any]) -> Request:
    iv, aad = _optional(body, "iv"), _optional(body, "aad")
    return Encrypt(found.name or "", found.version, _algorithm(body), _value(body), iv, aad)


def _decrypt(found: Route, body: dict[str, Any]) -> Request:
    iv, aad, tag = (_optional(body, member) for member in ("iv", "aad", "tag"))
    name = found.name or ""
    return Decrypt(name, found.version, _algorithm(body), _value(body), iv, aad, tag)


def _wrap(found: Route, body: dict[str, Any]) -> Request:
    iv, aad = _optional(body, "iv"), _optional(body, "aad")
    return WrapKey(found.name or "", found.version, _algorithm(body), _value(body), iv, aad)


def _unwrap(found: Route, body: dict[str, Any]) -> Request:
    iv, aad, tag = (_optional(body, member) for member in ("iv", "aad", "tag"))
    name = found.name or ""
    return UnwrapKey(name, found.version, _algorithm(body), _value(body), iv, aad, tag)


def _restore(found: Route, body: dict[str, Any]) -> Request:
    return RestoreKey(_value(body))


def _random(found: Route, body: dict[str, Any]) -> Request:
    return GetRandomBytes(required(integer(body, "count"), "count"))


_REACH_WITHOUT_BODY: Final = {
    "CreateKey": Reach.NAME,
    "ImportKey": Reach.NAME,
    "UpdateKey": Reach.NAME,
    "RestoreKey": Reach.INSTANCE,
    "GetRandomBytes": Reach.NOTHING,
}
"""How far an operation may have reached whose body a recording lacks; the others use a key."""

_BODIES: Final[dict[str, Callable[[Route, dict[str, Any]], Request]]] = {
    "CreateKey": _create,
    "ImportKey": _import,
    "UpdateKey": _update,
    "Sign": _sign,
    "Verify": _verify,
    "Encrypt": _encrypt,
    "Decrypt": _decrypt,
    "WrapKey": _wrap,
    "UnwrapKey": _unwrap,
    "RestoreKey": _restore,
    "GetRandomBytes": _random,
}
