"""Replies as HTTP: the client's half reads them into meaning, and never guesses.

A success that has not the schema's form is Unreadable, with the member that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from mhsm_model.exchange import (
    Attributes,
    BackupKey,
    CreateKey,
    Decrypt,
    DeletedKeyBundle,
    DeletedKeyItem,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    GetRandomBytes,
    ImportKey,
    KeyBackup,
    KeyBundle,
    KeyItem,
    KeyPage,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    NoContent,
    OperationResult,
    PurgeDeletedKey,
    RandomBytes,
    RecoverDeletedKey,
    Refused,
    ReleasePolicy,
    Reply,
    Request,
    RestoreKey,
    Sign,
    Unauthenticated,
    Unreadable,
    UnwrapKey,
    UpdateKey,
    Verification,
    Verify,
    WrapKey,
)
from mhsm_model.identifiers import KeyIdentifier, parse_key_identifier
from mhsm_model.jwk import PRIVATE_MEMBERS, EcPublic, PublicKey, RsaPublic
from mhsm_model.wire.challenge import parse_challenge
from mhsm_model.wire.http import NO_DOCUMENT, HttpResponse, JsonDocument
from mhsm_model.wire.members import (
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

__all__ = ["ACTIVITY", "decode_reply", "error_of", "without_activity"]

ACTIVITY: Final = re.compile(r" \(Activity ID: ([0-9a-fA-F-]{36})\)$")
_EXPECTED_STATUS: Final[dict[type[Any], int]] = {PurgeDeletedKey: 204}


def without_activity(message: str) -> str:
    """An error message without the activity id that ends it."""
    return ACTIVITY.sub("", message)


def decode_reply(request: Request, response: HttpResponse, document: JsonDocument) -> Reply:
    """The reply in a response to `request`; `document` is the response's body as JSON."""
    if response.status == 401:
        return _challenged(response)
    if response.status >= 400:
        return _refused(response, document)
    expected = _EXPECTED_STATUS.get(type(request), 200)
    if response.status != expected:
        return Unreadable(response.status, f"status {response.status} instead of {expected}")
    if isinstance(request, PurgeDeletedKey):
        return NoContent()
    reader = _READERS.get(type(request))
    if reader is None:
        return NoContent()
    try:
        if document is NO_DOCUMENT:
            raise SchemaError("the body is not JSON")
        return reader(members(document, "the body"))
    except SchemaError as error:
        return Unreadable(response.status, str(error))


def _challenged(response: HttpResponse) -> Reply:
    challenge = parse_challenge(response.headers.get("www-authenticate", ""))
    return Unauthenticated(challenge.authority, challenge.resource)


def error_of(document: JsonDocument) -> dict[str, Any] | None:
    """The object that a body has as its member error, or None where it has none."""
    if not isinstance(document, dict):
        return None
    error = cast("dict[str, Any]", document).get("error")
    return cast("dict[str, Any]", error) if isinstance(error, dict) else None


def _refused(response: HttpResponse, document: JsonDocument) -> Reply:
    told = error_of(document)
    if told is None:
        return Refused(response.status, None, None)
    code, message = told.get("code"), told.get("message")
    return Refused(
        response.status,
        code if isinstance(code, str) else None,
        without_activity(message) if isinstance(message, str) else None,
    )


def _kid(document: dict[str, Any]) -> KeyIdentifier:
    value = required(text(document, "kid"), "kid")
    parsed = parse_key_identifier(value)
    if parsed is None:
        raise SchemaError(f"member kid is no key identifier: {value}")
    return parsed


def _public(jwk: dict[str, Any]) -> PublicKey | None:
    n, e = binary(jwk, "n"), binary(jwk, "e")
    if n and e:
        return RsaPublic(n, e)
    curve, x, y = text(jwk, "crv"), binary(jwk, "x"), binary(jwk, "y")
    if curve is not None and x is not None:
        return EcPublic(curve, x, y or b"")
    return None


