"""Stored cases: what is written can be read again, and no secret is in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mhsm_model.moments import Interval
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.recordings.case_file import case_document
from mhsm_targets.recordings.reading import read_recording
from mhsm_targets.recordings.recording import LOST, RecordedExchange, RecordingError

HOST = "hsm.managedhsm.azure.net"


def exchange(
    body: bytes = b"", answered: bytes = b"{}", target: str = "/keys/a?api-version=7.5"
) -> RecordedExchange:
    headers = {"authorization": "Bearer secret", "accept": "application/json"}
    sent = HttpRequest("PUT", HOST, target, headers, body)
    response = HttpResponse(200, {"content-type": "application/json"}, answered)
    return RecordedExchange(1, "data", sent, response, Interval(5, 9))


def stored(path: Path, *exchanges: RecordedExchange) -> tuple[str, list[RecordedExchange]]:
    """The text of a case, and what is read from it."""
    text = json.dumps(case_document("model", "SIGN-003", exchanges))
    path.write_text(text, encoding="utf-8")
    return text, list(read_recording(path)[1])


@pytest.mark.parametrize("body", [b"", b'{"kty":"EC"}', b"not JSON", b'"text"', b"[1,null]", b"{"])
def test_a_case_is_read_as_it_was_written(tmp_path: Path, body: bytes) -> None:
    told = exchange(body, body)
    _, (found,) = stored(tmp_path / "c.json", told)
    assert found.sent.body == found.answered.body == body
    assert (found.sent.target, found.sent.host, found.sent.body_recorded) == (
        "/keys/a?api-version=7.5",
        HOST,
        True,
    )
    assert found.sent.headers == {"accept": "application/json"}
    assert found.answered == told.answered
    assert found.at == Interval(5, 9)


def test_a_case_says_where_it_came_from(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    text, _ = stored(path, exchange())
    assert json.loads(text)["clause"] == "SIGN-003"
    header = read_recording(path)[0]
    assert (header.source, header.recorded_by) == ("model", "9999-12-31")
    document = case_document("model", None, [exchange()], "2021-03-04")
    path.write_text(json.dumps(document), encoding="utf-8")
    assert read_recording(path)[0].recorded_by == "2021-03-04"


def test_a_lost_answer_stays_lost(tmp_path: Path) -> None:
    told = RecordedExchange(1, "data", exchange().sent, LOST)
    _, (found,) = stored(tmp_path / "c.json", told)
    assert (found.answered, found.at) == (LOST, None)


@pytest.mark.parametrize(
    "body",
    [
        b'{"key":{"kty":"oct","k":"SECRET"}}',
        b'{"key":{"kty":"RSA","n":"AQ","d":["SECRET"]}}',
        b'{"sasTokenParameters":{"token":"SECRET"}}',
        b'{"key":{"k":"SECRET"',
        b"\xff SECRET",
    ],
)
def test_a_request_with_a_secret_is_one_of_unknown_body(tmp_path: Path, body: bytes) -> None:
    text, (found,) = stored(tmp_path / "c.json", exchange(body))
    assert "SECRET" not in text
    assert "secret" not in text
    assert not found.sent.body_recorded


def test_a_backup_blob_is_a_secret_where_it_goes_in_and_comes_out(tmp_path: Path) -> None:
    blob = b'{"value":"SECRET"}'
    out = exchange(answered=blob, target="/keys/a/backup?api-version=7.5")
    back = exchange(blob, target="/keys/restore?api-version=7.5")
    text, (first, second) = stored(tmp_path / "c.json", out, back)
    assert "SECRET" not in text
    assert first.answered == LOST
    assert not second.sent.body_recorded


def test_a_private_member_of_an_answer_still_accuses(tmp_path: Path) -> None:
    _, (found,) = stored(tmp_path / "c.json", exchange(answered=b'{"key":{"d":"SECRET"}}'))
    assert found.answered.document() == {"key": {"d": "redacted"}}


def test_tags_may_have_any_name_and_value(tmp_path: Path) -> None:
    body = b'{"kty":"EC","tags":{"k":"redacted","token":"v"}}'
    _, (found,) = stored(tmp_path / "c.json", exchange(body))
    assert (found.sent.body, found.sent.body_recorded) == (body, True)


@pytest.mark.parametrize("at", [[1], [2, 1], [-1, 1], ["1", 2], [True, 2], "now", [1, 1 << 70]])
def test_a_time_of_another_form(tmp_path: Path, at: object) -> None:
    document = case_document("model", None, [exchange()])
    document["exchanges"][0]["at"] = at
    path = tmp_path / "c.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(RecordingError, match="entry 1: at is not two times in seconds"):
        list(read_recording(path)[1])
