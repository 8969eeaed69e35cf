"""Wrap and unwrap: AES key wrap, the PKCS #11 names for it, and RSA, where it is encryption."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from mhsm_conformance.guards.scenes import PRIVILEGES
from mhsm_conformance.session import InstanceSession
from mhsm_conformance.vectors.altering import flipped
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.exchange import (
    CreateKey,
    Decrypt,
    Encrypt,
    ImportKey,
    OperationResult,
    UnwrapKey,
    UpdateKey,
    WrapKey,
)

RSA: Final = ("RSA1_5", "RSA-OAEP", "RSA-OAEP-256")
SHOWN: Final = ("ALG-012", "ALG-211", "GCM-004", "API-004", "ERR-201")
NEWEST: Final = "2026-04-01"
MECHANISMS: Final = ("CKM_AES_KEY_WRAP", "CKM_AES_KEY_WRAP_PAD")


def key(hsm: InstanceSession, kind: str, imported: bool) -> str:
    """A key of a kind that may do everything its type can, generated or imported."""
    name, (family, _, detail) = hsm.fresh_name(), kind.partition(" ")
    if imported:
        hsm.send(ImportKey(name, replace(sample_key(kind), key_ops=PRIVILEGES)))
    else:
        hsm.send(CreateKey(name, family, key_size=int(detail), key_ops=PRIVILEGES))
    return name


def unwrapping(name: str, made: OperationResult) -> UnwrapKey:
    """The request that unwraps what was wrapped."""
    return UnwrapKey(name, None, made.algorithm or "", made.value)


@pytest.mark.exercises(*SHOWN, "KW-001", "KW-003", "KW-205", "KW-206")
@pytest.mark.parametrize("imported", [False, True])
@pytest.mark.parametrize("bits", [128, 192, 256])
def test_key_wrap(hsm: InstanceSession, bits: int, imported: bool) -> None:
    """A wrapped key comes back as it was, is the same each time, and unwraps only unaltered."""
    name, algorithm = key(hsm, f"oct {bits}", imported), f"A{bits}KW"
    for length in (16, 24, 32, 40, 64, 256):
        wrap = WrapKey(name, None, algorithm, (bytes(range(256)) * 2)[:length])
        made = hsm.result(wrap)
        hsm.send(unwrapping(name, made))
        hsm.send(wrap)
    made = hsm.result(WrapKey(name, None, algorithm, bytes(32)))
    for place in (0, 7, 8, 20, 39):
        hsm.send(unwrapping(name, replace(made, value=flipped(made.value, place))))
    for value in (made.value[:-8], made.value[8:], made.value[:16], made.value + bytes(8), b""):
        hsm.send(unwrapping(name, replace(made, value=value)))
    hsm.send(UnwrapKey(name, None, algorithm, bytes(24)))


@pytest.mark.exercises("KW-002")
def test_odd_lengths(hsm: InstanceSession) -> None:
    """Key wrap takes multiples of 8 bytes from 16 on, and nothing else."""
    name = key(hsm, "oct 256", imported=False)
    for length in (1, 7, 8, 15, 17, 20, 31, 33):
        hsm.send(WrapKey(name, None, "A256KW", bytes(length)))
    hsm.send(WrapKey(name, None, "A256KW", bytes(16)))


@pytest.mark.exercises("KW-004", "KW-206", "KW-202")
@pytest.mark.parametrize("imported", [False, True])
@pytest.mark.parametrize("bits", [128, 192, 256])
def test_aliases(hsm: InstanceSession, bits: int, imported: bool) -> None:
    """The PKCS #11 names wrap to what the standards give, for keys of any size, and unwrap it."""
    name = key(hsm, f"oct {bits}", imported)
    one = hsm.result(WrapKey(name, None, f"A{bits}KW", bytes(range(32))))
    for mechanism in MECHANISMS:
        for length in (16, 24, 32):
            wrap = WrapKey(name, None, mechanism, bytes(range(length)))
            made = hsm.result(wrap, api_version=NEWEST)
            hsm.send(wrap, api_version=NEWEST)
            hsm.send(unwrapping(name, made), api_version=NEWEST)
            altered = replace(made, value=flipped(made.value, length // 2))
            hsm.send(unwrapping(name, altered), api_version=NEWEST)
    other = hsm.result(WrapKey(name, None, MECHANISMS[0], bytes(range(32))), api_version=NEWEST)
    hsm.send(UnwrapKey(name, None, MECHANISMS[0], one.value), api_version=NEWEST)
    hsm.send(UnwrapKey(name, None, f"A{bits}KW", other.value))
    hsm.send(WrapKey(name, None, MECHANISMS[0], bytes(17)), api_version=NEWEST)


@pytest.mark.exercises("KW-004", "KW-206", "ALG-220")
def test_padding_takes_any_length(hsm: InstanceSession) -> None:
    """Key wrap with padding takes any length from one byte on; what becomes of none is recorded."""
    for imported in (False, True):
        name = key(hsm, "oct 256", imported)
        for length in (1, 7, 8, 9, 15, 16, 17, 33):
            wrap = WrapKey(name, None, MECHANISMS[1], bytes([5]) * length)
            made = hsm.result(wrap, api_version=NEWEST)
            hsm.send(unwrapping(name, made), api_version=NEWEST)
        hsm.send(WrapKey(name, None, MECHANISMS[1], b""), api_version=NEWEST)


@pytest.mark.exercises(*SHOWN, "ALG-001", "ALG-230", "ALG-232", "ALG-011")
@pytest.mark.parametrize("imported", [False, True])
def test_rsa_is_encryption(hsm: InstanceSession, imported: bool) -> None:
    """With RSA what was wrapped decrypts and what was encrypted unwraps, whatever begins it."""
    name = key(hsm, "RSA 2048", imported)
    for algorithm, overhead in zip(RSA, (11, 42, 66), strict=True):
        for secret in (bytes(32), b"\0\0leading zeros", bytes([9]) * (256 - overhead)):
            wrapped = hsm.result(WrapKey(name, None, algorithm, secret))
            hsm.send(Decrypt(name, None, algorithm, wrapped.value))
            hsm.send(unwrapping(name, wrapped))
            encrypted = hsm.result(Encrypt(name, None, algorithm, secret))
            hsm.send(unwrapping(name, encrypted))
        hsm.send(WrapKey(name, None, algorithm, bytes(257 - overhead)))
        hsm.send(unwrapping(name, replace(wrapped, value=flipped(wrapped.value, 100))))


@pytest.mark.exercises("ALG-231", "ALG-233")
def test_rsa_of_a_known_key(hsm: InstanceSession) -> None:
    """What a known RSA key wraps is unwrapped by its private part, and differs each time."""
    name = key(hsm, "RSA 2048", imported=True)
    for algorithm in RSA:
        hsm.send(WrapKey(name, None, algorithm, bytes(32)))
        hsm.send(WrapKey(name, None, algorithm, bytes(32)))


@pytest.mark.exercises("ALG-003", "ALG-012")
def test_rights_are_apart(hsm: InstanceSession) -> None:
    """The right to encrypt is none to wrap, and the right to decrypt none to unwrap."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "RSA", key_ops=("encrypt", "unwrapKey")))
    made = hsm.result(Encrypt(name, None, "RSA-OAEP", bytes(32)))
    hsm.send(WrapKey(name, None, "RSA-OAEP", bytes(32)))
    hsm.send(Decrypt(name, None, "RSA-OAEP", made.value))
    hsm.send(unwrapping(name, made))
    hsm.send(UpdateKey(name, None, ("wrapKey", "decrypt")))
    made = hsm.result(WrapKey(name, None, "RSA-OAEP", bytes(32)))
    hsm.send(Encrypt(name, None, "RSA-OAEP", bytes(32)))
    hsm.send(unwrapping(name, made))
    hsm.send(Decrypt(name, None, "RSA-OAEP", made.value))


@pytest.mark.exercises("ALG-240")
@pytest.mark.parametrize("algorithm", ["A256GCM", "A256CBC", "A256CBCPAD"])
def test_ciphers_that_wrap(hsm: InstanceSession, algorithm: str) -> None:
    """What becomes of GCM and CBC in wrapKey and unwrapKey is recorded, and judged if it works."""
    name = key(hsm, "oct 256", imported=False)
    iv = None if algorithm == "A256GCM" else bytes(16)
    made = hsm.result(Encrypt(name, None, algorithm, bytes(32), iv))
    hsm.send(UnwrapKey(name, None, algorithm, made.value, made.iv, None, made.tag))
    reply = hsm.send(WrapKey(name, None, algorithm, bytes(32), iv))
    if isinstance(reply, OperationResult):
        hsm.send(Decrypt(name, None, algorithm, reply.value, reply.iv, None, reply.tag))


@pytest.mark.exercises("ALG-012", "KW-206", "KW-003")
def test_versions(hsm: InstanceSession) -> None:
    """An old version unwraps what it wrapped, and the new one does not."""
    name = hsm.fresh_name()
    create = CreateKey(name, "oct", key_size=256)
    old, new = hsm.created(create), hsm.created(create)
    made = hsm.result(WrapKey(name, old.kid.version, "A256KW", bytes(32)))
    for version in (old.kid.version, new.kid.version, None):
        hsm.send(UnwrapKey(name, version, "A256KW", made.value))