def _attributes(document: dict[str, Any]) -> Attributes:
    shown = members(required(document.get("attributes"), "attributes"), "member attributes")
    return Attributes(
        enabled=boolean(shown, "enabled"),
        created=integer(shown, "created"),
        updated=integer(shown, "updated"),
        recovery_level=text(shown, "recoveryLevel"),
        recoverable_days=integer(shown, "recoverableDays"),
        not_before=integer(shown, "nbf"),
        expires=integer(shown, "exp"),
        exportable=boolean(shown, "exportable"),
        hsm_platform=text(shown, "hsmPlatform"),
        key_size=integer(shown, "key_size"),
    )


def _policy(document: dict[str, Any]) -> ReleasePolicy | None:
    if document.get("release_policy") is None:
        return None
    shown = members(document["release_policy"], "member release_policy")
    data = required(binary(shown, "data"), "release_policy.data")
    return ReleasePolicy(data, text(shown, "contentType"), boolean(shown, "immutable"))


def _bundle(document: dict[str, Any]) -> KeyBundle:
    jwk = members(required(document.get("key"), "key"), "member key")
    return KeyBundle(
        kid=_kid(jwk),
        kty=required(text(jwk, "kty"), "kty"),
        public=_public(jwk),
        key_ops=text_list(jwk, "key_ops"),
        attributes=_attributes(document),
        tags=mapping(document, "tags"),
        release_policy=_policy(document),
        private_members=tuple(name for name in PRIVATE_MEMBERS if jwk.get(name) is not None),
    )


def _deleted_bundle(document: dict[str, Any]) -> DeletedKeyBundle:
    return DeletedKeyBundle(
        bundle=_bundle(document),
        recovery_id=text(document, "recoveryId"),
        deleted_date=integer(document, "deletedDate"),
        scheduled_purge_date=integer(document, "scheduledPurgeDate"),
    )


def _item(document: dict[str, Any]) -> KeyItem:
    return KeyItem(_kid(document), _attributes(document), mapping(document, "tags"))


def _deleted_item(document: dict[str, Any]) -> DeletedKeyItem:
    return DeletedKeyItem(
        item=_item(document),
        recovery_id=text(document, "recoveryId"),
        deleted_date=integer(document, "deletedDate"),
        scheduled_purge_date=integer(document, "scheduledPurgeDate"),
    )


def _page(
    read: Callable[[dict[str, Any]], KeyItem | DeletedKeyItem], body: dict[str, Any]
) -> KeyPage:
    value = required(body.get("value"), "value")
    if not isinstance(value, list):
        raise SchemaError("member value is not a list")
    items = cast("Sequence[Any]", value)
    shown = tuple(read(members(item, "an item of value")) for item in items)
    return KeyPage(shown, text(body, "nextLink"))


def _key_page(body: dict[str, Any]) -> KeyPage:
    return _page(_item, body)


def _deleted_page(body: dict[str, Any]) -> KeyPage:
    return _page(_deleted_item, body)


def _result(body: dict[str, Any]) -> OperationResult:
    return OperationResult(
        kid=_kid(body),
        algorithm=text(body, "alg"),
        value=required(binary(body, "value"), "value"),
        iv=binary(body, "iv"),
        tag=binary(body, "tag"),
        aad=binary(body, "aad"),
    )


def _verification(body: dict[str, Any]) -> Verification:
    valid = required(boolean(body, "value"), "value")
    kid = _kid(body) if body.get("kid") is not None else None
    return Verification(valid, kid, text(body, "alg"))


def _backup(body: dict[str, Any]) -> KeyBackup:
    return KeyBackup(required(binary(body, "value"), "value"))


def _random(body: dict[str, Any]) -> RandomBytes:
    return RandomBytes(required(binary(body, "value"), "value"))


_READERS: Final[dict[type[Any], Callable[[dict[str, Any]], Reply]]] = {
    CreateKey: _bundle,
    ImportKey: _bundle,
    GetKey: _bundle,
    UpdateKey: _bundle,
    RecoverDeletedKey: _bundle,
    DeleteKey: _deleted_bundle,
    GetDeletedKey: _deleted_bundle,
    ListKeys: _key_page,
    ListKeyVersions: _key_page,
    ListDeletedKeys: _deleted_page,
    Sign: _result,
    Encrypt: _result,
    Decrypt: _result,
    Verify: _verification,
    WrapKey: _result,
    UnwrapKey: _result,
    BackupKey: _backup,
    RestoreKey: _bundle,
    GetRandomBytes: _random,
}
