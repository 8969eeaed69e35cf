"""The readers of foreign recordings: what each form of each format becomes."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any, Final

import pytest

from mhsm_model.moments import FOREVER, Interval
from mhsm_model.wire.response_codec import FIXED_HEADERS
from mhsm_targets.recordings.reading import read_recording
from mhsm_targets.recordings.recording import LOST, RecordedExchange, SessionHeader

FIXTURES: Final = Path(__file__).with_name("recordings")
URL: Final = "https://hsm.managedhsm.azure.net/keys/a?api-version=7.4"
TARGET: Final = "/keys/a?api-version=7.4"
JSON_TYPE: Final = {"Content-Type": "application/json; charset=utf-8"}
Document = dict[str, Any]


def header_of(path: Path) -> SessionHeader:
    return read_recording(path)[0]


def read(path: Path, content: str | bytes) -> list[RecordedExchange]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_recording(path)[1])


def read_json(path: Path, document: object) -> list[RecordedExchange]:
    return read(path, json.dumps(document))


def proxied(**changed: Any) -> Document:
    entry: Document = {
        "RequestUri": URL,
        "RequestMethod": "POST",
        "RequestHeaders": {**JSON_TYPE, "Authorization": "Bearer secret"},
        "RequestBody": {"kty": "EC"},
        "StatusCode": 200,
        "ResponseHeaders": JSON_TYPE,
        "ResponseBody": {"a": 1},
    }
    return {"Entries": [{**entry, **changed}], "Variables": {}}


def archived(**changed: Any) -> Document:
    return {
        "startedDateTime": "2023-04-05T06:07:08.900Z",
        "time": 1500.5,
        "request": {"method": "GET", "url": URL, "headers": [], "bodySize": 0},
        "response": {
            "status": 200,
            "headers": [{"name": "x", "value": "1"}],
            "content": {"size": 2, "mimeType": "application/json", "text": "{}"},
        },
        **changed,
    }


def archive(*entries: Document) -> Document:
    return {"log": {"version": "1.2", "creator": {"name": "a"}, "entries": list(entries)}}


def script(chain: str) -> str:
    return f"let nock = require('nock');\nnock('https://hsm.managedhsm.azure.net:443'){chain};\n"


# --- every format ---------------------------------------------------------------------------------

FORMS: Final = sorted(path.name for path in FIXTURES.iterdir())


@pytest.mark.parametrize("name", FORMS)
def test_all_fixtures_tell_of_the_same_exchanges(name: str) -> None:
    def told(path: Path) -> list[tuple[object, ...]]:
        _, exchanges = read_recording(path)
        return [
            (
                e.sequence,
                e.plane,
                e.sent.method,
                e.sent.host,
                e.sent.path,
                e.sent.document() if e.sent.body else None,
                e.answered.status,
                e.answered.headers["x-ms-request-id"],
                e.answered.document() if e.answered.body else None,
                e.answered.body == b"OK",
            )
            for e in exchanges
        ]

    assert told(FIXTURES / name) == told(FIXTURES / "session.jsonl")


@pytest.mark.parametrize("name", sorted({*FORMS} - {"formatted.js", "session.jsonl"}))
def test_the_header_tells_of_the_file(name: str) -> None:
    path = FIXTURES / name
    header = header_of(path)
    assert (header.session, header.api_versions) == (path.stem, ("7.5",))
    assert header.recorded_by == ("9999-12-31" if name == "case.json" else None)


@pytest.mark.parametrize("name", FORMS)
def test_the_format_is_not_told_by_the_name_of_the_file(tmp_path: Path, name: str) -> None:
    content = (FIXTURES / name).read_bytes()
    assert len(read(tmp_path / "anything", content)) == 7
    assert len(read(tmp_path / "other.txt", b"\xef\xbb\xbf\n\n" + content)) == 7


# --- the test proxy -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "told", "body"),
    [
        ("application/json", {"b": [1]}, b'{"b":[1]}'),
        ("application/json", "OK", b"OK"),
        ("text/plain", ["one\n", "two"], b"one\ntwo"),
        ("application/json", [{"b": 1}], b'[{"b":1}]'),
        ("application/json", [], b"[]"),
        ("application/problem+json", "{}", b"{}"),
        ("application/octet-stream", base64.b64encode(b"\xff\0").decode(), b"\xff\0"),
        ("application/octet-stream", "no base64", b"no base64"),
        ("application/json", None, b""),
    ],
    ids=str,
)
def test_bodies_of_the_test_proxy(
    tmp_path: Path, content_type: str, told: Any, body: bytes
) -> None:
    headers = {"Content-Type": content_type}
    document = proxied(ResponseHeaders=headers, ResponseBody=told, RequestBody=told)
    (exchange,) = read_json(tmp_path / "r.json", document)
    assert exchange.answered.body == body


def test_headers_may_be_lists_and_credentials_stay_in_the_file(tmp_path: Path) -> None:
    sent = {":path": "/x", "Accept": ["a", "b"], "authorization": "Bearer secret", "Cookie": "c"}
    document = proxied(RequestHeaders=sent, ResponseHeaders={"Set-Cookie": "secret", "A": "1"})
    (exchange,) = read_json(tmp_path / "r.json", document)
    assert exchange.sent.headers == {"accept": "a, b"}
    assert exchange.answered.headers == {"a": "1"}
    assert "secret" not in repr(exchange)


@pytest.mark.parametrize(
    ("method", "headers", "recorded"),
    [
        ("POST", {}, False),
        ("PUT", {"Content-Length": "13"}, False),
        ("POST", {"Content-Length": "0"}, True),
        ("GET", {}, True),
        ("DELETE", {}, True),
    ],
)
def test_a_body_that_is_not_there_is_unknown_unless_it_was_empty(
    tmp_path: Path, method: str, headers: dict[str, str], recorded: bool
) -> None:
    document = proxied(RequestMethod=method, RequestHeaders=headers, RequestBody=None)
    (exchange,) = read_json(tmp_path / "r.json", document)
    assert exchange.sent.body_recorded is recorded


def test_headers_that_no_answer_of_the_file_shows_were_left_out(tmp_path: Path) -> None:
    shown = {**JSON_TYPE, **FIXED_HEADERS}
    document = proxied(ResponseHeaders=shown)
    document["Entries"] += proxied()["Entries"]
    first, second = read_json(tmp_path / "r.json", document)
    assert first.answered.dropped == second.answered.dropped == {"x-ms-request-id"}
    (alone,) = read_json(tmp_path / "r.json", proxied())
    assert alone.answered.dropped == {*FIXED_HEADERS, "x-ms-request-id"}
    (bare,) = read_json(tmp_path / "r.json", proxied(ResponseHeaders={}))
    assert "content-type" in bare.answered.dropped


def test_a_date_and_a_latency_bound_the_time(tmp_path: Path) -> None:
    headers = {"Date": "Sat, 18 Sep 2021 00:41:16 GMT", "x-ms-server-latency": "2214"}
    made = 1631925676
    path = tmp_path / "r.json"
    (exchange,) = read_json(path, proxied(ResponseHeaders=headers))
    assert exchange.at == Interval(made - 3, made + 1)
    assert header_of(path).recorded_by == "2021-09-18"
    headers.pop("x-ms-server-latency")
    (exchange,) = read_json(path, proxied(ResponseHeaders=headers))
    assert exchange.at == Interval(0, made + 1)
    for odd in ("yesterday", "", "Sat, 99 Sep 2021 00:41:16 GMT", "1", "Mon, 01 Jan 0001 00:00:00"):
        (exchange,) = read_json(path, proxied(ResponseHeaders={"Date": odd}))
        assert exchange.at is None


# --- where it went --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "plane", "host"),
    [
        ("https://HSM.managedhsm.azure.net/keys", "data", "hsm.managedhsm.azure.net"),
        ("https://hsm.managedhsm.azure.net:443/keys", "data", "hsm.managedhsm.azure.net"),
        ("https://a.b.managedhsm-int.azure-int.net", "data", "a.b.managedhsm-int.azure-int.net"),
        ("https://hsm.managedhsm.azure.cn/keys", "data", "hsm.managedhsm.azure.cn"),
        ("https://h.managedhsm.usgovcloudapi.net/x", "data", "h.managedhsm.usgovcloudapi.net"),
        ("https://localhost:8443/keys", "data", "localhost:8443"),
        ("http://127.0.0.1:8080/keys", "data", "127.0.0.1:8080"),
        ("https://[::1]:8443/keys", "data", "[::1]:8443"),
        ("https://hsm.localhost/keys", "data", "hsm.localhost"),
        ("https://management.azure.com/subscriptions", "arm", "management.azure.com"),
        ("https://v.vault.azure.net/secrets/s", "vault", "v.vault.azure.net"),
        ("https://v.vault.azure.cn/secrets/s", "vault", "v.vault.azure.cn"),
        ("https://login.microsoftonline.com/t/oauth2", "other", "login.microsoftonline.com"),
        ("https://s.blob.core.windows.net/c", "other", "s.blob.core.windows.net"),
        (
            "https://managedhsm.azure.net.evil.example/",
            "other",
            "managedhsm.azure.net.evil.example",
        ),
        ("http://hsm.managedhsm.azure.net/keys", "other", "hsm.managedhsm.azure.net"),
        ("wss://localhost/socket", "other", "wss:"),
        ("data:image/svg+xml,<svg\n>", "other", "data:"),
        ("chrome-extension://abc/x.js", "other", "chrome-extension:"),
        ("https://user:secret@hsm.managedhsm.azure.net/", "data", "hsm.managedhsm.azure.net"),
    ],
)
def test_the_host_tells_the_plane(tmp_path: Path, url: str, plane: str, host: str) -> None:
    (exchange,) = read_json(tmp_path / "r.json", proxied(RequestUri=url))
    assert exchange.plane == plane
    assert exchange.sent.host == host.removesuffix(":443")


@pytest.mark.parametrize(
    "url",
    ["https://login.microsoftonline.com/t/oauth2?x=secret", "https://v.vault.azure.net/secret"],
)
def test_of_other_hosts_only_method_host_and_status_are_passed_on(tmp_path: Path, url: str) -> None:
    document = proxied(
        RequestUri=url,
        RequestHeaders={"x": "secret"},
        RequestBody="client_secret=secret",
        # Nothing of them is read, so nothing can be wrong with it.
        ResponseHeaders=["x", "secret"],
        ResponseBody={"access_token": "secret"},
    )
    (exchange,) = read_json(tmp_path / "r.json", document)
    sent, answered = exchange.sent, exchange.answered
    assert (sent.method, sent.target, sent.headers, sent.body) == ("POST", "/", {}, b"")
    assert (answered.status, answered.headers, answered.body) == (200, {}, b"")


# --- cassettes ------------------------------------------------------------------------------------

CASSETTE: Final = """
interactions:
- request:
    body: {request_body}
    headers: {{Accept: [application/json], Content-Length: ['0']}}
    method: POST
    uri: https://hsm.managedhsm.azure.net/keys/a?api-version=7.4
  response:
    body: {response_body}
    headers: {headers}
    status: {status}
    url: https://hsm.managedhsm.azure.net/keys/a
