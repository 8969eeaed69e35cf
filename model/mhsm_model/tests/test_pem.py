"""PEM files as keys to import: every form, every refusal, and what no file may do."""

from __future__ import annotations

import base64
import shutil
import subprocess
from dataclasses import fields
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mhsm_model.entropy import SeededEntropy
from mhsm_model.exchange import ImportKey
from mhsm_model.jwk import JsonWebKey
from mhsm_model.pem import PemError, key_in_pem
from mhsm_model.relations.secrets import (
    EC_CURVES,
    EcSecret,
    RsaSecret,
    imported_secret,
    jwk_of,
)
from mhsm_model.tables.key_types import CURVES
from mhsm_model.tests.keys_to_import import ec_key, oct_key, rsa_key
from mhsm_model.wire.request_decoding import decode_request
from mhsm_model.wire.request_encoding import encode_request

PASSPHRASE: Final = "correct hörse".encode()
KEYS: Final = (rsa_key(), rsa_key(3072), *(ec_key(curve) for curve in CURVES))
HOST: Final = "hsm.managedhsm.azure.net"

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the program openssl is not on the PATH"
)


def named(value: object) -> str | None:
    if isinstance(value, JsonWebKey):
        return value.crv or f"RSA {8 * len(value.n or b'')}"
    return str(value) if isinstance(value, PrivateFormat) else None


def loaded(key: JsonWebKey) -> PrivateKeyTypes:
    secret = imported_secret(key)
    assert isinstance(secret, RsaSecret | EcSecret)
    return secret.key


def armoured(key: PrivateKeyTypes, form: PrivateFormat, passphrase: bytes | None = None) -> bytes:
    encryption: KeySerializationEncryption = NoEncryption()
    if passphrase is not None:
        encryption = BestAvailableEncryption(passphrase)
    return key.private_bytes(Encoding.PEM, form, encryption)


def plain(key: JsonWebKey) -> bytes:
    return armoured(loaded(key), PrivateFormat.PKCS8)


def framed(label: str, octets: bytes) -> bytes:
    lines = base64.encodebytes(octets).decode()
    return f"-----BEGIN {label}-----\n{lines}-----END {label}-----\n".encode()


def der(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x82]) + len(content).to_bytes(2) + content


# --- every form -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=named)
@pytest.mark.parametrize("key", KEYS, ids=named)
def test_every_form_gives_the_same_key(
    key: JsonWebKey, form: PrivateFormat, encrypted: bool
) -> None:
    passphrase = PASSPHRASE if encrypted else None
    assert key_in_pem(armoured(loaded(key), form, passphrase), passphrase) == key


@pytest.mark.parametrize("key", KEYS, ids=named)
def test_the_key_survives_the_wire(key: JsonWebKey) -> None:
    request = ImportKey("a", key_in_pem(plain(key)))
    assert decode_request(encode_request(request, HOST, "7.5", "token")) == request


@pytest.mark.parametrize("curve", CURVES)
def test_the_members_of_an_ec_key_are_as_wide_as_the_curve(curve: str) -> None:
    key = key_in_pem(armoured(ec.derive_private_key(1, EC_CURVES[curve]), PrivateFormat.PKCS8))
    assert {len(member or b"") for member in (key.x, key.y, key.d)} == {CURVES[curve]}
    assert int.from_bytes(key.d or b"") == 1


def test_the_members_of_an_rsa_key_have_no_leading_zeros() -> None:
    key = key_in_pem(plain(rsa_key()))
    members = (key.n, key.e, key.d, key.p, key.q, key.dp, key.dq, key.qi)
    assert all(member and member[0] for member in members)
    assert key.e == b"\1\0\1"


def test_what_stands_beside_the_key_is_passed_over() -> None:
    key = loaded(ec_key())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    bag = b"Bag Attributes\n    friendlyName: a\nKey Attributes: <No Attributes>\n"
    certificate = framed("CERTIFICATE", b"nothing that anybody reads")
    assert key_in_pem(certificate + bag + plain(ec_key()) + public) == ec_key()


@pytest.mark.parametrize("ending", [b"\r\n", b"  \n"])
def test_lines_may_end_as_other_systems_end_them(ending: bytes) -> None:
    assert key_in_pem(plain(ec_key()).replace(b"\n", ending)) == ec_key()


