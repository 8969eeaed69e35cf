"""Signatures and ciphertexts against published vectors and the library's own operations."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from functools import cache
from typing import Any, Final

import gmpy2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from mhsm_model.entropy import SeededEntropy
from mhsm_model.jwk import EcPublic, JsonWebKey, PublicKey
from mhsm_model.relations.encryption import (
    Ciphertext,
    decrypted,
    encrypted,
    filled,
    rsa_capacity,
    unfilled,
)
from mhsm_model.relations.facts import digest
from mhsm_model.relations.public_keys import is_point
from mhsm_model.relations.secrets import (
    EcSecret,
    OctSecret,
    RsaSecret,
    Secret,
    imported_secret,
    jwk_of,
    kind_of,
    minimal,
    public_of,
)
from mhsm_model.relations.secrets import rsa_secret as made_of_primes
from mhsm_model.relations.signatures import is_valid, mac, signature_bytes, signed
from mhsm_model.tables.algorithms import ALGORITHMS, Algorithm, Scheme, Use
from mhsm_model.tables.key_types import CURVES, Family
from mhsm_model.tests.keys_to_import import broken_keys, ec_key, oct_key, rsa_key, sound_keys

MESSAGE: Final = b"what is to be signed"
HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}


def signing(*schemes: Scheme) -> list[str]:
    return [name for name, row in ALGORITHMS.items() if row.scheme in schemes]


RSA_SIGNING: Final = signing(Scheme.RSASSA_PKCS1, Scheme.RSASSA_PSS)
EC_SIGNING: Final = signing(Scheme.ECDSA)
HMACS: Final = signing(Scheme.HMAC)


@cache
def rsa_secret() -> RsaSecret:
    return SeededEntropy(b"relations").rsa(2048, 65537)


def ec_secret(curve: str) -> EcSecret:
    return SeededEntropy(b"relations").ec(curve)


def digest_for(algorithm: Algorithm) -> bytes:
    name = (algorithm.hash_name or "SHA-256").replace("-", "").lower()
    return hashlib.new(name, MESSAGE).digest()


def public(secret: RsaSecret | EcSecret) -> PublicKey:
    found = public_of(secret)
    assert found is not None
    return found


def rsa_padding(algorithm: Algorithm) -> padding.AsymmetricPadding:
    if algorithm.scheme is Scheme.RSASSA_PKCS1:
        return padding.PKCS1v15()
    chosen = HASHES[algorithm.hash_name or ""]
    return padding.PSS(padding.MGF1(chosen), chosen.digest_size)


# --- signatures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RSA_SIGNING)
def test_an_rsa_signature_of_a_digest_is_one_of_the_message(name: str) -> None:
    algorithm, secret = ALGORITHMS[name], rsa_secret()
    made = signed(algorithm, secret, digest_for(algorithm))
    assert len(made) == signature_bytes(algorithm, kind_of(secret)) == 256
    chosen = HASHES[algorithm.hash_name or ""]
    secret.key.public_key().verify(made, MESSAGE, rsa_padding(algorithm), chosen)
    assert is_valid(algorithm, public(secret), digest_for(algorithm), made)


@pytest.mark.parametrize("name", RSA_SIGNING)
def test_an_rsa_signature_of_the_message_is_valid_for_its_digest_alone(name: str) -> None:
    algorithm, secret = ALGORITHMS[name], rsa_secret()
    chosen = HASHES[algorithm.hash_name or ""]
    made = secret.key.sign(MESSAGE, rsa_padding(algorithm), chosen)
    key, good = public(secret), digest_for(algorithm)
    assert is_valid(algorithm, key, good, made)
    assert not is_valid(algorithm, key, good[::-1], made)
    assert not is_valid(algorithm, key, good, made[:-1])
    assert not is_valid(algorithm, key, good, made[:-1] + bytes([made[-1] ^ 1]))
    assert not is_valid(algorithm, key, good[:-1], made)
    others = [ALGORITHMS[other] for other in RSA_SIGNING if other != name]
    assert not any(is_valid(other, key, good, made) for other in others)


@pytest.mark.parametrize("name", EC_SIGNING)
def test_an_ec_signature_is_two_numbers_of_fixed_width(name: str) -> None:
    algorithm = ALGORITHMS[name]
    secret, good = ec_secret(algorithm.curve or ""), digest_for(algorithm)
    width = CURVES[secret.curve]
    made = signed(algorithm, secret, good)
    assert len(made) == signature_bytes(algorithm, kind_of(secret)) == 2 * width
    der = encode_dss_signature(int.from_bytes(made[:width]), int.from_bytes(made[width:]))
    chosen = HASHES[algorithm.hash_name or ""]
    secret.key.public_key().verify(der, MESSAGE, ec.ECDSA(chosen))
    assert is_valid(algorithm, public(secret), good, made)


@pytest.mark.parametrize("name", EC_SIGNING)
def test_an_ec_signature_of_the_message_is_valid_for_its_digest_alone(name: str) -> None:
    algorithm = ALGORITHMS[name]
    secret, good = ec_secret(algorithm.curve or ""), digest_for(algorithm)
    width = CURVES[secret.curve]
    der = secret.key.sign(MESSAGE, ec.ECDSA(HASHES[algorithm.hash_name or ""]))
    r, s = decode_dss_signature(der)
    made = r.to_bytes(width) + s.to_bytes(width)
    key = public(secret)
    assert is_valid(algorithm, key, good, made)
    assert not is_valid(algorithm, key, good, der)
    assert not is_valid(algorithm, key, good, made[width:] + made[:width])
    assert not is_valid(algorithm, key, good, bytes(2 * width))
    assert not is_valid(algorithm, key, good[::-1], made)
    assert not is_valid(algorithm, public(SeededEntropy(b"other").ec(secret.curve)), good, made)


def test_the_signature_of_rfc_6979_is_valid() -> None:
    key = EcPublic(
        "P-256",
        bytes.fromhex("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"),
        bytes.fromhex("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"),
    )
    made = bytes.fromhex(
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    )
    good = hashlib.sha256(b"sample").digest()
    assert is_valid(ALGORITHMS["ES256"], key, good, made)
    assert not is_valid(ALGORITHMS["ES256"], key, hashlib.sha256(b"test").digest(), made)


@pytest.mark.parametrize("value", [b"1", bytes(32), b"x" * 245])
def test_rsnull_signs_the_value_without_a_digest_info(value: bytes) -> None:
    algorithm, secret = ALGORITHMS["RSNULL"], rsa_secret()
    made = signed(algorithm, secret, value)
    numbers = secret.key.public_key().public_numbers()
    block = pow(int.from_bytes(made), numbers.e, numbers.n).to_bytes(256)
    assert block == b"\x00\x01" + b"\xff" * (253 - len(value)) + b"\x00" + value
    assert is_valid(algorithm, public(secret), value, made)
    assert not is_valid(algorithm, public(secret), value + b"1", made)
    assert not is_valid(algorithm, public(secret), value, bytes(256))


# RFC 4231, test cases 1 and 2.
RFC_4231: Final = [
    (
        b"\x0b" * 20,
        b"Hi There",
        "HS256",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ),
    (
        b"\x0b" * 20,
        b"Hi There",
        "HS384",
        "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
        "faea9ea9076ede7f4af152e8b2fa9cb6",
    ),
    (
        b"\x0b" * 20,
        b"Hi There",
        "HS512",
        "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
        "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
    ),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "HS256",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
]


@pytest.mark.parametrize(("key", "message", "name", "expected"), RFC_4231)
def test_macs_are_those_of_rfc_4231(key: bytes, message: bytes, name: str, expected: str) -> None:
    algorithm, secret = ALGORITHMS[name], OctSecret(key)
    made = mac(algorithm, secret, message)
    assert made.hex() == expected
    assert signed(algorithm, secret, message) == made
    assert len(made) == signature_bytes(algorithm, kind_of(secret))


@pytest.mark.parametrize("name", [*RSA_SIGNING, *EC_SIGNING, *HMACS, "RSNULL"])
def test_an_algorithm_does_not_sign_with_a_key_of_another_family(name: str) -> None:
    algorithm = ALGORITHMS[name]
    secrets: dict[Family, Secret] = {
        Family.RSA: rsa_secret(),
        Family.EC: ec_secret("P-256"),
        Family.OCT: OctSecret(bytes(32)),
    }
    for family, secret in secrets.items():
        if family is not algorithm.family:
            with pytest.raises(ValueError, match="is not for this kind of key"):
                signed(algorithm, secret, digest_for(algorithm))


# --- encryption -----------------------------------------------------------------------------------

BLOCKS: Final = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
COUNTING_IV: Final = bytes(range(16))
# NIST SP 800-38A, F.2.1, F.2.3 and F.2.5.
SP800_38A: Final = [
    (
        "A128CBC",
        "2b7e151628aed2a6abf7158809cf4f3c",
        "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
        "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
    ),
    (
        "A192CBC",
        "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
        "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
        "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
    ),
    (
        "A256CBC",
        "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
        "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
        "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
    ),
]


@pytest.mark.parametrize(("name", "key", "expected"), SP800_38A)
def test_cbc_is_that_of_sp800_38a(name: str, key: str, expected: str) -> None:
    secret = OctSecret(bytes.fromhex(key))
    made = encrypted(ALGORITHMS[name], secret, BLOCKS, COUNTING_IV, None)
    assert made == Ciphertext(bytes.fromhex(expected), COUNTING_IV)
    assert decrypted(ALGORITHMS[name], secret, made, None) == BLOCKS
    padded = encrypted(ALGORITHMS[f"{name}PAD"], secret, BLOCKS, COUNTING_IV, None)
    assert padded.value[:64] == made.value
    assert len(padded.value) == 80
    assert decrypted(ALGORITHMS[f"{name}PAD"], secret, padded, None) == BLOCKS


def test_cbc_fills_with_zeros_and_takes_none_off() -> None:
    algorithm, secret = ALGORITHMS["A128CBC"], OctSecret(bytes(16))
    made = encrypted(algorithm, secret, b"five5", COUNTING_IV, None)
    assert decrypted(algorithm, secret, made, None) == b"five5" + bytes(11)
    assert encrypted(algorithm, secret, b"", COUNTING_IV, None).value == b""


def test_a_wrong_padding_decrypts_to_nothing() -> None:
    secret = OctSecret(bytes(16))
    made = encrypted(ALGORITHMS["A128CBC"], secret, bytes(16), COUNTING_IV, None)
    assert decrypted(ALGORITHMS["A128CBCPAD"], secret, made, None) is None
    assert (
        decrypted(ALGORITHMS["A128CBCPAD"], secret, Ciphertext(b"odd", COUNTING_IV), None) is None
    )


# RFC 3394, 4.1, 4.2, 4.3 and 4.6.
RFC_3394: Final = [
    (
        "A128KW",
        16,
        "00112233445566778899aabbccddeeff",
        "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5",
    ),
    (
        "A192KW",
        24,
        "00112233445566778899aabbccddeeff",
        "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d",
    ),
    (
        "A256KW",
        32,
        "00112233445566778899aabbccddeeff",
        "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7",
    ),
    (
        "A256KW",
        32,
        "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
        "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
    ),
]


@pytest.mark.parametrize(("name", "size", "wrapped", "expected"), RFC_3394)
def test_key_wrap_is_that_of_rfc_3394(name: str, size: int, wrapped: str, expected: str) -> None:
    secret, plain = OctSecret(bytes(range(size))), bytes.fromhex(wrapped)
    made = encrypted(ALGORITHMS[name], secret, plain, None, None)
    assert made == Ciphertext(bytes.fromhex(expected))
    assert decrypted(ALGORITHMS[name], secret, made, None) == plain
    altered = Ciphertext(bytes([made.value[0] ^ 1]) + made.value[1:])
    assert decrypted(ALGORITHMS[name], secret, altered, None) is None


GCM_KEY: Final = "feffe9928665731c6d6a8f9467308308"
GCM_PLAINTEXT: Final = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
GCM_AAD: Final = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
# McGrew and Viega, The Galois/Counter Mode of Operation, test cases 2, 4 and 16.
GCM: Final = [
    (
        "A128GCM",
        "00" * 16,
        "00" * 12,
        "00" * 16,
        "",
        "0388dace60b6a392f328c2b971b2fe78",
        "ab6e47d42cec13bdf53a67b21257bddf",
    ),
    (
        "A128GCM",
        GCM_KEY,
        "cafebabefacedbaddecaf888",
        GCM_PLAINTEXT,
        GCM_AAD,
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
        "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
        "5bc94fbc3221a5db94fae95ae7121a47",
    ),
    (
        "A256GCM",
        GCM_KEY * 2,
        "cafebabefacedbaddecaf888",
        GCM_PLAINTEXT,
        GCM_AAD,
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ),
]


@pytest.mark.parametrize(("name", "key", "iv", "plaintext", "aad", "value", "tag"), GCM)
def test_gcm_is_that_of_its_authors(
    name: str, key: str, iv: str, plaintext: str, aad: str, value: str, tag: str
) -> None:
    secret, told = OctSecret(bytes.fromhex(key)), bytes.fromhex(aad)
    made = encrypted(ALGORITHMS[name], secret, bytes.fromhex(plaintext), bytes.fromhex(iv), told)
    assert (made.value.hex(), (made.tag or b"").hex()) == (value, tag)
    assert decrypted(ALGORITHMS[name], secret, made, told) == bytes.fromhex(plaintext)
    assert decrypted(ALGORITHMS[name], secret, made, told + b"x") is None
    forged = Ciphertext(made.value, made.iv, bytes(16))
    assert decrypted(ALGORITHMS[name], secret, forged, told) is None
    assert decrypted(ALGORITHMS[name], secret, Ciphertext(made.value), told) is None


@pytest.mark.parametrize("name", ["RSA1_5", "RSA-OAEP", "RSA-OAEP-256"])
def test_rsa_takes_as_much_as_the_padding_leaves(name: str) -> None:
    algorithm, secret = ALGORITHMS[name], rsa_secret()
    longest = rsa_capacity(algorithm, 256)
    assert longest == {"RSA1_5": 245, "RSA-OAEP": 214, "RSA-OAEP-256": 190}[name]
    made = encrypted(algorithm, secret, b"x" * longest, None, None)
    assert len(made.value) == 256
    assert decrypted(algorithm, secret, made, None) == b"x" * longest
    with pytest.raises(ValueError, match="Encryption failed"):
        encrypted(algorithm, secret, b"x" * (longest + 1), None, None)


@pytest.mark.parametrize("name", ["RSA-OAEP", "RSA-OAEP-256"])
def test_an_altered_oaep_ciphertext_decrypts_to_nothing(name: str) -> None:
    algorithm, secret = ALGORITHMS[name], rsa_secret()
    made = encrypted(algorithm, secret, b"plain", None, None).value
    assert decrypted(algorithm, secret, Ciphertext(made[:-1] + bytes([made[-1] ^ 1])), None) is None
    assert decrypted(algorithm, secret, Ciphertext(b"short"), None) is None


@pytest.mark.parametrize(
    "name", [name for name, row in ALGORITHMS.items() if Use.ENCRYPT in row.uses]
)
def test_an_algorithm_does_not_encrypt_with_a_key_of_another_family(name: str) -> None:
    secret = ec_secret("P-256")
    with pytest.raises(ValueError, match="is not for this kind of key"):
        encrypted(ALGORITHMS[name], secret, b"x", COUNTING_IV, None)
    assert decrypted(ALGORITHMS[name], secret, Ciphertext(b"x", COUNTING_IV), None) is None


def test_an_aad_is_filled_to_a_multiple_and_no_further() -> None:
    assert filled(b"1234") == b"1234" + bytes(4)
    assert filled(b"12345678") == b"12345678"
    assert filled(b"123456789", 16) == b"123456789" + bytes(7)
    assert filled(None) == b""
    assert unfilled(filled(b"1234")) == unfilled(b"1234") == b"1234"


# --- secrets and public keys ----------------------------------------------------------------------


@pytest.mark.parametrize("place", range(len(sound_keys())))
def test_a_sound_key_has_a_secret_of_its_kind(place: int) -> None:
    key = sound_keys()[place]
    secret = imported_secret(key)
    assert secret is not None
    kind = kind_of(secret)
    assert kind.family.value.removesuffix("-HSM") == (key.kty or "").removesuffix("-HSM")
    assert (kind.curve or None) == key.crv
    shown = public_of(secret)
    assert (shown is None) == (kind.family is Family.OCT)


def test_what_a_broken_key_holds_is_no_secret_or_of_a_size_that_guards_refuse() -> None:
    sound = [key for key in broken_keys() if imported_secret(key) is not None]
    assert sound == [rsa_key(1024), oct_key(17), oct_key(65), JsonWebKey("oct", k=b"")]


@pytest.mark.parametrize("name", ["n", "e", "d", "p", "q", "dp", "dq", "qi"])
def test_a_number_of_an_rsa_key_that_is_another_one_breaks_it(name: str) -> None:
    another: Any = minimal(int.from_bytes(getattr(rsa_key(), name)) + 2)
    assert imported_secret(replace(rsa_key(), **{name: another})) is None


def test_an_rsa_key_is_of_two_primes_even_where_its_numbers_agree() -> None:
    prime = int.from_bytes(rsa_key().p or b"")
    composite = next(
        number
        for number in range(int.from_bytes(rsa_key().q or b"") + 2, 1 << 1024, 2)
        if math.gcd(65537, number - 1) == 1 and not gmpy2.is_prime(number)
    )
    agreeing = jwk_of(made_of_primes(prime, composite, 65537))
    assert imported_secret(agreeing) is None


def test_a_point_is_on_its_curve_alone() -> None:
    key = ec_key()
    x, y = key.x or b"", key.y or b""
    assert is_point(EcPublic("P-256", x, y))
    assert not is_point(EcPublic("P-256K", x, y))
    assert not is_point(EcPublic("P-256", y, x))
    assert not is_point(EcPublic("P-256", bytes(32), bytes(32)))


def test_numbers_have_no_leading_zero_bytes() -> None:
    assert [minimal(n) for n in (0, 1, 255, 256)] == [b"\0", b"\x01", b"\xff", b"\x01\0"]


def test_a_digest_tells_apart_where_parts_end() -> None:
    assert digest(b"ab", b"c") != digest(b"a", b"bc")
    assert digest(b"", b"a") != digest(b"a", b"")
    assert len(digest(b"x" * 1000)) == 16


def test_secrets_never_print() -> None:
    for secret in (rsa_secret(), ec_secret("P-256"), OctSecret(b"a secret")):
        assert "a secret" not in repr(secret)
    assert "d=" not in repr(ec_key())
    assert repr(oct_key(32)).count("k=") == 0
