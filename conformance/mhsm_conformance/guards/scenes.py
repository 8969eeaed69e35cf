"""Scenes: for every operation, what makes a request of it lawful, and such a request.

A scene is built anew for each use; its key is always called `subject`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mhsm_conformance.session import InconclusiveError, InstanceSession
from mhsm_conformance.steps import summary
from mhsm_conformance.vectors.sample_keys import sample_key
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
    KeyBackup,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    ReleasePolicy,
    Request,
    RestoreKey,
    Sign,
    UnwrapKey,
    UpdateKey,
    Verify,
    WrapKey,
)

__all__ = [
    "DIGEST",
    "EC",
    "IV",
    "OCT",
    "POLICY",
    "PRIVILEGES",
    "RSA",
    "SUBJECT",
    "backed_up",
    "request_in_scene",
]

SUBJECT: Final = "subject"
DIGEST: Final = bytes(range(32))
IV: Final = bytes(range(16))
EC: Final = CreateKey(SUBJECT, "EC")
PRIVILEGES: Final = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")
OCT: Final = CreateKey(SUBJECT, "oct", key_size=256, key_ops=PRIVILEGES)
RSA: Final = CreateKey(SUBJECT, "RSA")
POLICY: Final = ReleasePolicy(
    b'{"version":"1.0","anyOf":[{"authority":"https://attest.example",'
    b'"allOf":[{"claim":"sdk-test","equals":"true"}]}]}'
)
"""A policy in a spelling that the service does not keep: it answers version 1.0.0, with a slash."""

Building = Callable[[InstanceSession], Request]


def backed_up(hsm: InstanceSession, name: str = SUBJECT) -> bytes:
    """The blob of a key's backup; raises InconclusiveError where it is refused."""
    reply = hsm.send(BackupKey(name))
    if not isinstance(reply, KeyBackup):
        raise InconclusiveError(f"no backup was made: {summary(reply)}")
    return reply.blob


def _sent(*prepare: Request, request: Request) -> Building:
    def built(hsm: InstanceSession) -> Request:
        for needed in prepare:
            hsm.send(needed)
        return request

    return built


def _restored(hsm: InstanceSession) -> Request:
    hsm.send(EC)
    blob = backed_up(hsm)
    hsm.send(DeleteKey(SUBJECT))
    hsm.send(PurgeDeletedKey(SUBJECT))
    return RestoreKey(blob)


def _verified(hsm: InstanceSession) -> Request:
    hsm.send(EC)
    made = hsm.result(Sign(SUBJECT, None, "ES256", DIGEST))
    return Verify(SUBJECT, None, "ES256", DIGEST, made.value)


def _decrypted(hsm: InstanceSession) -> Request:
    hsm.send(OCT)
    made = hsm.result(Encrypt(SUBJECT, None, "A256CBCPAD", b"plaintext", IV))
    return Decrypt(SUBJECT, None, "A256CBCPAD", made.value, IV)


def _unwrapped(hsm: InstanceSession) -> Request:
    hsm.send(OCT)
    made = hsm.result(WrapKey(SUBJECT, None, "A256KW", bytes(32)))
    return UnwrapKey(SUBJECT, None, "A256KW", made.value)


_DELETED: Final = (EC, DeleteKey(SUBJECT))
_SCENES: Final[dict[type[Any], Building]] = {
    CreateKey: _sent(request=EC),
    ImportKey: _sent(request=ImportKey(SUBJECT, sample_key("EC P-256"))),
    GetKey: _sent(EC, request=GetKey(SUBJECT)),
    UpdateKey: _sent(EC, request=UpdateKey(SUBJECT, tags={"a": "b"})),
    ListKeys: _sent(EC, request=ListKeys(5)),
    ListKeyVersions: _sent(EC, request=ListKeyVersions(SUBJECT, 5)),
    ListDeletedKeys: _sent(*_DELETED, request=ListDeletedKeys(5)),
    DeleteKey: _sent(EC, request=DeleteKey(SUBJECT)),
    GetDeletedKey: _sent(*_DELETED, request=GetDeletedKey(SUBJECT)),
    RecoverDeletedKey: _sent(*_DELETED, request=RecoverDeletedKey(SUBJECT)),
    PurgeDeletedKey: _sent(*_DELETED, request=PurgeDeletedKey(SUBJECT)),
    BackupKey: _sent(EC, request=BackupKey(SUBJECT)),
    RestoreKey: _restored,
    Sign: _sent(EC, request=Sign(SUBJECT, None, "ES256", DIGEST)),
    Verify: _verified,
    Encrypt: _sent(OCT, request=Encrypt(SUBJECT, None, "A256CBCPAD", b"plaintext", IV)),
    Decrypt: _decrypted,
    WrapKey: _sent(OCT, request=WrapKey(SUBJECT, None, "A256KW", bytes(32))),
    UnwrapKey: _unwrapped,
    GetRandomBytes: _sent(request=GetRandomBytes(16)),
}


def request_in_scene(hsm: InstanceSession, kind: type[Request]) -> Any:
    """Build the scene of an operation and return a lawful request of it, of that kind.

    Raises KeyError for an operation without a scene.
    """
    return _SCENES[kind](hsm)