@pytest.mark.parametrize("key", [*KEYS, oct_key()], ids=named)
def test_a_jwk_has_the_whole_secret(key: JsonWebKey) -> None:
    secret = imported_secret(key)
    assert secret is not None
    again = jwk_of(secret)
    assert all(
        getattr(again, field.name) == getattr(key, field.name)
        for field in fields(key)
        if field.name != "kty"
    )


# --- as openssl writes them -----------------------------------------------------------------------


def openssl(*words: str, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *words], input=given, capture_output=True, check=True).stdout


_PASS: Final = ("-passout", "pass:secret")


@needs_openssl
@pytest.mark.parametrize(
    "words",
    [
        ("pkey",),
        ("rsa", "-traditional"),
        ("pkey", "-aes256", *_PASS),
        ("rsa", "-traditional", "-aes128", *_PASS),
        ("rsa", "-traditional", "-des3", *_PASS),
        ("pkcs8", "-topk8", "-v2", "aes-192-cbc", *_PASS),
        ("pkcs8", "-topk8", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512", *_PASS),
        ("pkcs8", "-topk8", "-scrypt", *_PASS),
    ],
    ids=" ".join,
)
def test_an_rsa_key_as_openssl_writes_it(words: tuple[str, ...]) -> None:
    pem = openssl(*words, given=plain(rsa_key()))
    assert key_in_pem(pem, b"secret" if _PASS[0] in words else None) == rsa_key()


@needs_openssl
@pytest.mark.parametrize(
    "words", [("ec",), ("ec", "-aes256", *_PASS), ("pkcs8", "-topk8", *_PASS)], ids=" ".join
)
@pytest.mark.parametrize("curve", CURVES)
def test_an_ec_key_as_openssl_writes_it(curve: str, words: tuple[str, ...]) -> None:
    pem = openssl(*words, given=plain(ec_key(curve)))
    assert key_in_pem(pem, b"secret" if _PASS[0] in words else None) == ec_key(curve)


@needs_openssl
@pytest.mark.parametrize("curve", ["prime256v1", "secp256k1", "secp384r1", "secp521r1"])
def test_an_ec_key_after_its_parameters(curve: str) -> None:
    pem = openssl("ecparam", "-name", curve, "-genkey")
    assert pem.startswith(b"-----BEGIN EC PARAMETERS-----")
    expected = load_pem_private_key(pem, None)
    assert isinstance(expected, ec.EllipticCurvePrivateKey)
    key = key_in_pem(pem)
    assert int.from_bytes(key.d or b"") == expected.private_numbers().private_value
    assert imported_secret(key) is not None


@needs_openssl
def test_three_primes_made_by_openssl() -> None:
    pem = openssl("genrsa", "-primes", "3", "2048")
    for made in (pem, openssl("rsa", "-traditional", given=pem)):
        with pytest.raises(PemError, match="more than two primes"):
            key_in_pem(made)


# --- every refusal --------------------------------------------------------------------------------


def refused(pem: bytes, passphrase: bytes | None = None) -> str:
    with pytest.raises(PemError) as caught:
        key_in_pem(pem, passphrase)
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    "pem", [b"", b"nothing", b"\0\xff" * 40, plain(ec_key()).decode().encode("utf-16")]
)
def test_no_block(pem: bytes) -> None:
    assert refused(pem).startswith("there is no PEM block")


def test_several_keys() -> None:
    both = plain(ec_key()) + plain(rsa_key())
    assert refused(both) == "there are 2 private keys, and an import takes one"


def test_only_a_public_key_or_a_certificate() -> None:
    public = loaded(rsa_key()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    told = "there is no private key, which an import needs, but only: "
    assert refused(pem) == told + "PUBLIC KEY"
    assert refused(framed("CERTIFICATE", b"x") * 2 + pem) == told + "CERTIFICATE, PUBLIC KEY"


_OTHERS: Final[list[tuple[PrivateKeyTypes, str]]] = [
    (ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)), "Ed25519"),
    (ed448.Ed448PrivateKey.from_private_bytes(bytes(57)), "Ed448"),
    (x25519.X25519PrivateKey.from_private_bytes(bytes(32)), "X25519"),
    (x448.X448PrivateKey.from_private_bytes(bytes(56)), "X448"),
]


