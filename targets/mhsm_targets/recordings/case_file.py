"""Stored cases: a sequence of exchanges with the target and the clause that it came from.

The form `mhsm-case/1` is one JSON object:

    {"format": "mhsm-case/1", "target": "model", "clause": "SIGN-003", "recorded_by": null,
     "exchanges": [{"request": {"method": "GET", "url": "https://…", "headers": {}, "body": null},
                    "response": {"status": 200, "headers": {}, "body": {}},
                    "at": [1700000000, 1700000001]}]}

A body is a JSON value, a text, or null; `response` is null where no answer came; `at` (seconds)
may be left out. Private members of keys, tokens and backup blobs are written as the text
`redacted`, and a request with such a member, outside its tags, is one whose body is unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

from mhsm_model.jwk import PRIVATE_MEMBERS
from mhsm_model.moments import Interval
from mhsm_model.wire.http import HttpResponse
from mhsm_model.wire.routes import route
from mhsm_targets.recordings.entries import (
    answer,
    entries_of,
    exchange,
    foreign,
    member,
    recording_of,
)
from mhsm_targets.recordings.messages import (
    address,
    body_bytes,
    mapped_headers,
    without_credentials,
    word,
)
from mhsm_targets.recordings.recording import (
    LOST,
    RecordedExchange,
    Recording,
    RecordingError,
)

__all__ = ["CASE_FORMAT", "REDACTED", "case_document", "read_case"]

CASE_FORMAT: Final = "mhsm-case/1"
_ANY_DAY: Final = "9999-12-31"
"""The last day of a case that tells none: it is younger than what old builds did otherwise."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

REDACTED: Final = "redacted"
_SECRET: Final = frozenset({*PRIVATE_MEMBERS, "token"})
_FREE: Final = "tags"
"""The member in which clients choose names and values, so that none there means anything."""


def case_document(
    target: str,
    clause: str | None,
    exchanges: Iterable[RecordedExchange],
    recorded_by: str | None = None,
) -> dict[str, Any]:
    """The case of some exchanges, without secrets, as an object to be written as JSON.

    `recorded_by` is for exchanges of an older recording: the last day they can be from (ISO 8601).
    """
    return {
        "format": CASE_FORMAT,
        "target": target,
        "clause": clause,
        "recorded_by": recorded_by,
        "exchanges": [_written(exchange) for exchange in exchanges],
    }


def read_case(path: Path, document: Any) -> Recording:
    """The recording that a case is; its source is the target's name.

    Raises RecordingError where it is of another version or has no exchanges, and while iterating.
    """
    told = cast("dict[str, Any]", document)
    if told.get("format") != CASE_FORMAT:
        raise RecordingError(
            f"{path}: the format of the case is not {CASE_FORMAT}; one that `mhsm run` has stored "
            f"has no answers to judge, and is tried again by: mhsm replay CASE TARGET"
        )
    source = told.get("target")
    header, exchanges = recording_of(
        path,
        source if isinstance(source, str) else "case",
        entries_of(path, document, "exchanges"),
        _exchange,
        stripped=False,
    )
    day = told.get("recorded_by")
    known = day if isinstance(day, str) and _DAY.fullmatch(day) else _ANY_DAY
    return replace(header, recorded_by=known), exchanges


def _exchange(place: int, entry: dict[str, Any]) -> RecordedExchange:
    request = member(entry, "request")
    method, body = word(request.get("method"), "request.method").upper(), request.get("body")
    there = address(request.get("url"))
    response = None if entry.get("response") is None else member(entry, "response")
    if there.foreign:
        return foreign(place, method, there, None if response is None else response.get("status"))
    return exchange(
        place,
        method,
        there,
        mapped_headers(request.get("headers"), "request.headers"),
        body_bytes(body),
        LOST if response is None or _lacks_its_value(response.get("body")) else _answer(response),
        # A case holds whole messages: what is not there was not sent.
        body_recorded=not _is_redacted(body),
        at=_time(entry.get("at")),
    )


def _answer(response: dict[str, Any]) -> HttpResponse:
    headers = mapped_headers(response.get("headers"), "response.headers")
    return answer(response.get("status"), headers, body_bytes(response.get("body")))


def _lacks_its_value(body: Any) -> bool:
    """Whether the answer was a backup blob, which a case does not hold."""
    return isinstance(body, dict) and cast("dict[str, Any]", body).get("value") == REDACTED


def _is_redacted(document: Any) -> bool:
    # A stack of our own: a hostile file nests deeper than the interpreter's.
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if value == REDACTED:
            return True
        if isinstance(value, dict):
            told = cast("dict[str, Any]", value)
            waiting.extend(one for name, one in told.items() if name != _FREE)
        elif isinstance(value, list):
            waiting.extend(cast("Sequence[Any]", value))
    return False


def _time(value: Any) -> Interval | None:
    if value is None:
        return None
    bounds = cast("Sequence[Any]", value) if isinstance(value, list) else ()
    if len(bounds) == 2:
        earliest, latest = bounds
        if type(earliest) is int and type(latest) is int and 0 <= earliest <= latest < 1 << 63:
            return Interval(earliest, latest)
    raise ValueError("at is not two times in seconds, the earlier first")


def _written(exchange: RecordedExchange) -> dict[str, Any]:
    sent, answered = exchange.sent, exchange.answered
    # By any method: what is no request of the service may hold a blob all the same.
    found = route("POST", sent.path)
    operation = None if found is None else found.operation
    restores = operation == "RestoreKey"
    written: dict[str, Any] = {
        "request": {
            "method": sent.method,
            "url": f"https://{sent.host}{sent.target}",
            "headers": without_credentials(sent.headers),
            "body": _shown(sent.body, blob=restores) if sent.body_recorded else REDACTED,
        },
        "response": None
        if answered.status == LOST.status
        else {
            "status": answered.status,
            "headers": without_credentials(answered.headers),
            "body": _shown(answered.body, blob=operation == "BackupKey"),
        },
    }
    if exchange.at is not None:
        written["at"] = [exchange.at.earliest, exchange.at.latest]
    return written


def _shown(body: bytes, *, blob: bool) -> Any:
    """A body as a case holds it; `blob` where its value is a backup blob.

    One that is no JSON is redacted as a whole if it may hold a secret.
    """
    if not body:
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return REDACTED
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        named = any(f'"{name}"' in text for name in _SECRET)
        return REDACTED if named or blob else text
    secret = _SECRET | {"value"} if blob else _SECRET
    # A JSON text stays in its quotes, or it would be read back as one without.
    return text if isinstance(document, str) else _without(secret, document)


def _without(secret: frozenset[str], document: Any) -> Any:
    if isinstance(document, dict):
        told = cast("dict[str, Any]", document)
        return {
            name: REDACTED
            if name in secret
            else value
            if name == _FREE
            else _without(secret, value)
            for name, value in told.items()
        }
    if isinstance(document, list):
        return [_without(secret, value) for value in cast("Sequence[Any]", document)]
    return document
