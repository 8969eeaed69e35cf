"""Imported secrets as canaries: found wherever they stand, and nobody accused who told nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import gmpy2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsm_model.exchange import (
    CreateKey,
    Decrypt,
    Encrypt,
    GetKey,
    ImportKey,
    Reach,
    Request,
    Unmodelled,
)
from mhsm_model.jwk import PRIVATE_MEMBERS, JsonWebKey
from mhsm_model.tests.keys_to_import import ec_key, oct_key, rsa_key
from mhsm_model.wire.canary import ImportedSecrets, Leak
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.request_encoding import encode_request

HOST: Final = "hsm.managedhsm.azure.net"
MARK: Final = b"(imported secret)"
KEYS: Final = (rsa_key(), ec_key(), ec_key("P-521"), oct_key(16), oct_key())

Write = Callable[[bytes], bytes]
FORMS: Final[dict[str, Write]] = {
    "as it is": lambda secret: secret,
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "base64url without padding": lambda secret: base64.urlsafe_b64encode(secret).rstrip(b"="),
    "base64 in a record, one byte on": lambda secret: base64.b64encode(b"=" + secret + b";"),
    "base64url in a record, two bytes on": lambda s: base64.urlsafe_b64encode(b"k=" + s + b";"),
    "hexadecimal": lambda secret: secret.hex().encode(),
    "capital hexadecimal": lambda secret: secret.hex().upper().encode(),
    "JSON with its solidus escaped": lambda s: base64.b64encode(s).replace(b"/", b"\\/"),
}


def message(request: Request) -> HttpRequest:
    return encode_request(request, HOST, "7.5", "token")


def after(*requests: Request) -> ImportedSecrets:
    secrets = ImportedSecrets()
    for request in requests:
        secrets = secrets.sending(message(request), request)
    return secrets


def leaks_of(
    secrets: ImportedSecrets, answered: HttpResponse, request: Request | None = None
) -> tuple[Leak, ...] | None:
    return secrets.screened(answered, request or GetKey("a"))[1]


def private(key: JsonWebKey) -> dict[str, bytes]:
    members = {name: getattr(key, name) for name in PRIVATE_MEMBERS}
    return {name: value for name, value in members.items() if value is not None}


def body(text: bytes) -> HttpResponse:
    return HttpResponse(200, {"content-type": "application/json"}, b'{"a":"' + text + b'"}')


# --- found ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.kty} {len(key.n or key.k or key.d)}")
def test_every_private_member_is_found_in_every_form(key: JsonWebKey, form: str) -> None:
    secrets = after(ImportKey("a", key))
    for name, secret in private(key).items():
        written = FORMS[form](secret)
        redacted, leaks = secrets.screened(body(written), GetKey("a"))
        assert leaks
        assert {(leak.member, leak.place) for leak in leaks} == {(name, "the body")}
        assert MARK in redacted.body
        # At most the letters at both ends are left, which the secret shares with its neighbours.
        assert len(redacted.body.replace(MARK, b"")) <= len(body(b"").body) + 10


@pytest.mark.parametrize("key", KEYS[:3], ids=["RSA", "P-256", "P-521"])
def test_numbers_are_found_in_decimal(key: JsonWebKey) -> None:
    secrets = after(ImportKey("a", key))
    for secret in private(key).values():
        digits = str(int.from_bytes(secret)).encode()
        leaks = leaks_of(secrets, body(digits))
        assert leaks is not None
        assert {leak.form for leak in leaks} == {"in decimal"}


def test_a_number_with_more_digits_than_str_takes() -> None:
    long = bytes(range(1, 200)) * 20
    digits = gmpy2.mpz(int.from_bytes(long)).digits().encode()
    assert leaks_of(after(ImportKey("a", JsonWebKey("RSA", d=long))), body(digits))


def test_headers_are_searched() -> None:
    key = ec_key()
    answered = HttpResponse(404, {"x-a": "b", "x-c": f"d={(key.d or b'').hex()}"}, b"{}")
    redacted, leaks = after(ImportKey("a", key)).screened(answered, GetKey("a"))
    leak = Leak("d", "in hexadecimal", "a header")
    assert leaks == (leak,)
    assert redacted.headers == {"x-a": "b", "x-c": "d=(imported secret)"}
    assert str(leak) == "member d of an imported key in hexadecimal, in a header"


@given(st.binary(min_size=8, max_size=40), st.binary(max_size=30), st.binary(max_size=30))
def test_a_secret_is_found_wherever_it_stands(secret: bytes, before: bytes, behind: bytes) -> None:
    secrets = after(ImportKey("a", JsonWebKey("oct", k=secret)))
    watched = len(set(secret)) >= 4
    for write in FORMS.values():
        answered = HttpResponse(200, {}, before + write(secret) + behind)
        leaks = leaks_of(secrets, answered)
        if not watched:
            assert leaks is None
        elif b"/" not in before + behind + secret:
            assert leaks


def test_what_was_imported_without_success_counts_too() -> None:
    key = ec_key()
    secrets = after(ImportKey("a", replace(key, kty=None)), ImportKey("b", replace(key, x=key.y)))
    assert leaks_of(secrets, body((key.d or b"").hex().encode()))


def test_nothing_of_a_secret_is_in_a_representation() -> None:
    secrets = after(*(ImportKey("a", key) for key in KEYS))
    _, leaks = secrets.screened(body((rsa_key().p or b"").hex().encode()), GetKey("a"))
    assert repr(secrets) == "ImportedSecrets()"
    assert repr(leaks) == "(Leak(member='p', form='in hexadecimal', place='the body'),)"


# --- not found ------------------------------------------------------------------------------------


def test_nothing_is_searched_before_an_import() -> None:
    answered = body(b"anything")
    assert after(CreateKey("a", "EC")).screened(answered, GetKey("a")) == (answered, None)


def test_a_response_without_secrets_comes_back_as_it_is() -> None:
    key = rsa_key()
    public = {"n": (key.n or b"").hex(), "e": base64.b64encode(key.e or b"").decode(), "s": "\\/"}
    answered = HttpResponse(200, {"x-a": "b"}, json.dumps(public).encode())
    same, leaks = after(*(ImportKey("a", key) for key in KEYS)).screened(answered, GetKey("a"))
    assert same is answered
    assert leaks == ()


def test_short_and_plain_secrets_are_not_searched_for() -> None:
    plain = (bytes(32), b"\1\2" * 16, bytes(range(7)))
    secrets = after(*(ImportKey("a", JsonWebKey("oct", k=value)) for value in plain))
    assert leaks_of(secrets, body(bytes(32).hex().encode())) is None


def telling(secret: bytes) -> list[Request]:
    """Requests by which a client tells a secret to the service."""
    text = secret.hex()
    return [
        ImportKey("b", ec_key("P-384"), tags={"a": text}),
        CreateKey("b", "EC", tags={text: "a"}),
        GetKey(text),
        Encrypt("b", None, "RSA-OAEP", secret),
    ]


@pytest.mark.parametrize("at", range(4))
def test_a_secret_that_was_told_is_none_any_more(at: int) -> None:
    key = ec_key()
    text = (key.d or b"").hex()
    tell = telling(key.d or b"")[at]
    first, later = ImportKey("a", key), body(text.encode())
    assert leaks_of(after(first), later)
    assert not leaks_of(after(first, tell), later)
    # Nor does another import make it one again.
    assert not leaks_of(after(first, tell, first), later)


def test_an_import_that_tells_its_own_secret() -> None:
    key = ec_key()
    text = base64.urlsafe_b64encode(key.d or b"").decode().rstrip("=")
    for request in (
        ImportKey("a", key, tags={"a": text}),
        ImportKey("a", replace(key, x=key.d)),
        ImportKey("a", replace(key, key_hsm=key.d)),
    ):
        assert not leaks_of(after(request), body(text.encode()))


def test_another_secret_of_the_key_stays_one() -> None:
    key = rsa_key()
    secrets = after(ImportKey("a", key), Encrypt("a", None, "RSA-OAEP", key.p or b""))
    assert not leaks_of(secrets, body((key.p or b"").hex().encode()))
    assert leaks_of(secrets, body((key.q or b"").hex().encode()))


def test_what_a_decryption_gives_is_not_searched() -> None:
    key = oct_key()
    secrets, request = after(ImportKey("a", key)), Decrypt("a", None, "RSA-OAEP", bytes(256))
    text = base64.urlsafe_b64encode(key.k or b"").decode().rstrip("=")
    given_back: dict[str, Any] = {"kid": "b", "value": text}
    assert leaks_of(secrets, HttpResponse(200, {}, json.dumps(given_back).encode()), request) == ()
    given_back["kid"] = (key.k or b"").hex()
    assert leaks_of(secrets, HttpResponse(200, {}, json.dumps(given_back).encode()), request)
    refused = HttpResponse(400, {}, json.dumps({"value": text}).encode())
    assert leaks_of(secrets, refused, request)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"value":""}', b'{"value":[1]}'])
def test_a_decryption_that_gives_nothing(content: bytes) -> None:
    secrets, request = after(ImportKey("a", ec_key())), Decrypt("a", None, "RSA-OAEP", bytes(256))
    assert leaks_of(secrets, HttpResponse(200, {}, content), request) == ()


def test_what_is_not_modelled_is_not_searched() -> None:
    key = oct_key()
    answered = body((key.k or b"").hex().encode())
    request = Unmodelled("UnwrapKey", Reach.USE, "a")
    assert after(ImportKey("a", key)).screened(answered, request) == (answered, None)
