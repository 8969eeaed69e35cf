"""Recorded sessions as JSON lines: a header, then one exchange a line.

The reader streams: memory does not grow with the number of exchanges or files. A line that cannot
be read ends the file with one sentence that names it; what came before is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.recordings.documents import opened
from mhsm_targets.recordings.messages import (
    EVERY_HEADER,
    STRIPPED_HEADERS,
    address,
    answer_time,
    body_bytes,
    mapped_headers,
    number,
    status,
    word,
)
from mhsm_targets.recordings.recording import (
    RecordedExchange,
    Recording,
    RecordingError,
    SessionHeader,
)

__all__ = ["RecordedExchange", "RecordingError", "SessionHeader", "read_session", "session_in"]

_LONGEST_LINE: Final = 16 * 1024 * 1024
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DROPPING: Final = ("nock", "nise")
"""Formats of the JavaScript SDK, whose recorder left queries out."""

_SEQUENCES: Final = range(1 << 32)
_PLANES: Final = ("data", "arm", "vault")
_REQUIRED: Final = ("seq", "plane", "method", "url", "status")


def read_session(path: Path) -> Recording:
    """The header of a session file and its exchanges, read as they are asked for.

    Raises RecordingError, at once for the header and while iterating for an exchange.
    """
    return session_in(path, opened(path))


def session_in(path: Path, file: BinaryIO) -> Recording:
    """The session in an open file, which is closed when it has been read."""
    lines = _lines(path, file)
    try:
        header = _header(path, *next(lines, (1, "")))
    except RecordingError:
        lines.close()
        raise
    return header, _exchanges(path, lines, header)


_Lines = Generator[tuple[int, str], None, None]


def _lines(path: Path, file: BinaryIO) -> _Lines:
    try:
        with file:
            place = 0
            while raw := file.readline(_LONGEST_LINE):
                place += 1
                if len(raw) == _LONGEST_LINE:
                    raise RecordingError(f"{path}:{place}: the line is longer than 16 MiB")
                try:
                    line = raw.decode("utf-8-sig" if place == 1 else "utf-8")
                except UnicodeDecodeError:
                    raise RecordingError(f"{path}:{place}: the line is not UTF-8 text") from None
                if line.strip():
                    yield place, line
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise RecordingError(f"{path}: {reason}") from None


def _object(path: Path, place: int, line: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        end = "" if line.endswith("\n") else ", and the file ends inside it"
        raise RecordingError(f"{path}:{place}: the line is not JSON{end}") from None
    if not isinstance(document, dict):
        raise RecordingError(f"{path}:{place}: the line is not a JSON object")
    return cast("dict[str, Any]", document)


def _header(path: Path, place: int, line: str) -> SessionHeader:
    if not line:
        raise RecordingError(f"{path}: the file is empty")
    document = _object(path, place, line)
    if document.get("type") != "session":
        raise RecordingError(f"{path}:{place}: the first line is not a session header")
    date = document.get("commit_date")
    versions = document.get("api_versions")
    listed = cast("Sequence[Any]", versions) if isinstance(versions, list) else ()
    return SessionHeader(
        session=str(document.get("session", path.stem)),
        source=str(document.get("source_repository", "")),
        recorded_by=date[:10] if isinstance(date, str) and _DAY.match(date) else None,
        api_versions=tuple(str(version) for version in listed),
        transcribed=document.get("transcribed") is True,
        keeps_queries=not str(document.get("recording_format", "")).startswith(_DROPPING),
    )


def _exchanges(path: Path, lines: _Lines, header: SessionHeader) -> Iterator[RecordedExchange]:
    # What ends the reading early must close the file too.
    with closing(lines):
        for place, line in lines:
            document = _object(path, place, line)
            missing = [name for name in _REQUIRED if document.get(name) is None]
            if missing:
                raise RecordingError(f"{path}:{place}: the exchange lacks {', '.join(missing)}")
            try:
                exchange = _exchange(document, header)
            except ValueError as error:
                raise RecordingError(f"{path}:{place}: {error}") from None
            yield exchange


def _exchange(document: dict[str, Any], header: SessionHeader) -> RecordedExchange:
    there = address(document["url"], secure=True)
    sent = HttpRequest(
        method=word(document["method"], "method").upper(),
        host=there.host,
        target=there.target,
        headers=mapped_headers(document.get("request_headers"), "request_headers"),
        body=body_bytes(document.get("request_body")),
        query_recorded=header.keeps_queries or bool(document.get("query")),
        body_recorded=document.get("request_body_recorded", True) is not False,
    )
    shown = mapped_headers(document.get("response_headers"), "response_headers")
    answered = HttpResponse(
        status=status(document["status"]),
        headers=shown,
        body=body_bytes(document.get("response_body")),
        dropped=STRIPPED_HEADERS if shown and not header.transcribed else EVERY_HEADER,
    )
    sequence = number(document["seq"], "seq", _SEQUENCES)
    plane = word(document["plane"], "plane")
    if plane not in _PLANES:
        raise ValueError(f"plane is not one of {', '.join(_PLANES)}")
    return RecordedExchange(sequence, plane, sent, answered, answer_time(shown))
