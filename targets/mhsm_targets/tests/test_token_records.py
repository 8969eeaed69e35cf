"""Records: a key comes back from its bytes as it was; cut or changed bytes give nothing."""

from __future__ import annotations

import pytest

from mhsm_model.jwk import EcPublic, RsaPublic
from mhsm_model.release_policy import ReleasePolicy
from mhsm_model.tables.key_types import Family, KeyKind

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from mhsm_targets.pkcs11.record import Record, RecordError, read_record, record_bytes
from mhsm_targets.pkcs11.stored import Material, StoredKey, StoredVersion


def a_key() -> StoredKey:
    point = EcPublic("P-256", bytes(31) + b"\1", bytes(range(32)))
    kinds = (
        Material(KeyKind(Family.EC, curve="P-256"), b"\0\1", point, b"\xff\x00"),
        Material(KeyKind(Family.RSA, bits=2048), b"id", RsaPublic(b"\x80" * 256, b"\3"), b"w"),
        Material(KeyKind(Family.OCT, bits=128), b"\xff", None, bytes(24)),
    )
    plain = (StoredVersion("a" * 32, kinds[0], ("sign",), 1, 2),)
    full = StoredVersion(
        version="b" * 32,
        material=kinds[1],
        key_ops=None,
        created=5,
        updated=7,
        enabled=False,
        not_before=0,
        expires=9,
        exportable=True,
        tags={"🔑": "a\u0308", "": ""},
        release_policy=ReleasePolicy(b"{}", "application/json", True),
    )
    return StoredKey("name", (*plain, full, StoredVersion("c" * 32, kinds[2], (), 8, 8)), 11)


@pytest.mark.parametrize("serial", [0, 1, 2**40])
def test_a_record_comes_back_as_it_was(serial: int) -> None:
    record = Record(a_key(), serial)
    assert read_record(record_bytes(record)) == record


def test_a_record_that_was_cut_off_is_none() -> None:
    value = record_bytes(Record(a_key(), 1))
    for length in range(len(value)):
        with pytest.raises(RecordError):
            read_record(value[:length])


def test_a_record_with_one_bit_changed_is_none() -> None:
    value = record_bytes(Record(a_key(), 1))
    for place in range(len(value)):
        changed = value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
        with pytest.raises(RecordError):
            read_record(changed)


def test_a_key_without_a_version_is_no_record() -> None:
    with pytest.raises(RecordError, match="no version"):
        read_record(record_bytes(Record(StoredKey("name", ()), 1)))


def test_wrapped_material_never_prints() -> None:
    material = Material(KeyKind(Family.OCT, bits=128), b"id", None, b"under the domain key")
    assert "domain" not in repr(StoredVersion("a" * 32, material, (), 1, 1))
