"""Create: key types, sizes, defaults, and what the request asks for."""

from __future__ import annotations

from typing import Final

import pytest

from mhsm_conformance.guards.scenes import POLICY
from mhsm_conformance.session import InstanceSession
from mhsm_model.exchange import CreateKey, GetKey, ReleasePolicy, RequestedAttributes

SHAPE: Final = (
    "KEY-003",
    "KEY-004",
    "KEY-206",
    "KEY-009",
    "KEY-020",
    "KEY-224",
    "ATTR-003",
    "ATTR-004",
    "ATTR-005",
    "ATTR-006",
    "ATTR-204",
    "ATTR-205",
    "ERR-201",
    "WIRE-001",
)


@pytest.mark.exercises(*SHAPE, "KEY-022", "KEY-225", "KEY-021", "KEY-204")
@pytest.mark.parametrize("kty", ["RSA", "RSA-HSM"])
@pytest.mark.parametrize("size", [None, 2048, 3072, 4096])
def test_rsa(hsm: InstanceSession, kty: str, size: int | None) -> None:
    """An RSA key is created with the size asked for, and promoted."""
    hsm.send(CreateKey(hsm.fresh_name(), kty, key_size=size))


@pytest.mark.exercises("KEY-021")
@pytest.mark.parametrize("exponent", [3, 17, 65537])
def test_rsa_exponent(hsm: InstanceSession, exponent: int) -> None:
    """An RSA key is created with the public exponent asked for."""
    hsm.send(CreateKey(hsm.fresh_name(), "RSA", public_exponent=exponent))


@pytest.mark.exercises(*SHAPE, "KEY-023", "KEY-226", "KEY-204")
@pytest.mark.parametrize("kty", ["EC", "EC-HSM"])
@pytest.mark.parametrize("curve", [None, "P-256", "P-256K", "P-384", "P-521"])
def test_ec(hsm: InstanceSession, kty: str, curve: str | None) -> None:
    """An EC key is created on the curve asked for, and promoted."""
    hsm.send(CreateKey(hsm.fresh_name(), kty, crv=curve))


@pytest.mark.exercises(*SHAPE, "KEY-024")
@pytest.mark.parametrize("kty", ["oct", "oct-HSM"])
@pytest.mark.parametrize("size", [128, 192, 256])
def test_oct(hsm: InstanceSession, kty: str, size: int) -> None:
    """A symmetric key is created with the size asked for, and promoted."""
    hsm.send(CreateKey(hsm.fresh_name(), kty, key_size=size))


@pytest.mark.exercises("KEY-028")
@pytest.mark.parametrize("kty", ["RSA", "EC", "oct"])
@pytest.mark.parametrize("operations", [None, ()])
def test_default_operations(
    hsm: InstanceSession, kty: str, operations: tuple[str, ...] | None
) -> None:
    """A key whose request names no operations has those of its type."""
    size = 256 if kty == "oct" else None
    hsm.send(CreateKey(hsm.fresh_name(), kty, key_size=size, key_ops=operations))


@pytest.mark.exercises("KEY-203", "KEY-211")
@pytest.mark.parametrize("operations", [("sign",), ("verify", "sign")])
def test_requested_operations(hsm: InstanceSession, operations: tuple[str, ...]) -> None:
    """A key has just the operations that its request names."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "EC", key_ops=operations))
    hsm.send(GetKey(name))


@pytest.mark.exercises("ATTR-001", "ATTR-002", "ATTR-203", "ATTR-206", "ATTR-210", "ATTR-212")
@pytest.mark.parametrize(
    "asked",
    [
        RequestedAttributes(),
        RequestedAttributes(enabled=False),
        RequestedAttributes(enabled=True, not_before=1_500_000_000),
        RequestedAttributes(expires=2_500_000_000, exportable=False),
        RequestedAttributes(not_before=1_500_000_000, expires=2_500_000_000),
    ],
)
@pytest.mark.parametrize("tags", [None, {}, {"Purpose": "test", "team": "ä"}])
def test_attributes(
    hsm: InstanceSession, asked: RequestedAttributes, tags: dict[str, str] | None
) -> None:
    """A key has the attributes and tags that its request gives, and defaults for the rest."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "EC", attributes=asked, tags=tags))
    hsm.send(GetKey(name))


