"""Sign and verify: every algorithm on every key that it suits."""

from __future__ import annotations

import hashlib
from typing import Final

import pytest

from mhsm_conformance.session import InstanceSession
from mhsm_conformance.vectors.altering import flipped
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.exchange import CreateKey, ImportKey, RequestedAttributes, Sign, UpdateKey, Verify

RSA: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
EC: Final = {"ES256": "P-256", "ES256K": "P-256K", "ES384": "P-384", "ES512": "P-521"}
DIGESTS: Final = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
SHOWN: Final = ("ALG-012", "ALG-211", "ALG-212", "ALG-213", "ALG-010", "API-004", "ERR-201")
SINCE_HMAC: Final = "2026-04-01"


def digest(algorithm: str, text: bytes = b"the text") -> bytes:
    """The digest of a text for a signature algorithm."""
    return DIGESTS[algorithm[2:5]](text).digest()


def try_signature(hsm: InstanceSession, name: str, version: str | None, algorithm: str) -> None:
    """Sign twice; verify the signature, one of another digest, and altered ones."""
    one, other = digest(algorithm), digest(algorithm, b"another text")
    made = hsm.result(Sign(name, version, algorithm, one))
    hsm.send(Sign(name, version, algorithm, one))
    hsm.send(Verify(name, version, algorithm, one, made.value))
    hsm.send(Verify(name, version, algorithm, other, made.value))
    for place in (0, len(made.value) // 2, len(made.value) - 1):
        hsm.send(Verify(name, version, algorithm, one, flipped(made.value, place)))


@pytest.mark.exercises(*SHOWN, "ALG-005", "ALG-006")
@pytest.mark.parametrize("size", [2048, 3072, 4096])
def test_rsa(hsm: InstanceSession, size: int) -> None:
    """RSA signatures verify, and altered ones do not."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "RSA", key_size=size))
    for algorithm in RSA:
        try_signature(hsm, name, None, algorithm)


@pytest.mark.exercises(*SHOWN, "ALG-007")
@pytest.mark.parametrize("algorithm", EC)
def test_ec(hsm: InstanceSession, algorithm: str) -> None:
    """EC signatures verify, and altered ones do not."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "EC", crv=EC[algorithm]))
    try_signature(hsm, name, None, algorithm)


@pytest.mark.exercises(*SHOWN, "ALG-005", "ALG-006", "ALG-007")
def test_imported_keys(hsm: InstanceSession) -> None:
    """Imported keys sign what their public parts verify."""
    rsa, ec = hsm.fresh_name(), hsm.fresh_name()
    hsm.send(ImportKey(rsa, sample_key("RSA 2048")))
    for algorithm in ("RS256", "PS512"):
        try_signature(hsm, rsa, None, algorithm)
    for algorithm, curve in EC.items():
        hsm.send(ImportKey(ec, sample_key(f"EC {curve}")))
        try_signature(hsm, ec, None, algorithm)


@pytest.mark.exercises("ALG-012", "ALG-007", "ALG-010")
def test_versions(hsm: InstanceSession) -> None:
    """An old version signs under its own identifier, and signatures of one are not another's."""
    name = hsm.fresh_name()
    old = hsm.created(CreateKey(name, "EC"))
    new = hsm.created(CreateKey(name, "EC"))
    one = digest("ES256")
    made = hsm.result(Sign(name, old.kid.version, "ES256", one))
    hsm.send(Verify(name, old.kid.version, "ES256", one, made.value))
    hsm.send(Verify(name, new.kid.version, "ES256", one, made.value))
    made = hsm.result(Sign(name, None, "ES256", one))
    hsm.send(Verify(name, new.kid.version, "ES256", one, made.value))
    hsm.send(Verify(name, old.kid.version, "ES256", one, made.value))


@pytest.mark.exercises("ALG-008", "ALG-208", "ALG-210")
def test_rsnull(hsm: InstanceSession) -> None:
    """What RSNULL makes of values of several lengths is recorded."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "RSA"))
    for length in (0, 1, 20, 36, 245, 246, 256):
        hsm.send(
            Sign(name, None, "RSNULL", bytes(range(length % 251)) + bytes(length - length % 251))
        )
    hsm.send(Verify(name, None, "RSNULL", b"value", bytes(10)))


@pytest.mark.exercises("ALG-009", "ALG-209", "ALG-202", "ALG-010")
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("imported", [False, True])
def test_hmac(hsm: InstanceSession, algorithm: str, imported: bool) -> None:
    """HMACs are right for a known key, the same each time for another, and verify."""
    name = hsm.fresh_name()
    if imported:
        hsm.send(ImportKey(name, sample_key("oct 256")))
        hsm.send(UpdateKey(name, None, ("sign", "verify")))
    else:
        hsm.send(CreateKey(name, "oct", key_size=256, key_ops=("sign", "verify")))
    one, other = digest(algorithm), digest(algorithm, b"another text")
    made = hsm.send(Sign(name, None, algorithm, one), api_version=SINCE_HMAC)
    hsm.send(Sign(name, None, algorithm, one), api_version=SINCE_HMAC)
    hsm.send(Sign(name, None, algorithm, b"a longer message" * 9), api_version=SINCE_HMAC)
    tag = getattr(made, "value", bytes(32))
    for sent, signature in ((one, tag), (one, flipped(tag)), (other, tag)):
        hsm.send(Verify(name, None, algorithm, sent, signature), api_version=SINCE_HMAC)
    hsm.send(Sign(name, None, algorithm, one), api_version="7.5")


@pytest.mark.exercises("ALG-010", "ALG-210")
def test_signature_of_wrong_length(hsm: InstanceSession) -> None:
    """What becomes of a signature of wrong length is recorded."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "EC"))
    for length in (0, 63, 65):
        hsm.send(Verify(name, None, "ES256", digest("ES256"), bytes(length)))
    made = hsm.result(Sign(name, None, "ES256", digest("ES256")))
    hsm.send(Verify(name, None, "ES256", digest("ES256"), made.value))


@pytest.mark.exercises("ALG-010")
def test_another_instances_signature(hsm: InstanceSession, other_hsm: InstanceSession) -> None:
    """A signature of one instance's key is none of another's key of the same name."""
    for instance in (hsm, other_hsm):
        instance.send(CreateKey("same-name", "EC"))
    made = hsm.result(Sign("same-name", None, "ES256", digest("ES256")))
    other_hsm.send(Verify("same-name", None, "ES256", digest("ES256"), made.value))


@pytest.mark.exercises("ATTR-007", "ALG-010")
def test_verify_after_expiry(hsm: InstanceSession) -> None:
    """An expired key verifies, and signs no more."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "EC"))
    made = hsm.result(Sign(name, None, "ES256", digest("ES256")))
    past = RequestedAttributes(expires=1_500_000_000)
    hsm.send(UpdateKey(name, None, attributes=past))
    hsm.send(Verify(name, None, "ES256", digest("ES256"), made.value))
    hsm.send(Sign(name, None, "ES256", digest("ES256")))
