"""No message is so odd that reading or judging it raises."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mhsm_model.exchange import (
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetKey,
    KeyBundle,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    Malformed,
    NoOperation,
    PurgeDeletedKey,
    Request,
    Sign,
    Verify,
)
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.tests.scenes import HOSTS, Scene, judged, scene
from mhsm_model.wire.exchange import wire_exchange
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.judge import with_bytes
from mhsm_model.wire.request_decoding import decode_request
from mhsm_model.wire.request_encoding import encode_request
from mhsm_model.wire.routes import route

HOST: Final = HOSTS[0]
PROPERTY: Final = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
NESTED: Final = {f"nested {depth}": depth for depth in (100, 900, 100_000)}
BODIES: Final = {
    **{name: b'{"value":' * depth for name, depth in NESTED.items()},
    **{f"{n}, closed": b"[" * depth + b"]" * depth for n, depth in NESTED.items()},
    **{f"{n}, object": b'{"key":' * d + b"1" + b"}" * d for n, d in NESTED.items()},
    "digits": b'{"key_size":' + b"9" * 5000 + b"}",
    "fewer digits": b'{"key_size":' + b"9" * 4000 + b',"attributes":{"nbf":' + b"9" * 4000 + b"}}",
    "not a number": b'{"kty":NaN,"value":NaN,"key_size":Infinity,"tags":{"a":NaN}}',
    "twice": b'{"kty":"EC","kty":1,"alg":"A","alg":2,"value":"","value":{}}',
    "a surrogate": b'{"kty":"\\ud800","alg":"\\udfff","value":"\\ud800"}',
    "a null": b'{"kty":"\\u0000","alg":"\\u0000","tags":{"\\u0000":"\\u0000"}}',
    "no UTF-8": b"\xff\xfe\x00{}",
    "a mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"kty":"EC"}'.encode("utf-16"),
    "letters": b'{"value":"\xc3\xa9\xc3\xa9","alg":"\xc3\xa9"}',
    "text": b"OK",
    "blanks": b"   ",
    "long": b'{"value":"' + b"A" * 100_000 + b'","alg":"RS256"}',
}
TARGETS: Final = (
    ("POST", "/keys/a/create"),
    ("PUT", "/keys/a"),
    ("PATCH", "/keys/a"),
    ("POST", "/keys/a/sign"),
    ("POST", "/keys/a/verify"),
    ("POST", "/keys/a/encrypt"),
    ("POST", "/keys/a/decrypt"),
)
REQUESTS: Final[tuple[Request, ...]] = (
    CreateKey("a", "EC"),
    GetKey("a"),
    DeleteKey("a"),
    ListKeys(),
    ListDeletedKeys(),
    ListKeyVersions("a"),
    PurgeDeletedKey("a"),
    Sign("a", None, "ES256", bytes(32)),
    Verify("a", None, "ES256", bytes(32), bytes(64)),
    Encrypt("a", None, "RSA-OAEP", b"x"),
    Decrypt("a", None, "A256GCM", b"x", b"i", None, b"t"),
)
MEMBERS: Final = (
    *(
        "key",
        "kid",
        "kty",
        "crv",
        "x",
        "y",
        "n",
        "e",
        "d",
        "key_ops",
        "attributes",
        "tags",
        "other",
    ),
    *("created", "updated", "enabled", "nbf", "exp", "exportable", "recoverableDays"),
    *("recoveryLevel", "release_policy", "data", "deletedDate", "scheduledPurgeDate", "recoveryId"),
    *("value", "nextLink", "alg", "iv", "tag", "aad", "error", "code", "message"),
)
DOCUMENTS: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.sampled_from(
        ["", "AA", "A", "=", "é", f"https://{HOST}/keys/a/{'0' * 32}", "EC-HSM", "P-256"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(MEMBERS),
            inner,
            max_size=8,
        )
    ),
    max_leaves=25,
)


def stage() -> Scene:
    made = scene()
    made.send(CreateKey("a", "EC"))
    return made


STAGE: Final = stage()


def judge(request: Request, response: HttpResponse) -> None:
    """Judge a response to a request in all the ways that a session does."""
    sent = encode_request(request, HOST, "7.5", "token")
    exchange = wire_exchange(sent, response, request)
    call = STAGE.call(request)
    judgement = with_bytes(judged(STAGE.estate, call, exchange.reply), exchange)
    for breach in (*judgement.breaches, *judgement.warnings):
        assert str(breach)
    judged(judgement.estate, call, exchange.reply)


@pytest.mark.parametrize(("method", "target"), TARGETS)
@pytest.mark.parametrize("name", BODIES)
def test_no_body_of_a_request_raises(method: str, target: str, name: str) -> None:
    found = decode_request(HttpRequest(method, HOST, target, {}, BODIES[name]))
    if isinstance(found, Malformed):
        assert len(found.problem) < 200


@pytest.mark.parametrize("name", [n for n in BODIES if n.startswith(("not", "text", "blanks"))])
def test_a_body_that_cannot_be_meant_is_malformed(name: str) -> None:
    for method, target in TARGETS:
        found = decode_request(HttpRequest(method, HOST, target, {}, BODIES[name]))
        assert isinstance(found, Malformed)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda r: type(r).__name__)
@pytest.mark.parametrize("status", [200, 204, 302, 400, 401, 404, 500, 599])
def test_no_body_of_a_response_raises(request_: Request, status: int) -> None:
    for body in BODIES.values():
        judge(request_, HttpResponse(status, {}, body))


@PROPERTY
@given(DOCUMENTS, st.sampled_from(REQUESTS), st.sampled_from([200, 400, 500]))
def test_no_document_in_a_response_raises(document: Any, request: Request, status: int) -> None:
    judge(request, json_response(status, document))


def json_response(status: int, document: Any) -> HttpResponse:
    return HttpResponse(status, {}, json.dumps(document).encode())


@PROPERTY
@given(st.sampled_from(["GET", "PUT", "POST", "PATCH", "DELETE", "", "G\0"]), st.text(max_size=40))
def test_no_path_raises(method: str, text: str) -> None:
    for target in (f"/{text}", f"/keys/{text}", f"/deletedkeys/{text}", f"/keys?{text}"):
        message = HttpRequest(method, HOST, target, {}, b"{}")
        decode_request(message)
        route(method, message.path)
        assert all(isinstance(name, str) for name in message.query)


@pytest.mark.parametrize("target", ["", "[", "*", "//[", "https://h/keys", "?", "/%", "/keys/%ff"])
def test_an_odd_target_is_no_operation_or_a_name(target: str) -> None:
    found = decode_request(HttpRequest("GET", HOST, target))
    assert isinstance(found, NoOperation | GetKey)


@pytest.mark.parametrize(
    "number", [10**4298, -(10**4298), 1 << 62, -1], ids=["huge", "low", "long", "-1"]
)
def test_no_number_in_a_bundle_raises(number: int) -> None:
    attributes = {
        "enabled": True,
        "created": number,
        "updated": number,
        "recoverableDays": number,
        "recoveryLevel": "Recoverable",
        "exportable": False,
        "nbf": number,
        "exp": number,
    }
    kid = str(KeyIdentifier(HOST, "a", "0" * 32))
    no_operations: list[str] = []
    bundle = {
        "key": {"kid": kid, "kty": "oct-HSM", "key_ops": no_operations},
        "attributes": attributes,
    }
    deletion = {"recoveryId": "", "deletedDate": number, "scheduledPurgeDate": number}
    item = {"kid": kid, "attributes": attributes, **deletion}
    for request in REQUESTS:
        judge(request, json_response(200, {**bundle, **deletion, "value": [item]}))


@pytest.mark.parametrize("header", ["", "Bearer", 'Bearer authorization="', "\0", 'a="b" a="c"'])
def test_no_challenge_raises(header: str) -> None:
    for request in REQUESTS:
        judge(request, HttpResponse(401, {"www-authenticate": header}))


def test_headers_of_any_text_do_not_raise() -> None:
    shown = {"content-type": "é\0", "x-ms-request-id": "x" * 10_000, "x-ms-server-latency": "²"}
    bundle = STAGE.send(GetKey("a"))
    assert isinstance(bundle, KeyBundle)
    judge(GetKey("a"), HttpResponse(200, shown, b"{}"))