@pytest.mark.exercises("SKR-203", "SKR-210", "ATTR-203")
@pytest.mark.parametrize("kty", ["RSA", "EC", "oct"])
def test_exportable(hsm: InstanceSession, kty: str) -> None:
    """An exportable key keeps its release policy."""
    name = hsm.fresh_name()
    asked = RequestedAttributes(exportable=True)
    hsm.send(
        CreateKey(
            name,
            kty,
            key_size=256 if kty == "oct" else None,
            attributes=asked,
            release_policy=POLICY,
        )
    )
    hsm.send(GetKey(name))


@pytest.mark.exercises("SKR-203", "SKR-210")
@pytest.mark.parametrize("immutable", [None, False, True])
def test_policy_for_good(hsm: InstanceSession, immutable: bool | None) -> None:
    """A release policy is immutable where its request says so, also when it is read back."""
    name = hsm.fresh_name()
    policy = ReleasePolicy(POLICY.data, immutable=immutable)
    asked = RequestedAttributes(exportable=True)
    hsm.send(CreateKey(name, "EC", attributes=asked, release_policy=policy))
    hsm.send(GetKey(name))


@pytest.mark.exercises("KEY-204", "KEY-215")
@pytest.mark.parametrize("kty", ["RSA", "EC"])
def test_material_is_new(hsm: InstanceSession, other_hsm: InstanceSession, kty: str) -> None:
    """No two versions, names or instances have the same material, or the same identifier."""
    for instance in (hsm, other_hsm):
        for name in ("one-name", "one-name", "another-name"):
            instance.send(CreateKey(name, kty))


@pytest.mark.exercises("KEY-006", "KEY-204", "KEY-212", "FRAME-003", "ATTR-206")
def test_new_version(hsm: InstanceSession) -> None:
    """A second create makes a new version, and the first stays as it was."""
    name = hsm.fresh_name()
    first = hsm.created(CreateKey(name, "EC", tags={"n": "1"}))
    hsm.send(CreateKey(name, "EC", crv="P-384", tags={"n": "2"}))
    hsm.send(CreateKey(name, "RSA"))
    hsm.send(GetKey(name, first.kid.version))
    hsm.send(GetKey(name))


@pytest.mark.exercises("KEY-222")
@pytest.mark.parametrize("exponent", [5, 1, 2])
def test_unusual_exponent(hsm: InstanceSession, exponent: int) -> None:
    """What becomes of an unusual public exponent is recorded."""
    hsm.send(CreateKey(hsm.fresh_name(), "RSA", public_exponent=exponent))


@pytest.mark.exercises("KEY-223")
def test_oct_without_size(hsm: InstanceSession) -> None:
    """What becomes of a symmetric key without a size is recorded."""
    hsm.send(CreateKey(hsm.fresh_name(), "oct"))


@pytest.mark.exercises("KEY-031")
def test_operations_of_another_type(hsm: InstanceSession) -> None:
    """What becomes of an EC key that is to encrypt is recorded."""
    hsm.send(CreateKey(hsm.fresh_name(), "EC", key_ops=("encrypt", "sign")))


@pytest.mark.exercises("KEY-030")
def test_import_beside_others(hsm: InstanceSession) -> None:
    """What becomes of key_ops with import beside another is recorded."""
    hsm.send(CreateKey(hsm.fresh_name(), "RSA", key_ops=("import", "sign")))


@pytest.mark.exercises("ATTR-011")
def test_expiry_before_start(hsm: InstanceSession) -> None:
    """What becomes of an exp before nbf is recorded."""
    asked = RequestedAttributes(not_before=2_500_000_000, expires=2_400_000_000)
    hsm.send(CreateKey(hsm.fresh_name(), "EC", attributes=asked))
