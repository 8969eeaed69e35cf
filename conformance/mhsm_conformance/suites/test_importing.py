"""Import: material from outside, and what of it is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from mhsm_conformance.session import InstanceSession
from mhsm_conformance.vectors.sample_keys import SAMPLE_KINDS, sample_key
from mhsm_model.exchange import (
    CreateKey,
    DeleteKey,
    GetDeletedKey,
    GetKey,
    ImportKey,
    ListKeys,
    RequestedAttributes,
    Sign,
    UpdateKey,
)

HSM_TYPES: Final = {"RSA": "RSA-HSM", "EC": "EC-HSM", "oct": "oct-HSM"}


@pytest.mark.exercises("IMP-206", "KEY-020", "KEY-009", "ERR-201")
@pytest.mark.parametrize("promoted", [False, True])
@pytest.mark.parametrize("kind", SAMPLE_KINDS)
def test_import(hsm: InstanceSession, kind: str, promoted: bool) -> None:
    """Every kind of key is imported under either name of its type."""
    key = sample_key(kind)
    kty = HSM_TYPES[key.kty or ""] if promoted else key.kty
    name = hsm.fresh_name()
    hsm.send(ImportKey(name, replace(key, kty=kty)))
    hsm.send(GetKey(name))


@pytest.mark.exercises("IMP-003", "KEY-022", "KEY-210")
def test_leading_zeros(hsm: InstanceSession) -> None:
    """The leading zero bytes of an imported modulus are not shown."""
    key = sample_key("RSA 2048", 1)
    name = hsm.fresh_name()
    hsm.send(ImportKey(name, replace(key, n=b"\0" + (key.n or b""))))
    hsm.send(GetKey(name))


@pytest.mark.exercises("IMP-003", "KEY-023")
@pytest.mark.parametrize("curve", ["P-256", "P-256K", "P-384", "P-521"])
def test_ec_point(hsm: InstanceSession, curve: str) -> None:
    """The point of an imported EC key is shown."""
    hsm.send(ImportKey(hsm.fresh_name(), sample_key(f"EC {curve}", 1)))


@pytest.mark.exercises("KEY-203", "ATTR-001", "ATTR-206")
def test_attributes(hsm: InstanceSession) -> None:
    """An imported key has the operations, attributes and tags of the request."""
    key = replace(sample_key("EC P-256"), key_ops=("sign",))
    asked = RequestedAttributes(enabled=False, expires=2_500_000_000)
    name = hsm.fresh_name()
    hsm.send(ImportKey(name, key, asked, {"from": "outside"}))
    hsm.send(GetKey(name))


@pytest.mark.exercises("KEY-028")
@pytest.mark.parametrize("kind", ["RSA 2048", "EC P-256", "oct 256"])
def test_default_operations(hsm: InstanceSession, kind: str) -> None:
    """An imported key whose JWK names no operations has those of its type."""
    hsm.send(ImportKey(hsm.fresh_name(), sample_key(kind)))


@pytest.mark.exercises("KEY-006", "FRAME-003")
def test_import_onto_a_key(hsm: InstanceSession) -> None:
    """An import onto an active key makes a new version."""
    name = hsm.fresh_name()
    first = hsm.created(CreateKey(name, "EC"))
    hsm.send(ImportKey(name, sample_key("EC P-256")))
    hsm.send(GetKey(name, first.kid.version))


@pytest.mark.exercises("IMP-203")
@pytest.mark.parametrize("octets", [8, 17, 64])
def test_unusual_symmetric_size(hsm: InstanceSession, octets: int) -> None:
    """What becomes of a symmetric key of no AES size is recorded."""
    hsm.send(ImportKey(hsm.fresh_name(), sample_key(f"oct {8 * octets}")))


@pytest.mark.exercises("IMP-005")
def test_contradictory_key(hsm: InstanceSession) -> None:
    """What becomes of a key whose point is not that of its scalar is recorded."""
    key, other = sample_key("EC P-256"), sample_key("EC P-256", 1)
    hsm.send(ImportKey(hsm.fresh_name(), replace(key, x=other.x, y=other.y)))


@pytest.mark.exercises("KEY-213")
@pytest.mark.parametrize("kind", ["RSA 2048", "EC P-256", "EC P-521", "oct 256"])
def test_secret_stays_inside(hsm: InstanceSession, kind: str) -> None:
    """No answer to what is done with an imported key, or refused, has its secret in it."""
    name, key = hsm.fresh_name(), sample_key(kind)
    hsm.send(ImportKey(name, replace(key, kty=None)))
    hsm.send(ImportKey(name, key, tags={"from": "outside"}))
    hsm.send(GetKey(name))
    hsm.send(GetKey(name, "0" * 32))
    hsm.send(UpdateKey(name, tags={"from": "elsewhere"}))
    hsm.send(Sign(name, None, "ES256K", bytes(32)))
    hsm.send(Sign(name, None, "PS256", bytes(1)))
    hsm.send(ListKeys())
    hsm.send(DeleteKey(name))
    hsm.send(GetDeletedKey(name))
    hsm.send(ImportKey(name, key))
