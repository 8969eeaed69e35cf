"""What is computed outside the token, against another library and the standards' own examples."""

from __future__ import annotations

import secrets
from typing import Final

import pytest
from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from mhsm_model.jwk import EcPublic

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from mhsm_targets.pkcs11.key_wrap import (
    key_unwrapped,
    key_wrapped,
    padded_unwrapped,
    padded_wrapped,
)
from mhsm_targets.pkcs11.oaep import oaep_decoded, oaep_encoded
from mhsm_targets.pkcs11.objects import ec_point, read_point

KEY: Final = rsa.generate_private_key(65537, 2048)
OAEP: Final = {
    "SHA-1": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),
    "SHA-256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
}
HASH_BYTES: Final = {"SHA-1": 20, "SHA-256": 32}


def raw(block: bytes, exponent: int) -> bytes:
    """RSA without a padding."""
    modulus = KEY.public_key().public_numbers().n
    return pow(int.from_bytes(block), exponent, modulus).to_bytes(256)


@pytest.mark.parametrize("hash_name", OAEP)
@pytest.mark.parametrize("length", [0, 1, 100, 190])
def test_oaep_is_understood_by_another_library_and_understands_it(
    hash_name: str, length: int
) -> None:
    message = secrets.token_bytes(length)
    block = oaep_encoded(message, 256, hash_name, secrets.token_bytes(HASH_BYTES[hash_name]))
    sealed = raw(block, KEY.public_key().public_numbers().e)
    assert KEY.decrypt(sealed, OAEP[hash_name]) == message
    theirs = KEY.public_key().encrypt(message, OAEP[hash_name])
    assert oaep_decoded(raw(theirs, KEY.private_numbers().d), hash_name) == message


@pytest.mark.parametrize("hash_name", OAEP)
def test_oaep_of_anything_else_is_refused(hash_name: str) -> None:
    block = oaep_encoded(b"message", 256, hash_name, bytes(HASH_BYTES[hash_name]))
    for place in range(len(block)):
        changed = block[:place] + bytes([block[place] ^ 1]) + block[place + 1 :]
        # A change of the message itself is one that no padding can show.
        assert oaep_decoded(changed, hash_name) is None or place >= len(block) - len(b"message")
    assert oaep_decoded(bytes(256), hash_name) is None
    other = next(name for name in OAEP if name != hash_name)
    assert oaep_decoded(block, other) is None


def test_oaep_takes_no_message_that_is_too_long() -> None:
    with pytest.raises(ValueError, match="at most 190 bytes"):
        oaep_encoded(bytes(191), 256, "SHA-256", bytes(32))


def ecb(key: bytes, block: bytes, *, encrypt: bool) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.ECB())
    context = cipher.encryptor() if encrypt else cipher.decryptor()
    return context.update(block) + context.finalize()


RFC_5649_KEY: Final = bytes.fromhex("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8")


@pytest.mark.parametrize(
    ("plaintext", "wrapped"),
    [
        (
            "c37b7e6492584340bed12207808941155068f738",
            "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
        ),
        ("466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f"),
    ],
)
def test_padded_wrap_gives_the_examples_of_rfc_5649(plaintext: str, wrapped: str) -> None:
    made = padded_wrapped(
        bytes.fromhex(plaintext), lambda block: ecb(RFC_5649_KEY, block, encrypt=True)
    )
    assert made.hex() == wrapped


@pytest.mark.parametrize("length", [*range(1, 26), 64, 333])
def test_padded_wrap_agrees_with_another_library(length: int) -> None:
    key, plaintext = secrets.token_bytes(32), secrets.token_bytes(length)
    theirs = keywrap.aes_key_wrap_with_padding(key, plaintext)
    assert padded_wrapped(plaintext, lambda block: ecb(key, block, encrypt=True)) == theirs
    back = padded_unwrapped(theirs, lambda block: ecb(key, block, encrypt=False))
    assert back == plaintext
    for place in range(len(theirs)):
        changed = theirs[:place] + bytes([theirs[place] ^ 1]) + theirs[place + 1 :]
        assert padded_unwrapped(changed, lambda block: ecb(key, block, encrypt=False)) is None


@pytest.mark.parametrize("length", [16, 24, 32, 80])
def test_wrap_agrees_with_another_library(length: int) -> None:
    key, plaintext = secrets.token_bytes(16), secrets.token_bytes(length)
    theirs = keywrap.aes_key_wrap(key, plaintext)
    assert key_wrapped(plaintext, lambda block: ecb(key, block, encrypt=True)) == theirs
    assert key_unwrapped(theirs, lambda block: ecb(key, block, encrypt=False)) == plaintext
    for place in range(len(theirs)):
        changed = theirs[:place] + bytes([theirs[place] ^ 1]) + theirs[place + 1 :]
        assert key_unwrapped(changed, lambda block: ecb(key, block, encrypt=False)) is None


@pytest.mark.parametrize("length", [0, 8, 15, 20])
def test_wrap_refuses_lengths_that_are_not_its_own(length: int) -> None:
    with pytest.raises(ValueError, match="no multiple of 8"):
        key_wrapped(bytes(length), lambda block: block)
    with pytest.raises(ValueError, match="no wrapped key"):
        key_unwrapped(bytes(length), lambda block: block)


@pytest.mark.parametrize("length", [0, 8, 15, 17, 25])
def test_padded_wrap_refuses_lengths_that_no_wrapping_gives(length: int) -> None:
    with pytest.raises(ValueError, match="no wrapped key"):
        padded_unwrapped(bytes(length), lambda block: block)
    with pytest.raises(ValueError, match="nothing to wrap"):
        padded_wrapped(b"", lambda block: block)


@pytest.mark.parametrize(("curve", "width"), [("P-256", 32), ("P-521", 66)])
def test_a_point_is_read_with_and_without_its_octet_string(curve: str, width: int) -> None:
    point = EcPublic(curve, bytes([1]) * width, bytes([2]) * width)
    encoded = ec_point(point)
    assert read_point(curve, encoded) == point
    assert read_point(curve, encoded[-2 * width - 1 :]) == point
    for wrong in (b"", encoded[:-1], b"\5" + encoded[1:], encoded + b"\0"):
        with pytest.raises(ValueError, match="no point"):
            read_point(curve, wrong)
