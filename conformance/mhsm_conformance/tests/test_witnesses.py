"""Testimonies of clients are judged by computing again what they claim."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, keywrap, padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric.utils import (
    NoDigestInfo,
    Prehashed,
    decode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC

from mhsm_conformance.witnesses.evidence import objection
from mhsm_conformance.witnesses.judging import judged
from mhsm_conformance.witnesses.programs import Witness, rows_of
from mhsm_conformance.witnesses.table import Outcome, Row, print_table, write_table
from mhsm_conformance.witnesses.testimony import (
    Claims,
    decrypts,
    encoded,
    equal,
    signs,
)
from mhsm_conformance.witnesses.testimony import Testimony as Witnessing  # pytest collects Test*

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
DIGEST = bytes(range(32))
SECRET = bytes(range(16, 48))
TEXT = bytes(range(100, 132))
IV = bytes(16)


def octets(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def rsa_key() -> dict[str, Any]:
    numbers = PRIVATE.public_key().public_numbers()
    pem = PRIVATE.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {"n": encoded(octets(numbers.n)), "e": "AQAB", "pem": pem.decode()}


def rsa_signature(algorithm: str) -> dict[str, Any]:
    digest = hashes.SHA256()
    if algorithm == "RSNULL":
        made = PRIVATE.sign(DIGEST, rsa_padding.PKCS1v15(), NoDigestInfo())
    elif algorithm == "PS256":
        scheme = rsa_padding.PSS(rsa_padding.MGF1(digest), 32)
        made = PRIVATE.sign(DIGEST, scheme, Prehashed(digest))
    else:
        made = PRIVATE.sign(DIGEST, rsa_padding.PKCS1v15(), Prehashed(digest))
    return signs(rsa_key(), algorithm, DIGEST, made)


def ec_signature() -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256K1())
    numbers = key.public_key().public_numbers()
    pair = decode_dss_signature(key.sign(DIGEST, ec.ECDSA(Prehashed(hashes.SHA256()))))
    shown = {"x": encoded(numbers.x.to_bytes(32)), "y": encoded(numbers.y.to_bytes(32))}
    signature = b"".join(part.to_bytes(32) for part in pair)
    return signs({"crv": "P-256K", **shown}, "ES256K", DIGEST, signature)


def mac() -> dict[str, Any]:
    made = HMAC(SECRET, hashes.SHA256())
    made.update(DIGEST)
    return signs({"k": encoded(SECRET)}, "HS256", DIGEST, made.finalize())


def cbc(algorithm: str) -> dict[str, Any]:
    text = TEXT
    if algorithm.endswith("PAD"):
        padder = padding.PKCS7(128).padder()
        text = padder.update(TEXT) + padder.finalize()
    encryptor = Cipher(algorithms.AES(SECRET), modes.CBC(IV)).encryptor()
    made = encryptor.update(text) + encryptor.finalize()
    return decrypts({"k": encoded(SECRET)}, algorithm, TEXT, made, iv=IV)


def gcm() -> dict[str, Any]:
    made = AESGCM(SECRET).encrypt(IV[:12], TEXT, b"aad")
    key = {"k": encoded(SECRET)}
    return decrypts(key, "A256GCM", TEXT, made[:-16], iv=IV[:12], tag=made[-16:], aad=b"aad")


def oaep() -> dict[str, Any]:
    digest = hashes.SHA256()
    scheme = rsa_padding.OAEP(rsa_padding.MGF1(digest), digest, None)
    made = PRIVATE.public_key().encrypt(TEXT, scheme)
    return decrypts(rsa_key(), "RSA-OAEP-256", TEXT, made)


def wrapped(algorithm: str) -> dict[str, Any]:
    with_padding = algorithm.endswith("PAD")
    wrap = keywrap.aes_key_wrap_with_padding if with_padding else keywrap.aes_key_wrap
    return decrypts({"k": encoded(SECRET)}, algorithm, TEXT, wrap(SECRET, TEXT))


GOOD: dict[str, Callable[[], dict[str, Any]]] = {
    "RS256": lambda: rsa_signature("RS256"),
    "PS256": lambda: rsa_signature("PS256"),
    "RSNULL": lambda: rsa_signature("RSNULL"),
    "ES256K": ec_signature,
    "HS256": mac,
    "A256CBC": lambda: cbc("A256CBC"),
    "A256CBCPAD": lambda: cbc("A256CBCPAD"),
    "A256GCM": gcm,
    "RSA-OAEP-256": oaep,
    "A256KW": lambda: wrapped("A256KW"),
    "CKM_AES_KEY_WRAP_PAD": lambda: wrapped("CKM_AES_KEY_WRAP_PAD"),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_right_is_believed_and_what_was_altered_is_not(name: str) -> None:
    claim = GOOD[name]()
    assert objection(claim) is None
    for member in ("value", "signature", "plaintext", "ciphertext"):
        if claim.get(member) is not None:
            shown = claim[member]
            altered = ("B" if shown[0] != "B" else "C") + shown[1:]
            assert objection({**claim, member: altered}) is not None, member


@pytest.mark.parametrize(
    "claim",
    [
        {},
        {"is": "believed"},
        {"is": "signs", "key": {}, "algorithm": "RS256", "value": "", "signature": ""},
        {**equal("one", 1, True)},
        {**equal("nothing", None, 0)},
        {**equal("bytes", b"a", b"b")},
    ],
)
def test_a_claim_that_cannot_be_checked_or_is_wrong_is_objected_to(claim: dict[str, Any]) -> None:
    assert objection(claim)


def told_by(*tell: Callable[[Witnessing], None], ends: bool) -> list[Row]:
    stream = io.StringIO()
    witness = Witnessing("client", "1.0", stream)
    for part in tell:
        part(witness)
    if ends:
        witness.end()
    return judged("client", stream.getvalue().splitlines())


RIGHT: Claims = [equal("it", 1, 1)]
WRONG: Claims = [equal("it", 1, 2)]


OUTCOMES: list[tuple[Callable[[Witnessing], None], Outcome]] = [
    (lambda t: t.shows("op", RIGHT), Outcome.PASSED),
    (lambda t: t.shows("op", [*RIGHT, *WRONG]), Outcome.FAILED),
    (lambda t: t.shows("op", []), Outcome.FAILED),
    (lambda t: t.fails("op", "why"), Outcome.FAILED),
    (lambda t: t.is_beyond("op", "NotSupported"), Outcome.NOT_MODELLED),
    (lambda t: t.is_beyond("op", "Forbidden"), Outcome.FAILED),
    (lambda t: t.shows("op", RIGHT, "the client is wrong"), Outcome.CLIENT_DEFECT),
    (lambda t: t.shows("op", WRONG, "the client is wrong"), Outcome.FAILED),
]


@pytest.mark.parametrize(("tell", "outcome"), OUTCOMES)
def test_an_operation_has_the_outcome_of_its_claims(
    tell: Callable[[Witnessing], None], outcome: Outcome
) -> None:
    (row,) = told_by(tell, ends=True)
    assert (row.client, row.version, row.operation, row.outcome) == ("client", "1.0", "op", outcome)


def test_a_testimony_that_is_cut_off_or_garbled_fails() -> None:
    def good(witness: Witnessing) -> None:
        witness.shows("op", RIGHT)

    assert [row.outcome for row in told_by(good, ends=False)] == [Outcome.PASSED, Outcome.FAILED]
    assert [row.outcome for row in judged("client", [])] == [Outcome.FAILED]
    garbled = judged("client", ["Traceback", json.dumps({"end": 0})])
    assert {row.outcome for row in garbled} == {Outcome.FAILED}


def test_a_client_that_is_not_installed_is_absent_and_not_passed(tmp_path: Path) -> None:
    def missing(_: Path) -> list[str]:
        raise LookupError("it is not installed")

    (row,) = rows_of(Witness("client", missing), None, tmp_path)
    assert (row.outcome, row.detail) == (Outcome.ABSENT, "it is not installed")


def test_the_table_is_printed_and_written(tmp_path: Path) -> None:
    rows = [
        Row("client", "1.0", "sign", Outcome.PASSED),
        Row("client", "1.0", "verify", Outcome.FAILED, "the signature is not good"),
    ]
    stream = io.StringIO()
    print_table(rows, stream)
    told = stream.getvalue().splitlines()
    assert " ".join(told[2].split()) == "client 1.0 verify failed: the signature is not good"
    assert told[-1] == "1 clients, 2 operations: 1 passed, 1 failed"
    write_table(rows, "model", tmp_path / "table.json")
    document = json.loads((tmp_path / "table.json").read_text("utf-8"))
    assert document["rows"][1]["outcome"] == "failed"
