"""Replies as HTTP: the server's half, with the headers and the member order of the service."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from mhsm_model.base64url import encoded
from mhsm_model.exchange import (
    Attributes,
    DeletedKeyBundle,
    DeletedKeyItem,
    Indeterminate,
    KeyBackup,
    KeyBundle,
    KeyItem,
    KeyPage,
    NoContent,
    OperationResult,
    RandomBytes,
    Refused,
    ReleasePolicy,
    Reply,
    Unauthenticated,
    Unreadable,
    Verification,
)
from mhsm_model.jwk import EcPublic, PublicKey, RsaPublic
from mhsm_model.wire.challenge import challenge_header
from mhsm_model.wire.http import HttpResponse

__all__ = ["FIXED_HEADERS", "ServerMarks", "encode_reply"]

FIXED_HEADERS: Final = {
    "cache-control": "no-cache",
    "content-security-policy": "default-src 'self'",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
}
"""Headers that every response has with the same value. Source: recorded responses."""

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), sort_keys=True)
CONTENT_TYPE: Final = "application/json; charset=utf-8"


class ServerMarks(NamedTuple):
    """What a server adds of its own: request id (UUID), latency in milliseconds, build, region."""

    request_id: str
    latency: int = 0
    build: str = "1.0.20241105-1-00000000-emulator"
    region: str = "local"
    network: str = "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=Ipv4;"


def encode_reply(method: str, reply: Reply, marks: ServerMarks) -> HttpResponse:
    """The HTTP response that carries a reply to a request made with `method`.

    Raises TypeError for what no server sends (Indeterminate, Unreadable).
    """
    headers = {
        "content-type": CONTENT_TYPE,
        "x-ms-request-id": marks.request_id,
        "x-ms-server-latency": str(marks.latency),
        **FIXED_HEADERS,
    }
    if method == "GET":
        headers["x-ms-build-version"] = marks.build
    match reply:
        case Unauthenticated(authority, resource):
            headers["www-authenticate"] = challenge_header(authority or "", resource or "")
            return HttpResponse(401, headers, b"OK" if method == "GET" else b"")
        case Refused(status, code, message):
            shown = f"{message or ''} (Activity ID: {marks.request_id})"
            error = {"error": {"code": code or "UnknownError", "message": shown}}
            return HttpResponse(status, headers, _json(error))
        case Indeterminate() | Unreadable():
            raise TypeError(f"{type(reply).__name__} is nothing that a server sends")
        case _:
            headers["x-ms-keyvault-region"] = marks.region
            headers["x-ms-keyvault-network-info"] = marks.network
    if isinstance(reply, NoContent):
        return HttpResponse(204, headers)
    return HttpResponse(200, headers, _json(_document(reply)))


def _json(document: dict[str, Any]) -> bytes:
    return _ENCODER.encode(document).encode()


def _document(reply: Reply) -> dict[str, Any]:
    match reply:
        case KeyBundle():
            return _bundle(reply)
        case DeletedKeyBundle():
            return {**_bundle(reply.bundle), **_deletion(reply)}
        case KeyPage(items, next_link):
            return _present({"value": [_item(item) for item in items], "nextLink": next_link})
        case OperationResult():
            return _result(reply)
        case Verification(valid, kid, algorithm):
            shown = None if kid is None else str(kid)
            return _present({"value": valid, "kid": shown, "alg": algorithm})
        case KeyBackup(value) | RandomBytes(value):
            return {"value": encoded(value)}
        case _:
            raise TypeError(f"{type(reply).__name__} has no body")


def _present(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}


def _attributes(shown: Attributes) -> dict[str, Any]:
    return _present(
        {
            "created": shown.created,
            "enabled": shown.enabled,
            "exp": shown.expires,
            "exportable": shown.exportable,
            "hsmPlatform": shown.hsm_platform,
            "key_size": shown.key_size,
            "nbf": shown.not_before,
            "recoverableDays": shown.recoverable_days,
            "recoveryLevel": shown.recovery_level,
            "updated": shown.updated,
        }
    )


def _public(public: PublicKey | None) -> dict[str, str]:
    match public:
        case RsaPublic(n, e):
            return {"n": encoded(n), "e": encoded(e)}
        case EcPublic(curve, x, y):
            return {"crv": curve, "x": encoded(x), "y": encoded(y)}
        case None:
            return {}


def _policy(policy: ReleasePolicy) -> dict[str, Any]:
    return _present(
        {
            "contentType": policy.content_type,
            "data": encoded(policy.data),
            "immutable": policy.immutable,
        }
    )


def _bundle(bundle: KeyBundle) -> dict[str, Any]:
    key = {
        "kid": str(bundle.kid),
        "kty": str(bundle.kty),
        "key_ops": None if bundle.key_ops is None else list(bundle.key_ops),
        **_public(bundle.public),
        # Only an emulator that is broken on purpose has any to show.
        **{name: encoded(b"not a secret") for name in bundle.private_members},
    }
    policy = bundle.release_policy
    return _present(
        {
            "attributes": _attributes(bundle.attributes),
            "key": _present(key),
            "release_policy": None if policy is None else _policy(policy),
            "tags": None if bundle.tags is None else dict(bundle.tags),
        }
    )


def _deletion(deleted: DeletedKeyBundle | DeletedKeyItem) -> dict[str, Any]:
    return _present(
        {
            "deletedDate": deleted.deleted_date,
            "recoveryId": deleted.recovery_id,
            "scheduledPurgeDate": deleted.scheduled_purge_date,
        }
    )


def _item(item: KeyItem | DeletedKeyItem) -> dict[str, Any]:
    if isinstance(item, DeletedKeyItem):
        return {**_item(item.item), **_deletion(item)}
    return _present(
        {
            "attributes": _attributes(item.attributes),
            "kid": str(item.kid),
            "tags": None if item.tags is None else dict(item.tags),
        }
    )


def _result(result: OperationResult) -> dict[str, Any]:
    values = {"value": result.value, "iv": result.iv, "tag": result.tag, "aad": result.aad}
    shown = {name: encoded(value) for name, value in values.items() if value is not None}
    return _present({"alg": result.algorithm, "kid": str(result.kid), **shown})
