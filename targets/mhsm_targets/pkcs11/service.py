"""The service of one instance: an HTTP request in, an HTTP response out."""

from __future__ import annotations

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
    RandomBytes,
    RecoverDeletedKey,
    Refused,
    Reply,
    Request,
    RestoreKey,
    Sign,
    Unauthenticated,
    Unmodelled,
    UnwrapKey,
    UpdateKey,
    Verify,
    WrapKey,
)
from mhsm_model.tables.clouds import PUBLIC
from mhsm_model.tables.errors import bad_parameter, no_operation
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.request_decoding import decode_request
from mhsm_model.wire.response_codec import ServerMarks, encode_reply
from mhsm_targets.pkcs11.backups import back_up_key, restore_key
from mhsm_targets.pkcs11.births import create_key, import_key
from mhsm_targets.pkcs11.deletions import (
    delete_key,
    purge_deleted_key,
    read_deleted_key,
    recover_deleted_key,
)
from mhsm_targets.pkcs11.instance import Instance
from mhsm_targets.pkcs11.lists import list_deleted_keys, list_key_versions, list_keys
from mhsm_targets.pkcs11.reading import read_key, update_key
from mhsm_targets.pkcs11.refusals import RefusedError, bad_value, refused
from mhsm_targets.pkcs11.uses import decipher, encipher, sign, verify
from mhsm_targets.request_ids import drawn_request_id

__all__ = ["BEARER_TOKEN", "answer"]

BEARER_TOKEN: Final = "pkcs11-token"
"""The token that every instance takes: who may call is no matter of the PKCS#11 token."""

_BUILD: Final = "1.0.20241105-1-00000000-pkcs11"
_MOST_RANDOM_BYTES: Final = 128
_LISTS: Final = (ListKeys, ListKeyVersions, ListDeletedKeys)


def random_bytes(instance: Instance, request: GetRandomBytes) -> RandomBytes:
    """Random bytes from the token's generator; raises RefusedError."""
    if not 1 <= request.count <= _MOST_RANDOM_BYTES:
        text = "GetRandomBytesRequest: count cannot be greater than 128 or less than 1"
        raise refused(bad_parameter(text))
    return RandomBytes(instance.token.random(request.count))


_ANSWERS: Final[dict[type[Any], Callable[[Instance, Any], Reply]]] = {
    CreateKey: create_key,
    ImportKey: import_key,
    GetKey: read_key,
    UpdateKey: update_key,
    ListKeys: list_keys,
    ListKeyVersions: list_key_versions,
    ListDeletedKeys: list_deleted_keys,
    DeleteKey: delete_key,
    GetDeletedKey: read_deleted_key,
    RecoverDeletedKey: recover_deleted_key,
    PurgeDeletedKey: purge_deleted_key,
    Sign: sign,
    Verify: verify,
    Encrypt: encipher,
    Decrypt: decipher,
    WrapKey: encipher,
    UnwrapKey: decipher,
    BackupKey: back_up_key,
    RestoreKey: restore_key,
    GetRandomBytes: random_bytes,
}


def answer(instance: Instance, message: HttpRequest) -> HttpResponse:
    """The response to a request, at the instance's clock.

    Raises PKCS11Error and KeyError where the token fails or has lost what it should hold.
    """
    marks = ServerMarks(request_id=drawn_request_id(), build=_BUILD)
    return encode_reply(message.method, _reply(instance, message), marks)


def _reply(instance: Instance, message: HttpRequest) -> Reply:
    if message.headers.get("authorization") != f"Bearer {BEARER_TOKEN}":
        return Unauthenticated(str(instance.configuration.authority), PUBLIC.resource)
    request = decode_request(message)
    try:
        _check_api_version(instance, message, request)
        match request:
            case Malformed(problem=problem):
                return bad_value(problem).reply
            case NoOperation():
                return no_operation(request)
            case Unmodelled(operation=operation):
                return Refused(400, "NotSupported", f"{operation} is not supported")
            case _:
                return _ANSWERS[type(request)](instance, request)
    except RefusedError as error:
        return error.reply


def _check_api_version(instance: Instance, message: HttpRequest, request: Request) -> None:
    version = message.query.get("api-version")
    if version is None:
        if isinstance(request, _LISTS) and request.continuation is not None:
            return
        raise bad_value("api-version must be specified")
    if version not in instance.configuration.api_versions:
        raise bad_value("The api-version is not supported")
