"""Back a key up and restore it: its record as a compact JWE under keys of the security domain.

The record holds the material wrapped under the domain key, so a blob that leaves has two layers and
neither of their keys ever left a token. A256CBC-HS512 is RFC 7518 section 5.2.5, its two halves
computed in the token.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import replace
from typing import Final

from pkcs11 import Mechanism
from pkcs11.exceptions import PKCS11Error

from mhsm_model.base64url import encoded
from mhsm_model.exchange import BackupKey, KeyBackup, KeyBundle, RestoreKey
from mhsm_model.tables.errors import Refusal, seen, unseen
from mhsm_targets.pkcs11.births import check_room
from mhsm_targets.pkcs11.instance import Instance
from mhsm_targets.pkcs11.record import Record, RecordError, read_record, record_bytes
from mhsm_targets.pkcs11.refusals import refused
from mhsm_targets.pkcs11.shown import shown_version
from mhsm_targets.pkcs11.stored import StoredKey

__all__ = ["back_up_key", "restore_key"]

_HEADER: Final = b'{"alg":"dir","enc":"A256CBC-HS512","kid":"backup-protection-key"}'
"""The protected header. Source: 12 recorded backups."""

_FOREIGN: Final[Refusal] = seen(
    400,
    "MalformedBackupBlob",
    "Backup blob belongs to a different crypto domain and cannot be used with this instance.",
)
_IV_BYTES: Final = 16
_TAG_BYTES: Final = 32


def back_up_key(instance: Instance, request: BackupKey) -> KeyBackup:
    """The blob of a key with all its versions; raises RefusedError."""
    key = instance.active(request.name)
    iv = instance.token.random(_IV_BYTES)
    plaintext = record_bytes(Record(key, 0))
    encrypting = instance.domain.encrypting()
    body = instance.token.encrypted(encrypting, plaintext, Mechanism.AES_CBC_PAD, iv)
    header = _encoded(_HEADER)
    tag = _tag(instance, header, iv, body)
    return KeyBackup(b".".join((header, b"", _encoded(iv), _encoded(body), _encoded(tag))))


def restore_key(instance: Instance, request: RestoreKey) -> KeyBundle:
    """Bring a key back from a blob of this security domain; raises RefusedError."""
    archived = _archived(instance, request.blob)
    if check_room(instance, archived.name) is not None:
        message = "A key with the name of the backup exists already"
        raise refused(unseen(409, "Conflict", message))
    # What is made before one of these fails is known to no record, and swept at the next opening.
    versions = [
        replace(version, material=instance.keys.restored(version.material))
        for version in archived.versions
    ]
    instance.store.commit(StoredKey(archived.name, tuple(versions)))
    return shown_version(instance, archived.name, versions[-1])


def _archived(instance: Instance, blob: bytes) -> StoredKey:
    """The key in the blob, which must be one that this domain made, to the last bit."""
    try:
        header, key, *rest = blob.split(b".")
        iv, body, tag = (_decoded(part) for part in rest)
    except (ValueError, binascii.Error):
        raise refused(_FOREIGN) from None
    if header != _encoded(_HEADER) or key or len(iv) != _IV_BYTES or len(tag) != _TAG_BYTES:
        raise refused(_FOREIGN)
    if not hmac.compare_digest(_tag(instance, header, iv, body), tag):
        raise refused(_FOREIGN)
    encrypting = instance.domain.encrypting()
    try:
        plaintext = instance.token.decrypted(encrypting, body, Mechanism.AES_CBC_PAD, iv)
        return read_record(plaintext).key
    except (PKCS11Error, RecordError):
        raise refused(_FOREIGN) from None


def _tag(instance: Instance, header: bytes, iv: bytes, body: bytes) -> bytes:
    whole = header + iv + body + (8 * len(header)).to_bytes(8)
    key = instance.domain.authenticating()
    return instance.token.signed(key, whole, Mechanism.SHA512_HMAC)[:_TAG_BYTES]


def _encoded(part: bytes) -> bytes:
    return encoded(part).encode()


def _decoded(part: bytes) -> bytes:
    value = base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    if _encoded(value) != part:
        raise ValueError("not as base64url has it")
    return value
