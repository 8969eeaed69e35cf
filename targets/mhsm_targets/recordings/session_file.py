"""Recorded sessions as JSON lines: a header, then one exchange a line.

The reader streams: memory does not grow with the number of exchanges or files. A line that cannot
be read ends the file with one sentence that names it; what came before is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import SplitResult, urlsplit

from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.response_codec import FIXED_HEADERS

__all__ = ["RecordedExchange", "RecordingError", "SessionHeader", "read_session"]

_LONGEST_LINE: Final = 16 * 1024 * 1024
_DROPPED: Final = frozenset({*FIXED_HEADERS, "x-ms-request-id"})
"""Headers that the published sessions were stripped of when they were made uniform."""

_EVERY_HEADER: Final = _DROPPED | {
    "content-type",
    "x-ms-build-version",
    "x-ms-keyvault-network-info",
    "x-ms-keyvault-region",
    "x-ms-server-latency",
}
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_STATUSES: Final = range(100, 600)
_DROPPING: Final = "nock"
_REQUIRED: Final = ("seq", "plane", "method", "url", "status")


class RecordingError(ValueError):
    """A recording cannot be read; the text names the file, the line and what is wrong there."""


@dataclass(frozen=True, slots=True)
class SessionHeader:
    """What a recording says of itself.

    `recorded_by` is the last day it can be from (ISO 8601). `keeps_queries` is False for a format
    that drops queries: there an empty query says nothing. `transcribed` marks a session copied by
    hand, which may lack any header.
    """

    session: str
    source: str
    recorded_by: str | None
    api_versions: tuple[str, ...]
    keeps_queries: bool = True
    transcribed: bool = False


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """One exchange: its number in the session, its plane (`data` or `arm`), and the messages."""

    sequence: int
    plane: str
    sent: HttpRequest
    answered: HttpResponse


def read_session(path: Path) -> tuple[SessionHeader, Iterator[RecordedExchange]]:
    """The header of a session file and its exchanges, read as they are asked for.

    Raises RecordingError, at once for the header and while iterating for an exchange.
    """
    lines = _lines(path)
    number, first = next(lines, (1, ""))
    header = _header(path, number, first)
    return header, _exchanges(path, lines, header)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open("rb") as file:
            number = 0
            while raw := file.readline(_LONGEST_LINE):
                number += 1
                if len(raw) == _LONGEST_LINE:
                    raise RecordingError(f"{path}:{number}: the line is longer than 16 MiB")
                try:
                    line = raw.decode()
                except UnicodeDecodeError:
                    raise RecordingError(f"{path}:{number}: the line is not UTF-8 text") from None
                if line.strip():
                    yield number, line
    except ValueError as error:
        if isinstance(error, RecordingError):
            raise
        raise RecordingError(f"{str(path)!r}: this is no name of a file") from None
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise RecordingError(f"{path}: {reason}") from None


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        end = "" if line.endswith("\n") else ", and the file ends inside it"
        raise RecordingError(f"{path}:{number}: the line is not JSON{end}") from None
    if not isinstance(document, dict):
        raise RecordingError(f"{path}:{number}: the line is not a JSON object")
    return cast("dict[str, Any]", document)


def _header(path: Path, number: int, line: str) -> SessionHeader:
    if not line:
        raise RecordingError(f"{path}: the file is empty")
    document = _object(path, number, line)
    if document.get("type") != "session":
        raise RecordingError(f"{path}:{number}: the first line is not a session header")
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


def _exchanges(
    path: Path, lines: Iterator[tuple[int, str]], header: SessionHeader
) -> Iterator[RecordedExchange]:
    for number, line in lines:
        document = _object(path, number, line)
        missing = [name for name in _REQUIRED if document.get(name) is None]
        if missing:
            raise RecordingError(f"{path}:{number}: the exchange lacks {', '.join(missing)}")
        try:
            yield _exchange(document, header)
        except ValueError as error:
            raise RecordingError(f"{path}:{number}: {error}") from None


def _exchange(document: dict[str, Any], header: SessionHeader) -> RecordedExchange:
    url = _url(document["url"])
    target = url.path or "/"
    sent = HttpRequest(
        method=_text(document, "method").upper(),
        host=url.netloc.lower(),
        target=f"{target}?{url.query}" if url.query else target,
        headers=_headers(document, "request_headers"),
        body=_body(document.get("request_body")),
        query_recorded=header.keeps_queries or bool(document.get("query")),
        body_recorded=document.get("request_body_recorded", True) is not False,
    )
    shown = _headers(document, "response_headers")
    answered = HttpResponse(
        status=_number(document, "status", _STATUSES),
        headers=shown,
        body=_body(document.get("response_body")),
        dropped=_DROPPED if shown and not header.transcribed else _EVERY_HEADER,
    )
    sequence = _number(document, "seq", range(1 << 32))
    return RecordedExchange(sequence, _text(document, "plane"), sent, answered)


def _text(document: dict[str, Any], name: str) -> str:
    value = document[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is not a word")
    return value


def _number(document: dict[str, Any], name: str, permitted: range) -> int:
    value = document[name]
    if not isinstance(value, int) or isinstance(value, bool) or value not in permitted:
        raise ValueError(f"{name} is not a number from {permitted.start} to {permitted.stop - 1}")
    return value


def _url(value: Any) -> SplitResult:
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("url is not a printable text")
    try:
        url = urlsplit(value)
    except ValueError:
        raise ValueError("url is not a URL") from None
    if url.scheme != "https" or not url.netloc.isascii() or not url.netloc:
        raise ValueError("url is not an https URL with a host")
    return url


def _headers(document: dict[str, Any], name: str) -> dict[str, str]:
    headers = document.get(name)
    if headers is None:
        return {}
    if not isinstance(headers, dict):
        raise ValueError(f"{name} is not an object")
    shown = cast("dict[str, Any]", headers)
    if not all(isinstance(value, str) for value in shown.values()):
        raise ValueError(f"{name} has a value that is not a text")
    return {header.lower(): value for header, value in shown.items()}


def _body(document: Any) -> bytes:
    if document is None:
        return b""
    if isinstance(document, str):
        return document.encode()
    return json.dumps(document, separators=(",", ":")).encode()
