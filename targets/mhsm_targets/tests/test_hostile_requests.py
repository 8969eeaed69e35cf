"""Whatever a request looks like, the emulator answers it, and no clause is broken."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mhsm_model.acceptor import Strictness, accepts
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import CreateKey
from mhsm_model.wire.exchange import wire_exchange
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.judge import with_bytes
from mhsm_model.wire.request_encoding import encode_request
from mhsm_targets.emulator import Emulator

HOST: Final = "hsm-a.managedhsm.azure.net"
STRICT: Final = Strictness(strict=True)
PROPERTY: Final = settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
VERSION: Final = "0123456789abcdef" * 2
WORDS: Final = (
    *("keys", "deletedkeys", "rng", "backup", "restore", "settings", "ekm", "providers", ""),
    *("a", "b", "not_a_name", "n" * 128, "n" * 100_000, VERSION, VERSION.upper(), "..", "."),
    *("create", "versions", "sign", "Verify", "encrypt", "decrypt", "wrapKey", "unwrapkey"),
    *("recover", "rotate", "rotationpolicy", "release", "attestation", "pending", "copy"),
    *("%2e%2e", "%2F", "%00", "%ff", "%", "%zz", "é", "%C3%A9", "a%0d%0ax: y", "a;b", "*", "{n}"),
    "Microsoft.Authorization",
    "roleDefinitions",
)
PATHS: Final = st.lists(st.sampled_from(WORDS), max_size=6).map(lambda p: "/" + "/".join(p))
QUERIES: Final = st.sampled_from(
    [
        *("api-version=7.5", "api-version=7.5", "api-version=7.5", "", "api-version="),
        *("api-version=8", "API-VERSION=7.5", "api-version=7.5&api-version=7.4", "api-version"),
        *("api-version=7.5&maxresults=0", "api-version=7.5&maxresults=-1", "maxresults=25"),
        "api-version=7.5&maxresults=1e3",
        "api-version=7.5&maxresults=" + "9" * 5000,
        "api-version=7.5&$skiptoken=AAAA",
        "$skiptoken=K1JJRDphI1JUOjE",
        "$skiptoken=%ff%fe",
        "api-version=7.5&$skiptoken=" + "A" * 10_000,
        "&&&===&%=%",
        "?" * 50,
    ]
)
METHODS: Final = st.sampled_from(
    [*("GET", "PUT", "POST", "PATCH", "DELETE") * 3, "HEAD", "OPTIONS", "TRACE", "BREW", "get", ""]
)
MEMBERS: Final = (
    *("kty", "key_size", "crv", "public_exponent", "key_ops", "attributes", "tags", "key"),
    *("release_policy", "data", "contentType", "immutable", "enabled", "nbf", "exp", "exportable"),
    *("n", "e", "d", "p", "x", "y", "k", "key_hsm", "alg", "value", "digest", "iv", "aad", "tag"),
    *("count", "external_key", "a", "é", "\ud800", ""),
)
VALUES: Final = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [
            *("EC", "RSA", "oct", "RSA-HSM", "P-256", "P-999", "ES256", "A256KW", "A256GCM"),
            *("", "AAAA", "A", "AA==", "+/+/", "é", "\ud800", "\0", "sign", "import"),
            "A" * 43,
            "A" * 5000,
        ]
    )
)
DOCUMENTS: Final = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=6)
    ),
    max_leaves=20,
)
RAW: Final = st.sampled_from(
    [
        *(b"", b"{", b"null", b"[]", b"\xff\xfe", b"\xef\xbb\xbf{}", b'"' + b"A" * 100_000 + b'"'),
        *(b"[" * 100_000, b'{"key":' * 100_000, b'{"key":' * 900 + b"1" + b"}" * 900),
        *(b'{"kty":NaN}', b'{"key_size":' + b"9" * 5000 + b"}", b'{"kty":"EC","kty":1}'),
        '{"kty":"EC"}'.encode("utf-16"),
    ]
)
BODIES: Final = DOCUMENTS.map(lambda document: json.dumps(document).encode()) | RAW
HEADERS: Final = st.sampled_from(
    [
        *({},) * 2,
        {"content-type": "application/json"},
        {"content-type": "text/plain"},
        {"content-type": ""},
        {"x-http-method": "DELETE"},
        {"content-length": "-1", "transfer-encoding": "chunked"},
        {"authorization": "Bearer"},
        {"authorization": "Basic é"},
    ]
)


class Watched:
    """An emulator whose every answer is judged."""

    def __init__(self) -> None:
        self.emulator = Emulator({HOST: Configuration()}, 1)

    def sends(self, message: HttpRequest) -> HttpResponse:
        before, call = self.emulator.estate, self.emulator.call(message)
        response = self.emulator.exchange(message)
        assert response is not None
        exchange = wire_exchange(message, response, call.request)
        judgement = with_bytes(accepts(before, call, exchange.reply, STRICT), exchange, STRICT)
        assert (judgement.breaches, judgement.warnings) == ((), ())
        assert 200 <= response.status < 500
        return response

    def headed(self, headers: dict[str, str]) -> dict[str, str]:
        return {"authorization": f"Bearer {self.emulator.token}", **headers}


def watched() -> Watched:
    made = Watched()
    for name, kty in (("a", "EC"), ("b", "oct")):
        size = 256 if kty == "oct" else None
        request = CreateKey(name, kty, key_size=size)
        made.sends(encode_request(request, HOST, "7.5", made.emulator.token))
    return made


@PROPERTY
@given(METHODS, PATHS, QUERIES, HEADERS, BODIES)
def test_every_message_gets_a_lawful_answer(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    stage = watched()
    stage.sends(HttpRequest(method, HOST, f"{path}?{query}", stage.headed(headers), body))


@PROPERTY
@given(
    st.sampled_from(
        [
            *(("POST", "/keys/a/create"), ("PUT", "/keys/c"), ("PATCH", "/keys/a")),
            *(("POST", "/keys/a/sign"), ("POST", "/keys/a/verify"), ("POST", "/keys/b/encrypt")),
            *(("POST", "/keys/b/decrypt"), ("POST", "/keys/b/wrapkey"), ("POST", "/rng")),
            *(("POST", "/keys/b/unwrapkey"), ("POST", "/keys/restore")),
        ]
    ),
    st.dictionaries(st.sampled_from(MEMBERS), DOCUMENTS, max_size=8),
)
def test_every_body_of_an_operation_gets_a_lawful_answer(
    asked: tuple[str, str], document: dict[str, Any]
) -> None:
    stage = watched()
    method, path = asked
    target = f"{path}?api-version=7.5"
    stage.sends(HttpRequest(method, HOST, target, stage.headed({}), json.dumps(document).encode()))
    stage.sends(HttpRequest("GET", HOST, "/keys/a?api-version=7.5", stage.headed({})))


@pytest.mark.parametrize("target", ["", "*", "?", "//", "https://elsewhere/keys", "keys", "/%"])
def test_a_target_that_is_no_path_is_answered(target: str) -> None:
    stage = watched()
    for method in ("GET", "POST", "CONNECT"):
        response = stage.sends(HttpRequest(method, HOST, target, stage.headed({}), b""))
        assert 400 <= response.status < 500


@pytest.mark.parametrize("name", ["n" * 128, "n" * 1_000_000, "é", "a%00", "%F0%9F%94%91"])
def test_a_name_that_is_none_is_refused_and_not_repeated_at_length(name: str) -> None:
    stage = watched()
    target = f"/keys/{name}?api-version=7.5"
    response = stage.sends(HttpRequest("GET", HOST, target, stage.headed({})))
    assert response.status == 400
    assert len(response.body) < 2000
