"""What no client would send, over the wire of a server: contents, and bytes of chance."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from http.client import HTTPException
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra `server`)")

from mhsm_model.acceptor import Strictness, accepts
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Call, Credential
from mhsm_model.moments import Interval
from mhsm_model.state import Estate, Instance
from mhsm_model.wire.exchange import wire_exchange
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.judge import with_bytes
from mhsm_model.wire.request_decoding import decode_request
from mhsm_targets.server import Served, serving
from mhsm_targets.server.data_plane import LARGEST_BODY
from mhsm_targets.tests.raw_wire import (
    BODY,
    TOKEN,
    answered,
    read_response,
    request_bytes,
    resident,
    statuses,
)
from mhsm_targets.tests.served import Caller, calling

STRICT: Final = Strictness(strict=True)
CREATE: Final = "/keys/k/create?api-version=7.6"
SIGN: Final = "/keys/k/sign?api-version=7.6"
DEEP: Final = 100_000


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(static_token=TOKEN, controls=True) as running:
        yield running


class Judge:
    """Sends to an instance that nobody else uses, and has each answer judged by all clauses."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._estate = Estate().with_instance(caller.name, Instance(Configuration()))

    def sends(self, method: str, target: str, body: bytes = b"") -> HttpResponse:
        host, begun = self._caller.name, int(time.time())
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        response = self._caller.send(method, target, body, headers)
        assert response is not None
        sent = HttpRequest(method, host, target, headers, body)
        exchange = wire_exchange(sent, response, decode_request(sent))
        call = Call(
            host,
            exchange.request,
            Interval(begun, int(time.time()) + 1),
            sent.query.get("api-version"),
            Credential.TOKEN,
        )
        moved = accepts(self._estate, call, exchange.reply, STRICT)
        judgement = with_bytes(moved, exchange, STRICT)
        assert (judgement.breaches, judgement.warnings) == ((), ())
        assert response.status < 500
        self._estate = judgement.estate
        return response


def key(**members: object) -> bytes:
    return json.dumps({"kty": "EC-HSM", **members}).encode()


def value(text: object, algorithm: object = "ES256") -> bytes:
    return json.dumps({"alg": algorithm, "value": text}).encode()


RESTORE: Final = "/keys/restore?api-version=7.6"
RANDOM: Final = "/rng?api-version=7.6"
LARGE: Final = "A" * 900_000
CONTENTS: Final[dict[str, tuple[str, list[bytes]]]] = {
    "no JSON": (CREATE, [b"{", b"nul", b'"', b"\xff", b"{}{}", b"\xef\xbb\xbf{}", b"{\0\0}"]),
    "another encoding": (CREATE, ['{"kty":"EC"}'.encode(name) for name in ("utf-16", "utf-32")]),
    "no object": (CREATE, [b"[]", b"null", b"1", b'"EC"', b"true"]),
    "texts that are none": (CREATE, [key(kty=1), key(kty=[]), key(key_ops="sign"), key(crv={})]),
    "numbers that are none": (CREATE, [key(key_size=n) for n in (10**30, True, 0.5, "2048")]),
    "objects that are none": (CREATE, [key(attributes=7), key(tags=[]), key(release_policy="x")]),
    "odd numbers": (CREATE, [b'{"kty":NaN}', b'{"key_size":' + b"9" * 5000 + b"}"]),
    "members twice or unknown": (
        CREATE,
        [b'{"kty":"EC-HSM","kty":1}', key(unknown=1), key(attributes={"unknown": {}})],
    ),
    "odd texts": (
        CREATE,
        [
            key(tags={"\u00e9\U0001f511": "\u202e\u0000", "t" * 300: "v" * 300}),
            b'{"kty":"\\ud800"}',
            b'{"kty":"EC-HSM","tags":{"\\udfff":""}}',
        ],
    ),
    "deep": (
        CREATE,
        [b"[" * DEEP, b'{"tags":' * DEEP, b'{"tags":' * 900 + b"1" + b"}" * 900],
    ),
    "large": (CREATE, [b" " * (LARGEST_BODY - 2) + b"{}", key(tags={"t": LARGE})]),
    "bad base64url": (
        SIGN,
        [value(text) for text in ("A", "AA==", "+/+/", "\u00e9", " ", 7, None)],
    ),
    "bad algorithms": (SIGN, [value("A" * 43, name) for name in ("\ud800", None, [1], "", LARGE)]),
    "a large value": (SIGN, [value(LARGE)]),
    "blobs that are none": (RESTORE, [value(LARGE), value("A"), value(""), b"{}"]),
    "odd counts": (
        RANDOM,
        [b'{"count":%s}' % n for n in (b"1e400", b"-1", b"9223372036854775808")],
    ),
}