@pytest.mark.parametrize(("key", "name"), _OTHERS, ids=[name for _, name in _OTHERS])
def test_a_type_that_managed_hsm_lacks(key: PrivateKeyTypes, name: str) -> None:
    pem = armoured(key, PrivateFormat.PKCS8)
    assert refused(pem) == f"the key is of type {name}, and Managed HSM takes RSA and EC keys"


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=named)
def test_a_dsa_key(form: PrivateFormat) -> None:
    pem = armoured(dsa.generate_private_key(1024), form)
    assert refused(pem) == "the key is of type DSA, and Managed HSM takes RSA and EC keys"


@needs_openssl
def test_a_diffie_hellman_key() -> None:
    pem = openssl("genpkey", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048")
    assert refused(pem) == "the key is of type DH, and Managed HSM takes RSA and EC keys"


@pytest.mark.parametrize("curve", [ec.SECP224R1(), ec.BrainpoolP256R1()], ids=lambda c: str(c.name))
def test_a_curve_that_managed_hsm_lacks(curve: ec.EllipticCurve) -> None:
    told = refused(armoured(ec.derive_private_key(7, curve), PrivateFormat.PKCS8))
    assert told == (
        f"the key is on the curve {curve.name}, and Managed HSM takes P-256, P-256K, P-384, P-521"
    )


def test_a_curve_that_nobody_knows() -> None:
    octets = loaded(ec_key()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    known, unknown = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030102")
    told = refused(framed("PRIVATE KEY", octets.replace(known, unknown)))
    assert told == "the key is of a type, curve or cipher that is not supported"


@pytest.mark.parametrize("bits", [1024, 2056])
def test_an_rsa_key_of_another_size(bits: int) -> None:
    key = SeededEntropy(f"pem {bits}".encode(), pooled=False).rsa(bits, 65537).key
    told = refused(armoured(key, PrivateFormat.TraditionalOpenSSL))
    assert told == f"the RSA key has {bits} bits, and Managed HSM takes 2048, 3072, 4096"


def test_more_than_two_primes() -> None:
    # Version 1 and a ninth member; the numbers need not fit for the version to be told.
    numbers = b"".join(der(2, b"\x41" * 64) for _ in range(8))
    more = der(0x30, der(0x30, b"".join(der(2, b"\x41" * 64) for _ in range(3))))
    pkcs1 = der(0x30, b"\x02\x01\x01" + numbers + more)
    rsa_encryption = bytes.fromhex("300d06092a864886f70d0101010500")
    pkcs8 = der(0x30, b"\x02\x01\x00" + rsa_encryption + der(4, pkcs1))
    for pem in (framed("RSA PRIVATE KEY", pkcs1), framed("PRIVATE KEY", pkcs8)):
        assert refused(pem) == "the RSA key has more than two primes, which a JWK cannot say"


FORMS: Final = (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)


@pytest.mark.parametrize("form", FORMS, ids=named)
def test_passphrases(form: PrivateFormat) -> None:
    key = loaded(ec_key())
    encrypted = armoured(key, form, PASSPHRASE)
    assert refused(encrypted) == "the key is encrypted, and no passphrase was given"
    told = "the key is encrypted, and the passphrase that was given is empty"
    assert refused(encrypted, b"") == told
    told = refused(encrypted, b"another")
    assert told.startswith("the encrypted key cannot be read: the passphrase is wrong, or ")
    unasked = "a passphrase was given, and the key is not encrypted"
    assert refused(armoured(key, form), PASSPHRASE) == unasked
    assert refused(armoured(key, form), b"") == unasked


def test_a_cipher_that_is_not_supported() -> None:
    pem = armoured(loaded(ec_key()), PrivateFormat.TraditionalOpenSSL, PASSPHRASE)
    for cipher in (b"DES-CBC", b"CAMELLIA-256-CBC", b"nonsense"):
        told = refused(pem.replace(b"AES-256-CBC", cipher), PASSPHRASE)
        assert told.endswith("of a form that is not supported")


def test_a_form_that_is_not_read() -> None:
    pem = armoured(loaded(ec_key()), PrivateFormat.OpenSSH)
    told = refused(pem)
    assert told.startswith("the form OPENSSH PRIVATE KEY is not read: convert the key to PKCS#8")


def test_broken_frames() -> None:
    pem = plain(ec_key())
    begin, end = b"-----BEGIN PRIVATE KEY-----\n", b"-----END PRIVATE KEY-----\n"
    assert refused(pem.replace(end, b"")) == "the PEM is broken: the BEGIN PRIVATE KEY has no END"
    assert refused(begin + pem) == "the PEM is broken: the BEGIN PRIVATE KEY has no END"
    assert refused(pem.replace(begin, b"")) == "the PEM is broken: an END PRIVATE KEY has no BEGIN"
    assert "has no BEGIN" in refused(pem.replace(b"END PRIVATE", b"END EC PRIVATE"))


def test_broken_contents() -> None:
    pem = plain(ec_key())
    told = "the PRIVATE KEY is broken: its lines are not base64"
    for broken in (pem.replace(b"\nM", b"\n*"), pem.replace(b"\nM", b"\n")):
        assert refused(broken) == told
    for octets in (b"", b"\0", b"\x30\x80", bytes(100)):
        told = refused(framed("PRIVATE KEY", octets))
        assert told == "the PRIVATE KEY is broken: it is not the DER of a valid key"
    told = refused(pem.replace(b" PRIVATE", b" RSA PRIVATE"))
    assert told == "the RSA PRIVATE KEY is broken: it is not the DER of a valid key"


def test_members_that_contradict_each_other() -> None:
    octets = loaded(rsa_key()).private_bytes(
        Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    d = rsa_key().d or b""
    told = refused(framed("RSA PRIVATE KEY", octets.replace(d, bytes(reversed(d)))))
    assert told == "the RSA PRIVATE KEY is broken: it is not the DER of a valid key"


# --- what no file may do --------------------------------------------------------------------------

SEEDS: Final = (
    *(plain(key) for key in (rsa_key(), ec_key(), ec_key("P-521"))),
    *(armoured(loaded(ec_key()), form, b"secret") for form in FORMS),
    armoured(loaded(rsa_key()), PrivateFormat.TraditionalOpenSSL),
)
passphrases = st.sampled_from([None, None, b"secret", b"", b"x"])


@st.composite
def mutated(draw: st.DrawFn, octets: bytes) -> bytes:
    """The bytes with up to four slices replaced by others, also by slices of their own."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(octets)))
        end = min(len(octets), start + draw(st.integers(0, 40)))
        origin = draw(st.integers(0, len(octets)))
        pieces = st.one_of(st.binary(max_size=8), st.just(octets[origin : origin + 40]))
        octets = octets[:start] + draw(pieces) + octets[end:]
    return octets


def a_key_or_a_sentence(pem: bytes, passphrase: bytes | None) -> None:
    try:
        key = key_in_pem(pem, passphrase)
    except PemError as error:
        told = str(error)
        assert told.isprintable()
        assert not told.endswith(".")
    else:
        assert imported_secret(key) is not None


@settings(deadline=None)
@given(st.data(), st.sampled_from(SEEDS), passphrases)
def test_a_mutated_file(data: st.DataObject, pem: bytes, passphrase: bytes | None) -> None:
    a_key_or_a_sentence(data.draw(mutated(pem)), passphrase)


@settings(deadline=None)
@given(st.data(), st.sampled_from(SEEDS), passphrases)
def test_a_mutated_key_in_a_sound_frame(
    data: st.DataObject, pem: bytes, passphrase: bytes | None
) -> None:
    lines = pem.decode().splitlines()
    octets = base64.b64decode("".join(line for line in lines[1:-1] if ":" not in line))
    label = lines[0].removeprefix("-----BEGIN ").removesuffix("-----")
    a_key_or_a_sentence(framed(label, data.draw(mutated(octets))), passphrase)


@given(st.binary(max_size=200), passphrases)
@example(b"-----BEGIN PRIVATE KEY-----", None)
@example(b"-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----", None)
def test_any_bytes(pem: bytes, passphrase: bytes | None) -> None:
    a_key_or_a_sentence(pem, passphrase)


def test_a_file_of_beginnings_takes_no_time() -> None:
    assert "has no END" in refused(b"-----BEGIN PRIVATE KEY-----\n" * 100_000)
