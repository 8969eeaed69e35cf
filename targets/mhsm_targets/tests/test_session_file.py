"""The reader of recorded sessions: what it reads, and one sentence for each way it cannot."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from mhsm_targets.recordings.session_file import (
    RecordedExchange,
    RecordingError,
    SessionHeader,
    read_session,
)

HEADER: Final[dict[str, Any]] = {
    "type": "session",
    "session": "a.test",
    "source_repository": "somebody/something",
    "commit_date": "2022-01-03T16:30:35-05:00",
    "api_versions": ["7.3", "7.4"],
}
EXCHANGE: Final[dict[str, Any]] = {
    "seq": 1,
    "plane": "data",
    "method": "get",
    "url": "https://HSM.managedhsm.azure.net/keys/a?api-version=7.3",
    "query": {"api-version": "7.3"},
    "request_headers": {"Accept": "application/json"},
    "request_body": None,
    "status": 200,
    "response_headers": {"Content-Type": "application/json; charset=utf-8"},
    "response_body": {"value": [], "nextLink": None},
}


def written(path: Path, *lines: object) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def without(name: str) -> dict[str, Any]:
    return {member: value for member, value in EXCHANGE.items() if member != name}


def read(path: Path) -> list[RecordedExchange]:
    return list(read_session(path)[1])


def complaint(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        read(path)
    text = str(caught.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    assert "Traceback" not in text
    assert len(text) < len(str(path)) + 200
    return text.removeprefix(str(path))


# --- what it reads --------------------------------------------------------------------------------


def test_a_session_is_read_as_messages(tmp_path: Path) -> None:
    header, exchanges = read_session(written(tmp_path / "s.jsonl", HEADER, EXCHANGE))
    assert header == SessionHeader("a.test", "somebody/something", "2022-01-03", ("7.3", "7.4"))
    (exchange,) = exchanges
    assert (exchange.sequence, exchange.plane) == (1, "data")
    sent, answered = exchange.sent, exchange.answered
    assert (sent.method, sent.host) == ("GET", "hsm.managedhsm.azure.net")
    assert (sent.target, sent.query) == ("/keys/a?api-version=7.3", {"api-version": "7.3"})
    assert sent.headers == {"accept": "application/json"}
    assert answered.status == 200
    assert answered.headers == {"content-type": "application/json; charset=utf-8"}
    assert "x-ms-request-id" in answered.dropped
    assert answered.document() == {"value": [], "nextLink": None}
    assert sent.query_recorded
    assert sent.body_recorded


@pytest.mark.parametrize("recorded_in", ["nock-js", "nise-json"])
def test_what_was_not_recorded_is_said_so(tmp_path: Path, recorded_in: str) -> None:
    told = {**EXCHANGE, "query": None, "request_body_recorded": False}
    header = {**HEADER, "recording_format": recorded_in}
    (exchange,) = read(written(tmp_path / "s.jsonl", header, told))
    assert not exchange.sent.query_recorded
    assert not exchange.sent.body_recorded


def test_bodies_may_be_documents_texts_or_nothing(tmp_path: Path) -> None:
    bodies: list[Any] = [None, "OK", {"a": 1}, [], 0, False]
    told: list[dict[str, Any]] = [{**EXCHANGE, "response_body": body} for body in bodies]
    found = [e.answered.body for e in read(written(tmp_path / "s.jsonl", HEADER, *told))]
    assert found == [b"", b"OK", b'{"a":1}', b"[]", b"0", b"false"]


def test_a_header_that_tells_little_will_do(tmp_path: Path) -> None:
    header, _ = read_session(written(tmp_path / "named.jsonl", {"type": "session"}))
    assert header == SessionHeader("named", "", None, ())


def test_blank_lines_and_a_missing_last_newline_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(f"{json.dumps(HEADER)}\n\n  \n{json.dumps(EXCHANGE)}", encoding="utf-8")
    assert len(read(path)) == 1


def test_exchanges_are_read_as_they_are_asked_for(tmp_path: Path) -> None:
    lines = [HEADER, *({**EXCHANGE, "seq": n} for n in range(1, 5001)), "not JSON"]
    _, exchanges = read_session(written(tmp_path / "s.jsonl", *lines))
    assert isinstance(exchanges, Iterator)
    assert [next(exchanges).sequence for _ in range(3)] == [1, 2, 3]
    # What is wrong far behind is met when it is reached, and what came before is kept.
    rest: list[RecordedExchange] = []
    with pytest.raises(RecordingError, match=":5002: the line is not JSON"):
        rest.extend(exchanges)
    assert len(rest) == 4997


# --- what it cannot read --------------------------------------------------------------------------


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert complaint(tmp_path / "missing.jsonl") == ": no such file or directory"


def test_a_directory(tmp_path: Path) -> None:
    assert complaint(tmp_path) == ": is a directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="untested: this user may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = written(tmp_path / "s.jsonl", HEADER)
    path.chmod(0)
    assert complaint(path) == ": permission denied"


@pytest.mark.parametrize("content", [b"", b"\n\n  \n"])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(content)
    assert complaint(path) == ": the file is empty"


def test_a_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    assert complaint(path) == ":1: the line is not UTF-8 text"


def test_a_binary_line(tmp_path: Path) -> None:
    path = written(tmp_path / "s.jsonl", HEADER)
    path.write_bytes(path.read_bytes() + b"\xff\n")
    assert complaint(path) == ":2: the line is not UTF-8 text"


def test_a_truncated_file(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    whole = f"{json.dumps(HEADER)}\n{json.dumps(EXCHANGE)}"
    path.write_text(whole[:-20], encoding="utf-8")
    assert complaint(path) == ":2: the line is not JSON, and the file ends inside it"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("not JSON", "the line is not JSON"),
        ("[" * 100_000, "the line is not JSON"),
        ("[1, 2]", "the line is not a JSON object"),
        ("null", "the line is not a JSON object"),
        ('"text"', "the line is not a JSON object"),
    ],
    ids=["text", "deep", "list", "null", "string"],
)
@pytest.mark.parametrize("number", [1, 2])
def test_a_line_that_is_no_object(tmp_path: Path, number: int, line: str, problem: str) -> None:
    lines = [line] if number == 1 else [HEADER, line]
    assert complaint(written(tmp_path / "s.jsonl", *lines)) == f":{number}: {problem}"


@pytest.mark.parametrize("first", [{}, EXCHANGE, {"type": "other"}])
def test_a_file_without_a_header(tmp_path: Path, first: dict[str, Any]) -> None:
    path = written(tmp_path / "s.jsonl", first)
    assert complaint(path) == ":1: the first line is not a session header"


@pytest.mark.parametrize("name", ["seq", "plane", "method", "url", "status"])
def test_an_exchange_that_lacks_a_member(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "s.jsonl", HEADER, EXCHANGE, without(name))
    assert complaint(path) == f":3: the exchange lacks {name}"


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"seq": "one"}, "seq is not a number from 0 to 4294967295"),
        ({"seq": {}}, "seq is not a number from 0 to 4294967295"),
        ({"seq": -1}, "seq is not a number from 0 to 4294967295"),
        ({"seq": True}, "seq is not a number from 0 to 4294967295"),
        ({"seq": 10**40}, "seq is not a number from 0 to 4294967295"),
        ({"status": "fine"}, "status is not a number from 100 to 599"),
        ({"status": []}, "status is not a number from 100 to 599"),
        ({"status": 600}, "status is not a number from 100 to 599"),
        ({"method": 1}, "method is not a word"),
        ({"url": 1}, "url is not a printable text"),
        ({"url": "https://h/\n"}, "url is not a printable text"),
        ({"url": "http://h/keys"}, "url is not an https URL with a host"),
        ({"response_headers": {"a": 1}}, "response_headers has a value that is not a text"),
        ({"url": "https://[::1/keys"}, "url is not a URL"),
        ({"request_headers": []}, "request_headers is not an object"),
        ({"response_headers": "none"}, "response_headers is not an object"),
    ],
    ids=str,
)
def test_an_exchange_with_a_member_of_another_form(
    tmp_path: Path, changed: dict[str, Any], problem: str
) -> None:
    path = written(tmp_path / "s.jsonl", HEADER, {**EXCHANGE, **changed})
    assert complaint(path) == f":2: {problem}"


def test_a_line_that_is_too_long(tmp_path: Path) -> None:
    path = written(tmp_path / "s.jsonl", HEADER, "x" * (16 * 1024 * 1024))
    assert complaint(path) == ":2: the line is longer than 16 MiB"
