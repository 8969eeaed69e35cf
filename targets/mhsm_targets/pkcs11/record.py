"""A key as the bytes of one data object: a mark, a checksum, and JSON.

The checksum is what tells a record from one that was cut off half-way: a token need not write an
object in one piece. The serial number tells which of two records of a name is the newer.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from mhsm_model.jwk import EcPublic, PublicKey, RsaPublic
from mhsm_model.release_policy import ReleasePolicy
from mhsm_model.tables.key_types import Family, KeyKind
from mhsm_targets.pkcs11.stored import Material, StoredKey, StoredVersion

__all__ = ["CutRecordError", "Record", "RecordError", "read_record", "record_bytes"]

_MARK: Final = b"MHSM-KEY-1\n"
_ANY_MARK: Final = b"MHSM-KEY-"
_DIGEST_BYTES: Final = 32


class RecordError(ValueError):
    """The bytes are no record that can be read here."""


class CutRecordError(RecordError):
    """The bytes are no whole record: its writing was broken off."""


@dataclass(frozen=True, slots=True)
class Record:
    """A key and the serial number of its record; a higher number is newer."""

    key: StoredKey
    serial: int


def record_bytes(record: Record) -> bytes:
    """The record as the value of a data object."""
    document = {"key": _key_document(record.key), "serial": record.serial}
    body = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
    return _MARK + hashlib.sha256(body).digest() + body


def read_record(value: bytes) -> Record:
    """The record in a data object's value.

    Raises CutRecordError where it is not whole, RecordError where it is of another version.
    """
    if not value.startswith(_MARK):
        if value.startswith(_ANY_MARK) and len(value) > len(_MARK):
            raise RecordError("the record is of another version of this program")
        raise CutRecordError("the value has not the mark of a record")
    rest = value[len(_MARK) :]
    digest, body = rest[:_DIGEST_BYTES], rest[_DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        raise CutRecordError("the checksum of the record is wrong")
    try:
        document = json.loads(body)
        return Record(_key_of(document["key"]), int(document["serial"]))
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"the record cannot be read: {error}") from None


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _bytes(value: str) -> bytes:
    return base64.b64decode(value, validate=True)


def _key_document(key: StoredKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "deleted": key.deleted,
        "versions": [_version_document(version) for version in key.versions],
    }


def _version_document(version: StoredVersion) -> dict[str, Any]:
    policy = version.release_policy
    return {
        "version": version.version,
        "material": _material_document(version.material),
        "key_ops": version.key_ops,
        "created": version.created,
        "updated": version.updated,
        "enabled": version.enabled,
        "nbf": version.not_before,
        "exp": version.expires,
        "exportable": version.exportable,
        "tags": dict(version.tags),
        "policy": None
        if policy is None
        else [_text(policy.data), policy.content_type, policy.immutable],
    }


def _material_document(material: Material) -> dict[str, Any]:
    public: list[str | None] | None
    match material.public:
        case RsaPublic(n, e):
            public = [_text(n), _text(e)]
        case EcPublic(_, x, y):
            public = [_text(x), _text(y)]
        case None:
            public = None
    return {
        "family": material.kind.family.value,
        "bits": material.kind.bits,
        "curve": material.kind.curve,
        "id": _text(material.object_id),
        "public": public,
        "wrapped": _text(material.wrapped),
    }


def _key_of(document: Any) -> StoredKey:
    versions = tuple(_version_of(version) for version in document["versions"])
    if not versions:
        raise RecordError("the record has no version")
    return StoredKey(document["name"], versions, document["deleted"])


def _version_of(document: Any) -> StoredVersion:
    policy, operations = document["policy"], document["key_ops"]
    return StoredVersion(
        version=document["version"],
        material=_material_of(document["material"]),
        key_ops=None if operations is None else tuple(operations),
        created=document["created"],
        updated=document["updated"],
        enabled=document["enabled"],
        not_before=document["nbf"],
        expires=document["exp"],
        exportable=document["exportable"],
        tags=document["tags"],
        release_policy=None
        if policy is None
        else ReleasePolicy(_bytes(policy[0]), policy[1], policy[2]),
    )


def _material_of(document: Any) -> Material:
    kind = KeyKind(Family(document["family"]), document["bits"], document["curve"])
    shown = document["public"]
    public: PublicKey | None = None
    if shown is not None:
        one, other = _bytes(shown[0]), _bytes(shown[1])
        public = RsaPublic(one, other) if kind.curve is None else EcPublic(kind.curve, one, other)
    return Material(kind, _bytes(document["id"]), public, _bytes(document["wrapped"]))
