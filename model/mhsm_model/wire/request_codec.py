"""Requests as HTTP: the client's half makes them, the server's half reads them.

Reading what was made gives the same request back, for every request of the modelled operations.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from mhsm_model.exchange import (
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    ImportKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    Malformed,
    PurgeDeletedKey,
    Reach,
    RecoverDeletedKey,
    ReleasePolicy,
    Request,
    RequestedAttributes,
    Sign,
    Unmodelled,
    UpdateKey,
    Verify,
)
from mhsm_model.jwk import JsonWebKey
from mhsm_model.wire.http import NO_DOCUMENT, HttpRequest
from mhsm_model.wire.members import (
    SchemaError,
    binary,
    boolean,
    encoded,
    integer,
    mapping,
    members,
    required,
    text,
    text_list,
)
from mhsm_model.wire.routes import Route, key_path, route

__all__ = ["decode_request", "encode_request"]

_BINARY_JWK: Final = ("n", "e", "x", "y", "d", "p", "q", "dp", "dq", "qi", "k", "key_hsm")


# --- the client's half ----------------------------------------------------------------------------


def encode_request(
    request: Request, host: str, api_version: str | None, token: str | None
) -> HttpRequest:
    """The HTTP request that asks for `request`.

    `api_version` None leaves the query member out; `token` None sends no Authorization header.
    Raises TypeError for a request that has no REST form here (Malformed, Unmodelled).
    """
    method, path, query, body = _encoded(request)
    if api_version is not None:
        query["api-version"] = api_version
    headers = {"accept": "application/json"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    content = b""
    if body is not None:
        headers["content-type"] = "application/json"
        content = json.dumps(body, separators=(",", ":")).encode()
    target = f"{path}?{urlencode(query)}" if query else path
    return HttpRequest(method, host, target, headers, content)


Encoded = tuple[str, str, dict[str, str], dict[str, Any] | None]


def _encoded(request: Request) -> Encoded:
    match request:
        case CreateKey():
            return "POST", f"{key_path(request.name)}create", {}, _create_body(request)
        case ImportKey():
            return "PUT", key_path(request.name)[:-1], {}, _import_body(request)
        case UpdateKey():
            return "PATCH", key_path(request.name, request.version), {}, _update_body(request)
        case Sign() | Verify() | Encrypt() | Decrypt():
            action = type(request).__name__.lower()
            path = key_path(request.name, request.version, action)
            return "POST", path, {}, _cryptographic_body(request)
        case Malformed() | Unmodelled():
            raise TypeError(f"{type(request).__name__} has no REST form")
        case _:
            return (*_encoded_plain(request), None)


def _encoded_plain(request: Request) -> tuple[str, str, dict[str, str]]:
    match request:
        case GetKey(name, version):
            return "GET", key_path(name, version), {}
        case ListKeys():
            return "GET", "/keys", _page_query(request.maxresults, request.continuation)
        case ListKeyVersions(name):
            query = _page_query(request.maxresults, request.continuation)
            return "GET", f"{key_path(name)}versions", query
        case ListDeletedKeys():
            return "GET", "/deletedkeys", _page_query(request.maxresults, request.continuation)
        case DeleteKey(name):
            return "DELETE", key_path(name)[:-1], {}
        case GetDeletedKey(name):
            return "GET", f"/deletedkeys/{quote(name, safe='')}", {}
        case PurgeDeletedKey(name):
            return "DELETE", f"/deletedkeys/{quote(name, safe='')}", {}
        case RecoverDeletedKey(name):
            return "POST", f"/deletedkeys/{quote(name, safe='')}/recover", {}
        case _:
            raise TypeError(f"{type(request).__name__} has no REST form")


def _page_query(maxresults: int | None, continuation: str | None) -> dict[str, str]:
    query: dict[str, str] = {}
    if maxresults is not None:
        query["maxresults"] = str(maxresults)
    if continuation is not None:
        query["$skiptoken"] = continuation
    return query


def _without_nones(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _attributes_body(asked: RequestedAttributes) -> dict[str, Any] | None:
    body = _without_nones(
        {
            "enabled": asked.enabled,
            "nbf": asked.not_before,
            "exp": asked.expires,
            "exportable": asked.exportable,
        }
    )
    return body or None


def _policy_body(policy: ReleasePolicy | None) -> dict[str, Any] | None:
    if policy is None:
        return None
    return _without_nones(
        {
            "data": encoded(policy.data),
            "contentType": policy.content_type,
            "immutable": policy.immutable,
        }
    )


def _described(request: CreateKey | ImportKey | UpdateKey) -> dict[str, Any]:
    return {
        "attributes": _attributes_body(request.attributes),
        "tags": None if request.tags is None else dict(request.tags),
        "release_policy": _policy_body(request.release_policy),
    }


def _list_or_none(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def _create_body(request: CreateKey) -> dict[str, Any]:
    return _without_nones(
        {
            "kty": request.kty,
            "key_size": request.key_size,
            "crv": request.crv,
            "public_exponent": request.public_exponent,
            "key_ops": _list_or_none(request.key_ops),
            **_described(request),
        }
    )


def _import_body(request: ImportKey) -> dict[str, Any]:
    key = request.key
    jwk: dict[str, Any] = {
        "kty": key.kty,
        "crv": key.crv,
        "key_ops": _list_or_none(key.key_ops),
    }
    for name in _BINARY_JWK:
        value: bytes | None = getattr(key, name)
        jwk[name] = None if value is None else encoded(value)
    return _without_nones({"key": _without_nones(jwk), **_described(request)})


def _update_body(request: UpdateKey) -> dict[str, Any]:
    return _without_nones({"key_ops": _list_or_none(request.key_ops), **_described(request)})


def _cryptographic_body(request: Sign | Verify | Encrypt | Decrypt) -> dict[str, Any]:
    body: dict[str, Any] = {"alg": request.algorithm}
    values: dict[str, bytes | None]
    match request:
        case Sign():
            values = {"value": request.digest}
        case Verify():
            values = {"digest": request.digest, "value": request.signature}
        case Encrypt():
            values = {"value": request.plaintext, "iv": request.iv, "aad": request.aad}
        case Decrypt():
            values = {
                "value": request.ciphertext,
                "iv": request.iv,
                "aad": request.aad,
                "tag": request.tag,
            }
    body.update({name: encoded(v) for name, v in values.items() if v is not None})
    return body


# --- the server's half ----------------------------------------------------------------------------


def decode_request(message: HttpRequest) -> Request:
    """The request that an HTTP request asks for.

    Malformed where the body has not the operation's schema; Unmodelled where the operation is not
    in the specification yet, or the recording kept no body.
    """
    found = route(message.method, message.path)
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
    try:
        maxresults = None if asked is None else int(asked)
    except ValueError:
        raise SchemaError("query member maxresults is not an integer") from None
    return maxresults, query.get("$skiptoken")


def _decoded_body(message: HttpRequest, found: Route) -> Request:
    if not message.body_recorded:
        return Unmodelled(f"{found.operation} without its body", Reach.NAME, found.name)
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
    binaries = {name: binary(sent, name, tolerant=True) for name in _BINARY_JWK}
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


_BODIES: Final[dict[str, Callable[[Route, dict[str, Any]], Request]]] = {
    "CreateKey": _create,
    "ImportKey": _import,
    "UpdateKey": _update,
    "Sign": _sign,
    "Verify": _verify,
    "Encrypt": _encrypt,
    "Decrypt": _decrypt,
}