@pytest.mark.parametrize("what", CONTENTS)
def test_contents_that_no_client_sends_are_answered_lawfully(served: Served, what: str) -> None:
    target, bodies = CONTENTS[what]
    served.controls.reset()
    with calling(served, token=TOKEN) as caller:
        judge = Judge(caller)
        judge.sends("POST", CREATE, key())
        for body in bodies:
            judge.sends("POST", target, body)
        assert judge.sends("GET", "/keys/k?api-version=7.6").status == 200


QUERIES: Final = (
    "",
    "api-version=",
    "api-version=8",
    "API-VERSION=7.6",
    "api-version=7.6&api-version=1",
    "api-version=7.6&maxresults=0",
    "api-version=7.6&maxresults=-1",
    "api-version=7.6&maxresults=" + "9" * 5000,
    "api-version=7.6&$skiptoken=%ff%fe",
    "api-version=7.6&$skiptoken=" + "A" * 10_000,
    "&&&===&%=%",
)
NAMES: Final = ("n" * 127, "n" * 128, "n" * 30_000, "%00", "%ff", "%zz", "%2e%2e", "a_b", "%C3%A9")


def test_queries_names_and_verbs_that_no_client_sends_are_answered_lawfully(
    served: Served,
) -> None:
    served.controls.reset()
    with calling(served, token=TOKEN) as caller:
        judge = Judge(caller)
        for query in QUERIES:
            judge.sends("GET", f"/keys?{query}")
        for name in NAMES:
            judge.sends("POST", f"/keys/{name}/create?api-version=7.6", key())
            judge.sends("GET", f"/keys/{name}?api-version=7.6")
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE", "SEARCH"):
            judge.sends(method, "/keys?api-version=7.6", b"{}")


REQUESTS: Final = (
    b"GET /keys?api-version=7.6 HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n",
    b"POST /keys/k/create?api-version=7.6 HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}"
    b"\r\nContent-Length: 16\r\n\r\n" + BODY,
    b"POST /rng?api-version=7.6 HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"b\r\n" + b'{"count":1}' + b"\r\n0\r\n\r\n",
)
PIECES: Final = st.one_of(
    st.binary(max_size=4),
    st.sampled_from(
        [
            *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"%", b"\xff", b"\r\n\r\n", b"0"),
            *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: x\r\n"),
        ]
    ),
)
CHANGES: Final = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 8), PIECES), max_size=4)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=3), CHANGES)
def test_bytes_of_chance_are_answered_by_http_below_500_or_not_at_all(
    served: Served, requests: list[bytes], changes: list[tuple[int, int, bytes]]
) -> None:
    host = served.url.removeprefix("https://").encode()
    sent = b"".join(requests).replace(b"{host}", host).replace(b"{token}", TOKEN.encode())
    for place, length, piece in changes:
        sent = sent[:place] + piece + sent[place + length :]
    # Whatever the bytes left open is closed by more of them than any body has.
    told = answered(served, sent + b"\r\n\r\n" + b"\0" * 70_000)
    assert all(100 <= status < 500 for status in statuses(told))
    if told:
        with contextlib.suppress(HTTPException):
            assert read_response(told).status in statuses(told)
    assert statuses(answered(served, request_bytes(served, last=True))) == [200]


def test_bodies_without_end_take_no_memory() -> None:
    with serving(static_token=TOKEN) as alone:
        before = resident(alone.ready.pid)
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        head = request_bytes(alone, f"POST {CREATE}", "Transfer-Encoding: chunked")
        for _ in range(20):
            assert statuses(answered(alone, head + chunk * 64)) in ([413], [])
        assert statuses(answered(alone, request_bytes(alone, last=True))) == [200]
        assert resident(alone.ready.pid) - before < 32 << 20
