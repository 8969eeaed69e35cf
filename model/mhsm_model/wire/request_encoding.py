"""Requests as HTTP, the client's half: the message that asks for a request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from mhsm_model.base64url import encoded
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
from mhsm_model.wire.http import HttpRequest
from mhsm_model.wire.members import BINARY_JWK
from mhsm_model.wire.routes import key_path

__all__ = ["encode_request"]


def encode_request(
    request: Request, host: str, api_version: str | None, token: str | None
) -> HttpRequest:
    """The HTTP request that asks for `request`.

    `api_version` None leaves the query member out; `token` None sends no Authorization header.
    Raises TypeError for a request that has no REST form here (Malformed, NoOperation, Unmodelled).
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
        case Sign() | Verify() | Encrypt() | Decrypt() | WrapKey() | UnwrapKey():
            action = type(request).__name__.lower()
            path = key_path(request.name, request.version, action)
            return "POST", path, {}, _cryptographic_body(request)
        case RestoreKey(blob):
            return "POST", "/keys/restore", {}, {"value": encoded(blob)}
        case GetRandomBytes(count):
            return "POST", "/rng", {}, {"count": count}
        case Malformed() | NoOperation() | Unmodelled():
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
        case BackupKey(name):
            return "POST", f"{key_path(name)}backup", {}
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
    for name in BINARY_JWK:
        value: bytes | None = getattr(key, name)
        jwk[name] = None if value is None else encoded(value)
    return _without_nones({"key": _without_nones(jwk), **_described(request)})


def _update_body(request: UpdateKey) -> dict[str, Any]:
    return _without_nones({"key_ops": _list_or_none(request.key_ops), **_described(request)})


Cryptographic = Sign | Verify | Encrypt | Decrypt | WrapKey | UnwrapKey


def _cryptographic_body(request: Cryptographic) -> dict[str, Any]:
    body: dict[str, Any] = {"alg": request.algorithm}
    values: dict[str, bytes | None]
    match request:
        case Sign():
            values = {"value": request.digest}
        case Verify():
            values = {"digest": request.digest, "value": request.signature}
        case Encrypt() | WrapKey():
            values = {"value": request.plaintext, "iv": request.iv, "aad": request.aad}
        case Decrypt() | UnwrapKey():
            values = {
                "value": request.ciphertext,
                "iv": request.iv,
                "aad": request.aad,
                "tag": request.tag,
            }
    body.update({name: encoded(v) for name, v in values.items() if v is not None})
    return body
