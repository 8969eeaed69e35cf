"""Encrypt and decrypt: RSA paddings, AES-GCM, AES-CBC, on generated and imported keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from mhsm_conformance.session import InstanceSession
from mhsm_conformance.vectors.altering import flipped
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.exchange import CreateKey, Decrypt, Encrypt, ImportKey, OperationResult

RSA: Final = ("RSA1_5", "RSA-OAEP", "RSA-OAEP-256")
OVERHEAD: Final = {"RSA1_5": 11, "RSA-OAEP": 42, "RSA-OAEP-256": 66}
SHOWN: Final = ("ALG-012", "ALG-211", "GCM-004", "API-004", "ERR-201")
LENGTHS: Final = (1, 15, 16, 17, 200)
IV: Final = bytes(range(16))


def key(hsm: InstanceSession, kind: str, imported: bool) -> str:
    """A key of a kind, generated or imported."""
    name, (family, _, detail) = hsm.fresh_name(), kind.partition(" ")
    if imported:
        hsm.send(ImportKey(name, sample_key(kind)))
    else:
        hsm.send(CreateKey(name, family, key_size=int(detail)))
    return name


def back(name: str, made: OperationResult, aad: bytes | None = None) -> Decrypt:
    """The request that decrypts what an encryption gave."""
    algorithm = made.algorithm or ""
    return Decrypt(name, None, algorithm, made.value, made.iv, aad, made.tag)


@pytest.mark.exercises(*SHOWN, "ALG-230", "ALG-232")
@pytest.mark.parametrize("imported", [False, True])
@pytest.mark.parametrize("size", [2048, 3072, 4096])
def test_rsa(hsm: InstanceSession, size: int, imported: bool) -> None:
    """RSA encryption comes back as it was, up to the longest plaintext."""
    name = key(hsm, f"RSA {size}", imported)
    for algorithm in RSA:
        longest = size // 8 - OVERHEAD[algorithm]
        for length in (1, longest):
            made = hsm.result(Encrypt(name, None, algorithm, bytes([7]) * length))
            hsm.send(back(name, made))


@pytest.mark.exercises("ALG-231", "ALG-232", "ALG-233", "ALG-222", "ALG-223")
def test_rsa_of_a_known_key(hsm: InstanceSession) -> None:
    """What a known RSA key encrypts is recomputed; altered ciphertexts are refused or garbled."""
    name = key(hsm, "RSA 2048", imported=True)
    for algorithm in RSA:
        hsm.send(Encrypt(name, None, algorithm, b"a secret of some length"))
        made = hsm.result(Encrypt(name, None, algorithm, b"a secret of some length"))
        hsm.send(back(name, made))
        hsm.send(back(name, replace(made, value=flipped(made.value, 200))))


@pytest.mark.exercises(*SHOWN, "GCM-001", "GCM-006", "GCM-007", "GCM-202", "GCM-005")
@pytest.mark.parametrize("imported", [False, True])
@pytest.mark.parametrize("bits", [128, 192, 256])
def test_gcm(hsm: InstanceSession, bits: int, imported: bool) -> None:
    """GCM gives back what it took, with a new iv each time, and refuses everything altered."""
    name, algorithm = key(hsm, f"oct {bits}", imported), f"A{bits}GCM"
    for aad in (None, b"sixteen bytes!!!", b"four"):
        for length in LENGTHS:
            made = hsm.result(Encrypt(name, None, algorithm, bytes([9]) * length, None, aad))
            hsm.send(back(name, made, aad))
    made = hsm.result(Encrypt(name, None, algorithm, b"to be altered", None, b"four"))
    for altered in (
        replace(made, value=flipped(made.value)),
        replace(made, iv=flipped(made.iv or b"\0")),
        replace(made, tag=flipped(made.tag or b"\0")),
        replace(made, value=made.value[:-1]),
    ):
        hsm.send(back(name, altered, b"four"))
    hsm.send(back(name, made, b"five!"))
    hsm.send(back(name, made))


@pytest.mark.exercises("GCM-201", "GCM-202")
@pytest.mark.parametrize("bits", [128, 192, 256])
def test_gcm_of_a_known_key(hsm: InstanceSession, bits: int) -> None:
    """What a known key encrypts by GCM is recomputed."""
    name, algorithm = key(hsm, f"oct {bits}", imported=True), f"A{bits}GCM"
    for aad in (None, b"four", b"more than eight bytes"):
        made = hsm.result(Encrypt(name, None, algorithm, b"plaintext" * 5, None, aad))
        hsm.send(back(name, made, aad))


@pytest.mark.exercises(*SHOWN, "CBC-001", "CBC-002", "CBC-003", "CBC-004", "CBC-205", "CBC-206")
@pytest.mark.parametrize("imported", [False, True])
@pytest.mark.parametrize("bits", [128, 192, 256])
def test_cbc(hsm: InstanceSession, bits: int, imported: bool) -> None:
    """CBC pads as its name says; both paddings share one permutation; a flip garbles and passes."""
    name = key(hsm, f"oct {bits}", imported)
    for length in (*LENGTHS, 32):
        plaintext = bytes([length]) * length
        for algorithm in (f"A{bits}CBC", f"A{bits}CBCPAD"):
            made = hsm.result(Encrypt(name, None, algorithm, plaintext, IV, b"ignored"))
            hsm.send(back(name, made))
    plain = hsm.result(Encrypt(name, None, f"A{bits}CBC", b"b" * 48, IV))
    for place in (0, 16, 47):
        hsm.send(back(name, replace(plain, value=flipped(plain.value, place))))
    hsm.send(back(name, replace(plain, iv=flipped(IV))))
    hsm.send(back(name, replace(plain, value=plain.value[:32])))


@pytest.mark.exercises("CBC-204")
def test_wrong_padding(hsm: InstanceSession) -> None:
    """A ciphertext whose padding is wrong is refused, of a known key for certain."""
    name = key(hsm, "oct 256", imported=True)
    made = hsm.result(Encrypt(name, None, "A256CBC", b"no padding here!" * 2, IV))
    hsm.send(Decrypt(name, None, "A256CBCPAD", made.value, IV))
    padded = hsm.result(Encrypt(name, None, "A256CBCPAD", b"with padding", IV))
    hsm.send(Decrypt(name, None, "A256CBCPAD", padded.value, flipped(IV, 15)))
    hsm.send(Decrypt(name, None, "A256CBC", padded.value, IV))


@pytest.mark.exercises("GCM-005", "ALG-012")
def test_another_instances_ciphertext(hsm: InstanceSession, other_hsm: InstanceSession) -> None:
    """A ciphertext of one instance's key means nothing to another's key of the same name."""
    for instance in (hsm, other_hsm):
        instance.send(CreateKey("same-name", "oct", key_size=256))
    made = hsm.result(Encrypt("same-name", None, "A256GCM", b"for one alone"))
    other_hsm.send(back("same-name", made))
    hsm.send(back("same-name", made))


@pytest.mark.exercises("GCM-002", "CBC-201", "ALG-220")
def test_unusual_requests(hsm: InstanceSession) -> None:
    """What becomes of a GCM iv, a missing CBC iv and an empty plaintext is recorded."""
    name = key(hsm, "oct 256", imported=False)
    hsm.send(Encrypt(name, None, "A256GCM", b"text", IV[:12]))
    hsm.send(Encrypt(name, None, "A256CBC", b"text"))
    for algorithm in ("A256GCM", "A256CBC", "A256CBCPAD"):
        iv = None if algorithm == "A256GCM" else IV
        hsm.send(Encrypt(name, None, algorithm, b"", iv))


@pytest.mark.exercises("ALG-201")
def test_wrapping_names(hsm: InstanceSession) -> None:
    """What becomes of a key-wrapping algorithm in encrypt is recorded, other names are refused."""
    name = key(hsm, "oct 256", imported=False)
    hsm.send(Encrypt(name, None, "A256KW", bytes(32)))
    hsm.send(Encrypt(name, None, "ES256", bytes(32)))
