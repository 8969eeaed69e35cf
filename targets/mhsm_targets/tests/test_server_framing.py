"""Requests that are framed in more than one way, or in none, sent as bytes to a server."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra `server`)")

from mhsm_model.acceptor import Strictness
from mhsm_model.judgement import Judgement
from mhsm_model.state import Estate
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
    raw_connection,
    read_response,
    request_bytes,
    statuses,
)

CREATE = "POST /keys/k/create?api-version=7.6"
CHUNKS = b"10\r\n" + BODY + b"\r\n0\r\n\r\n"
LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(static_token=TOKEN) as running:
        yield running


def alive(served: Served) -> bool:
    return statuses(answered(served, request_bytes(served, last=True))) == [200]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ((LENGTH, CHUNKED), CHUNKS),
        ((CHUNKED, LENGTH), CHUNKS),
        ((LENGTH, LENGTH), BODY),
        ((LENGTH, "Content-Length: 17"), BODY),
        (("Content-Length: 16, 16",), BODY),
        (("Content-Length: +16",), BODY),
        (("Content-Length: -1",), BODY),
        (("Content-Length: 0x10",), BODY),
        (("Content-Length: 18446744073709551616",), BODY),
        (("Transfer-Encoding: xchunked",), CHUNKS),
        (("Transfer-Encoding: gzip, chunked",), CHUNKS),
        (("Transfer-Encoding: chunked, identity",), CHUNKS),
        (("Transfer-Encoding: identity", LENGTH), BODY),
        (("Transfer-Encoding : chunked",), CHUNKS),
        ((CHUNKED, CHUNKED), CHUNKS),
        (("Transfer-Encoding:\x0bchunked",), CHUNKS),
        ((CHUNKED,), b"zz\r\n"),
        ((CHUNKED,), b"fffffffffffffffff\r\n"),
        ((CHUNKED,), CHUNKS.replace(b"\r\n", b"\n")),
        ((CHUNKED,), b"5\r\n" + BODY + b"\r\n0\r\n\r\n"),
        ((LENGTH, "Connection: Upgrade", "Upgrade: h2c"), BODY),
    ],
)
def test_a_body_of_doubtful_length_is_refused_and_the_connection_closed(
    served: Served, headers: tuple[str, ...], body: bytes
) -> None:
    smuggled = request_bytes(served, "DELETE /keys/k?api-version=7.6", last=True)
    told = answered(served, request_bytes(served, CREATE, *headers, body=body + smuggled))
    assert statuses(told) == [400]
    assert alive(served)


@pytest.mark.parametrize(
    "change",
    [
        (b"\r\n", b"\n"),
        (b"Authorization", b"X: a\r\n b\r\nAuthorization"),
        (b"Authorization: Bearer ", b"Authorization: Bearer\r\n "),
        (b"Authorization", b"X: a\rY: b\r\nAuthorization"),
        (b"Authorization", b"X: a\x00b\r\nAuthorization"),
        (b"Authorization", b"X : y\r\nAuthorization"),
        (b"Authorization", b": y\r\nAuthorization"),
        (b"Authorization", b"(): y\r\nAuthorization"),
        (b"/keys", b"/keys\x00"),
        (b"/keys", b"/keys/\xc3\xa9"),
        (b"/keys", b"keys"),
        (b"GET", b"get"),
        (b"GET", b"BREW"),
        (b"GET", b"CONNECT"),
        (b"HTTP/1.1", b"HTTP/2.0"),
        (b"HTTP/1.1", b"HTTP/1.2"),
        (b"HTTP/1.1", b"HTTP/1.1 "),
        (b"Host: ", b"X-Host: "),
        (b"Host: ", b"Host: localhost\r\nHost: "),
        (b"GET", b"\x16\x03\x01GET"),
        (b"GET", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET"),
    ],
)
def test_a_head_that_is_none_is_refused_and_the_connection_closed(
    served: Served, change: tuple[bytes, bytes]
) -> None:
    good = request_bytes(served)
    bad = good.replace(*change)
    assert bad != good
    assert statuses(answered(served, bad + request_bytes(served, last=True))) == [400]
    assert alive(served)


@pytest.mark.parametrize(
    ("where", "status"), [("line", 414), ("header", 431), ("many headers", 431)]
)
def test_a_head_that_is_too_large_is_refused_however_it_arrives(
    served: Served, where: str, status: int
) -> None:
    line = "GET /keys?api-version=7.6"
    long = {
        "line": request_bytes(served, f"GET /keys/{'a' * 70_000}?api-version=7.6"),
        "header": request_bytes(served, line, "X: " + "y" * 70_000),
        "many headers": request_bytes(served, line, *["X: y"] * 12_000),
    }[where]
    assert statuses(answered(served, long)) == [status]
    assert alive(served)


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("status", [400, 413, 414, 421, 431])
def test_what_the_server_refuses_of_itself_is_written_as_the_service_writes_an_error(
    served: Served, method: str, status: int
) -> None:
    target = "/keys/k/sign?api-version=7.6" + (f"&{'a' * 70_000}" if status == 414 else "")
    line = f"{method} {target}"
    sent = {
        400: request_bytes(served, line, "Transfer-Encoding: gzip"),
        413: request_bytes(served, line, f"Content-Length: {LARGEST_BODY + 1}"),
        414: request_bytes(served, line),
        421: request_bytes(served, line, last=True).replace(b"Host: ", b"Host: vault."),
        431: request_bytes(served, line, "X: " + "y" * 70_000),
    }[status]
    came = read_response(answered(served, sent), method)
    headers = {name.lower(): value for name, value in came.getheaders()}
    response = HttpResponse(came.status, headers, came.read())
    message = HttpRequest(method, "localhost", target)
    exchange = wire_exchange(message, response, decode_request(message))
    judged = with_bytes(Judgement(Estate()), exchange, Strictness(strict=True))
    assert response.status == status
    assert (judged.breaches, judged.warnings) == ((), ())


def test_a_name_that_is_too_long_is_the_services_to_refuse(served: Served) -> None:
    long = request_bytes(served, f"GET /keys/{'a' * 30_000}?api-version=7.6", last=True)
    told = answered(served, long)
    assert (statuses(told), b"BadParameter" in told) == ([400], True)


def test_requests_in_a_row_are_answered_in_their_order(served: Served) -> None:
    many = request_bytes(served) * 500 + request_bytes(
        served, "GET /keys/none?api-version=7.6", last=True
    )
    assert statuses(answered(served, many)) == [200] * 500 + [404]


def test_what_is_refused_after_a_good_request_does_not_answer_that(served: Served) -> None:
    rows = (request_bytes(served, CREATE, LENGTH, body=BODY), b"\x00\r\n\r\n")
    assert statuses(answered(served, b"".join(rows))) == [200, 400]
    bad = request_bytes(served, CREATE, CHUNKED, body=b"zz\r\n")
    assert statuses(answered(served, rows[0] * 3 + bad)) == [200, 200, 200, 400]
    long = request_bytes(served, "GET /keys", "X: " + "y" * 70_000)
    assert statuses(answered(served, rows[0] + long)) == [200, 431]


def test_a_chunked_body_is_read_as_it_is_framed(served: Served) -> None:
    for chunks in (
        CHUNKS,
        CHUNKS.replace(b"10\r\n", b"10;name=value\r\n"),
        b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n",
        CHUNKS[:-2] + b"X-Trailer: y\r\n\r\n",
    ):
        create = request_bytes(served, CREATE, CHUNKED, body=chunks)
        told = answered(served, create + request_bytes(served, last=True))
        assert statuses(told) == [200, 200]


def test_a_trailer_is_no_header(served: Served) -> None:
    trailer = CHUNKS[:-2] + f"Authorization: Bearer {TOKEN}\r\nHost: localhost\r\n\r\n".encode()
    stranger = request_bytes(served, CREATE, CHUNKED, body=trailer, token=None)
    owner = request_bytes(served, CREATE, CHUNKED, body=trailer)
    told = answered(served, stranger + owner + request_bytes(served, last=True))
    assert statuses(told) == [401, 200, 200]


def test_a_body_that_no_operation_takes_is_passed_over(served: Served) -> None:
    with_body = request_bytes(served, "GET /keys?api-version=7.6", LENGTH, body=BODY)
    assert statuses(answered(served, with_body + request_bytes(served, last=True))) == [200, 200]


@pytest.mark.parametrize("part", [b"a: b\r\n", b"name", b"a: value"])
def test_a_trailer_without_end_is_refused(served: Served, part: bytes) -> None:
    start, more = (part, part) if part.endswith(b"\n") else (part, b"x" * 50)
    trailer = start + more * (200_000 // len(more))
    create = request_bytes(served, CREATE, CHUNKED, body=CHUNKS[:-2] + trailer)
    assert statuses(answered(served, create)) == [431]
    # Whether it is refused for its host or for its trailer, it gets one answer.
    stranger = create.replace(b"Host: 127.0.0.1", b"Host: vault.example")
    assert statuses(answered(served, stranger)) in ([421], [431])


def test_what_was_refused_before_its_body_was_there_is_not_refused_again(served: Served) -> None:
    head = request_bytes(served, CREATE, CHUNKED).replace(b"Host: 127", b"Host: 128")
    with raw_connection(served) as connection:
        connection.sendall(head + b"5\r\nabc")
        received = connection.recv(1 << 16)
        connection.sendall(b"zzzzzz\r\n")
        while part := connection.recv(1 << 16):
            received += part
    assert statuses(received) == [421]


def test_blanks_behind_a_value_are_no_part_of_it(served: Served) -> None:
    asking = request_bytes(served, CREATE, LENGTH, "Expect: 100-continue\t ", body=BODY, last=True)
    host = urlsplit(served.url).netloc.encode()
    assert statuses(answered(served, asking.replace(host, host + b" \t"))) == [100, 200]


def test_the_host_in_the_line_of_a_request_is_the_one_that_holds(served: Served) -> None:
    ours = request_bytes(served, f"GET {served.url}/keys?api-version=7.6", last=True)
    other = request_bytes(served, "GET https://vault.example/keys?api-version=7.6", last=True)
    assert statuses(answered(served, ours)) == [200]
    assert statuses(answered(served, other)) == [421]
    # An empty path means the same as the shortest.
    for query in ("", "?api-version=7.6"):
        told = [
            ids_removed(answered(served, request_bytes(served, line, last=True)))
            for line in (f"GET {served.url}{query}", f"GET {served.url}/{query}", f"GET /{query}")
        ]
        assert (told[0], told[1], statuses(told[0])) == (told[2], told[2], [404])
        assert b"connection: close" in told[0]


def test_a_client_that_asks_first_is_told_to_go_on_and_not_where_its_body_is_too_large(
    served: Served,
) -> None:
    expects = "Expect: 100-continue"
    asking = request_bytes(served, CREATE, LENGTH, expects, body=BODY, last=True)
    assert statuses(answered(served, asking)) == [100, 200]
    large = request_bytes(served, CREATE, "Content-Length: 99999999", expects)
    assert statuses(answered(served, large)) == [413]


def test_an_old_client_is_answered_and_the_connection_closed(served: Served) -> None:
    for headers in ((), ("Connection: keep-alive",)):
        old = request_bytes(served, "GET /keys?api-version=7.6", *headers)
        told = answered(served, old.replace(b"HTTP/1.1", b"HTTP/1.0") * 2)
        assert (statuses(told), b"connection: close\r\n" in told) == ([200], True)
    asking = request_bytes(served, CREATE, LENGTH, "Expect: 100-continue", body=BODY)
    assert statuses(answered(served, asking.replace(b"HTTP/1.1", b"HTTP/1.0"))) == [200]


def test_what_speaks_no_tls_gets_no_answer_and_stops_nothing(served: Served) -> None:
    where = urlsplit(served.url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=60) as plain:
        plain.sendall(request_bytes(served))
        assert not plain.recv(4096).startswith(b"HTTP")
    assert alive(served)


LINES = (
    ("GET /keys?api-version=7.6", b""),
    ("GET /keys/none?api-version=7.6", b""),
    ("GET /keys/ä?api-version=7.6", b""),
    ("GET /keys/%C3%A4/?api-version=7.6#part", b""),
    ("GET /keys?", b""),
    ("HEAD /keys?api-version=7.6", b""),
    ("OPTIONS * ", b""),
    ("POST /rng?api-version=7.6", b'{"count":0}'),
    ("POST /keys/none/sign?api-version=7.6", b'{"alg":"RS256","value":"AAAA"}'),
    ("POST /keys/none/create?api-version=7.6", b'{"kty":'),
    ("PUT /keys/none?api-version=7.6", b"\x00\xff"),
    ("DELETE /keys/none?api-version=7.6", BODY),
)


@pytest.mark.parametrize(("line", "body"), LINES)
@pytest.mark.parametrize("token", [TOKEN, "another", None])
@pytest.mark.parametrize("host", [None, "localhost", "vault.example"])
def test_what_arrives_as_a_whole_is_answered_as_what_arrives_in_chunks(
    served: Served, line: str, body: bytes, token: str | None, host: str | None
) -> None:
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    whole = request_bytes(served, line, f"Content-Length: {len(body)}", body=body, token=token)
    parts = request_bytes(served, line, CHUNKED, body=chunks, token=token)
    closing = request_bytes(served, last=True)
    if host is not None:
        ours = f"Host: {urlsplit(served.url).netloc}".encode()
        whole, parts = (sent.replace(ours, f"Host: {host}".encode()) for sent in (whole, parts))
    first, second = (ids_removed(answered(served, sent + closing)) for sent in (whole, parts))
    assert (first, bool(first)) == (second, True)


def ids_removed(received: bytes) -> bytes:
    """What came back, without what differs from answer to answer."""
    return re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}", b"an id", received)