version: 1
"""


def cassette(
    request_body: str = "null",
    response_body: str = "{string: '{}'}",
    headers: str = "{x: ['1', '2'], date: 'never'}",
    status: str = "{code: 200, message: OK}",
) -> str:
    return CASSETTE.format(
        request_body=request_body, response_body=response_body, headers=headers, status=status
    )


@pytest.mark.parametrize(
    ("told", "body"),
    [
        ("null", b""),
        ("''", b""),
        ("'{\"a\": 1}'", b'{"a": 1}'),
        ("!!binary eyJhIjogMX0=", b'{"a": 1}'),
        ("!!python/unicode 'text'", b"text"),
        ("{string: text}", b"text"),
        ("{string: !!binary /wA=}", b"\xff\0"),
        ("{base64_string: /wA=, encoding: utf-8}", b"\xff\0"),
        ("{string: 'null'}", b"null"),
        ("&a {string: '1'}", b"1"),
        ("'1'", b"1"),
        ("1", b"1"),
    ],
)
def test_bodies_of_a_cassette(tmp_path: Path, told: str, body: bytes) -> None:
    (exchange,) = read(tmp_path / "c.yaml", cassette(told, told))
    assert exchange.sent.body == exchange.answered.body == body
    assert exchange.sent.body_recorded


@pytest.mark.parametrize("status", ["{code: 404, message: null}", "404"])
@pytest.mark.parametrize("headers", ["{x: ['1', '2']}", "{X: '1, 2'}"])
def test_headers_and_status_of_a_cassette(tmp_path: Path, headers: str, status: str) -> None:
    (exchange,) = read(tmp_path / "c.yaml", cassette(headers=headers, status=status))
    assert exchange.answered.status == 404
    assert exchange.answered.headers == {"x": "1, 2"}
    assert exchange.sent.headers == {"accept": "application/json", "content-length": "0"}


def test_a_body_that_was_kept_as_it_was_sent_is_decompressed(tmp_path: Path) -> None:
    packed = base64.b64encode(gzip.compress(b'{"a":1}')).decode()
    for body in (f"{{string: !!binary {packed}}}", "{string: '{\"a\":1}'}"):
        text = cassette(response_body=body, headers="{content-encoding: [gzip]}")
        (exchange,) = read(tmp_path / "c.yaml", text)
        assert exchange.answered.document() == {"a": 1}


def test_an_alias_is_what_it_names(tmp_path: Path) -> None:
    text = cassette(headers="&h {x: &v ['1']}") + "  # the end\n"
    text = text.replace("    status:", "    more: *h\n    again: *v\n    status:")
    (exchange,) = read(tmp_path / "c.yaml", text)
    assert exchange.answered.headers == {"x": "1"}


def test_a_cassette_of_vcr_tells_when(tmp_path: Path) -> None:
    interaction = {
        "request": {"method": "get", "uri": URL, "body": {"encoding": "UTF-8", "string": ""}},
        "response": {"status": {"code": 200}, "headers": {}, "body": {"string": "{}"}},
        "recorded_at": "Sat, 18 Sep 2021 00:41:16 GMT",
    }
    document = {"http_interactions": [interaction], "recorded_with": "VCR 6"}
    path = tmp_path / "c.json"
    (exchange,) = read_json(path, document)
    assert (exchange.sent.method, exchange.at) == ("GET", Interval(0, 1631925677))
    assert header_of(path).recorded_by == "2021-09-18"


# --- archives -------------------------------------------------------------------------------------


def test_an_archive_tells_when_and_keeps_every_header(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    (exchange,) = read_json(path, archive(archived()))
    assert exchange.at == Interval(1680674828, 1680674831)
    assert header_of(path).recorded_by == "2023-04-05"
    assert exchange.answered.dropped == frozenset()
    assert (exchange.sent.target, exchange.answered.body) == (TARGET, b"{}")


def test_an_archive_is_read_in_the_order_of_sending(tmp_path: Path) -> None:
    moments = ["2023-04-05T06:07:10Z", "2023-04-05T08:07:09+02:00", "2023-04-05T06:07:08Z", "?"]
    document = archive(*(archived(startedDateTime=moment) for moment in moments))
    exchanges = read_json(tmp_path / "a.har", document)
    assert [exchange.sequence for exchange in exchanges] == [3, 4, 2, 1]


@pytest.mark.parametrize(
    ("started", "lasted", "at"),
    [
        ("2023-04-05T06:07:08Z", None, Interval(1680674828, FOREVER)),
        ("2023-04-05T06:07:08Z", -1, Interval(1680674828, FOREVER)),
        ("2023-04-05T06:07:08Z", "1", Interval(1680674828, FOREVER)),
        ("2023-04-05T06:07:08Z", 1e300, Interval(1680674828, FOREVER)),
        ("2023-04-05T06:07:08", 1, None),
        ("1923-04-05T06:07:08Z", 1, None),
        ("soon", 1, None),
        (7, 1, None),
    ],
)
def test_a_time_that_an_archive_does_not_tell(
    tmp_path: Path, started: Any, lasted: Any, at: Interval | None
) -> None:
    document = archive(archived(startedDateTime=started, time=lasted))
    (exchange,) = read_json(tmp_path / "a.har", document)
    assert exchange.at == at


@pytest.mark.parametrize(
    "response",
    [
        {"status": 0, "headers": [], "content": {}},
        {"status": 200, "headers": [], "content": {"size": 5, "mimeType": "text/plain"}},
    ],
)
def test_an_answer_that_was_not_kept_is_lost(tmp_path: Path, response: Document) -> None:
    (exchange,) = read_json(tmp_path / "a.har", archive(archived(response=response)))
    assert exchange.answered == LOST


@pytest.mark.parametrize(
    ("request_", "body", "recorded"),
    [
        ({"postData": {"text": "{}"}}, b"{}", True),
        ({"postData": {"text": "e30=", "encoding": "base64"}}, b"{}", True),
        ({"bodySize": 0}, b"", True),
        ({"bodySize": -1}, b"", False),
        ({"bodySize": 12}, b"", False),
    ],
)
def test_posted_data_of_an_archive(
    tmp_path: Path, request_: Document, body: bytes, recorded: bool
) -> None:
    sent: Document = {"method": "POST", "url": URL, "headers": [], **request_}
    (exchange,) = read_json(tmp_path / "a.har", archive(archived(request=sent)))
    assert (exchange.sent.body, exchange.sent.body_recorded) == (body, recorded)


# --- fixtures of nock -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chain", "target", "known"),
    [
        (".get('/keys/a').query(true).reply(200, {})", "/keys/a", False),
        (".get('/keys/a').reply(200, {})", "/keys/a", False),
        (".get('/keys/a').query({}).reply(200, {})", "/keys/a", False),
        (".get('/keys/a?api-version=7.4').reply(200, {})", TARGET, True),
        (".get('/keys/a').query({'api-version': '7.4'}).reply(200, {})", TARGET, True),
        (".get('/keys/a').query({'a': ['1', 2]}).reply(200)", "/keys/a?a=1&a=2", True),
        (".get(`/keys/a`).query({a: 'b c'}).reply(200)", "/keys/a?a=b+c", True),
        (".intercept('/keys/a', 'GET').reply(200, {}, {})", "/keys/a", False),
        (
            ".matchHeader('a', 'b').get('/keys/' + \"a\").reply(200, {}, []).persist()",
            "/keys/a",
            False,
        ),
        (".get(\n// a comment\n'/keys/a' /* and * one */).reply(200)", "/keys/a", False),
    ],
)
def test_queries_of_a_script(tmp_path: Path, chain: str, target: str, known: bool) -> None:
    (exchange,) = read(tmp_path / "s.js", script(chain))
    assert (exchange.sent.target, exchange.sent.query_recorded) == (target, known)
    assert (exchange.sent.method, exchange.sent.host) == ("GET", "hsm.managedhsm.azure.net")


def test_an_escaped_query_of_a_script_stays_escaped(tmp_path: Path) -> None:
    text = """const nock = require("nock");
    nock("https://hsm.managedhsm.azure.net", {encodedQueryParams: true, reqheaders: {a: 1}})
      .get("/keys").query({"$skiptoken": "a%3D"}).reply(200)"""
    (exchange,) = read(tmp_path / "s.js", text)
    assert exchange.sent.target == "/keys?$skiptoken=a%3D"
    assert exchange.sent.headers == {"a": "1"}


def test_a_scope_of_a_script_has_many_exchanges(tmp_path: Path) -> None:
    text = script(
        ".post('/keys/a/create', {kty: 'EC', a: [!0, -1, 1.5, 0x10, undefined,],})"
        ".reply(200, {n: null}, ['A', '1', 'a', '2'])\n.delete('/keys/a').reply(204, '')"
    )
    first, second = read(tmp_path / "s.js", text)
    assert first.sent.document() == {"kty": "EC", "a": [True, -1, 1.5, 16, None]}
    assert (first.answered.document(), first.answered.headers) == ({"n": None}, {"a": "1, 2"})
    assert (second.sequence, second.sent.method, second.answered.status) == (2, "DELETE", 204)


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (r"'a\'b'", "a'b"),
        (r'"\x41\u0042\u{43}\n\\"', "ABC\n\\"),
        (r"'\ud83d\ude00'", "\U0001f600"),
        ("`a\nb`", "a\nb"),
        ("'a\\\nb'", "ab"),
        ("'a' +\n 'b'", "ab"),
        ("`costs $5`", "costs $5"),
    ],
)
def test_texts_of_a_script(tmp_path: Path, literal: str, text: str) -> None:
    (exchange,) = read(tmp_path / "s.js", script(f".get('/').reply(200, {literal})"))
    assert exchange.answered.body.decode() == text


def test_an_encoded_response_of_nock_is_hexadecimal(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"a":1}').hex()
    pieces = json.dumps([packed[:20], packed[20:]])
    chain = f".get('/').reply(200, {pieces}, ['Content-Encoding', 'gzip'])"
    (exchange,) = read(tmp_path / "s.js", script(chain))
    assert exchange.answered.document() == {"a": 1}


def test_a_body_in_a_compression_that_is_not_read_is_lost(tmp_path: Path) -> None:
    body = base64.b64encode(b"\x8b\x02\x80abc").decode()
    text = cassette(response_body=f"{{string: !!binary {body}}}", headers="{content-encoding: br}")
    (exchange,) = read(tmp_path / "c.yaml", text)
    assert exchange.answered == LOST


def test_a_browser_s_fixture_without_queries_does_not_know_them(tmp_path: Path) -> None:
    def recording(query: Document) -> Document:
        return {
            "method": "GET",
            "url": "https://hsm.managedhsm.azure.net/keys/a",
            "query": query,
            "requestBody": None,
            "status": 200,
            "response": "{}",
            "responseHeaders": {},
        }

    document = {"recordings": [recording({}), recording({"api-version": "7.4"})]}
    first, second = read_json(tmp_path / "b.json", document)
    assert not first.sent.query_recorded
    assert (second.sent.target, second.sent.query_recorded) == (TARGET, True)
