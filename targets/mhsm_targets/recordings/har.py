"""HTTP archives (HAR 1.2), as browsers and proxies export them.

An archive keeps whole messages: no header is taken as left out. An entry whose answer never came,
or whose body was not kept, is one whose answer is lost. Source: HAR 1.2 specification.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from mhsm_model.moments import FOREVER, Interval
from mhsm_model.wire.http import HttpResponse
from mhsm_targets.recordings.entries import (
    Entry,
    answer,
    entries_of,
    exchange,
    foreign,
    member,
    recording_of,
)
from mhsm_targets.recordings.messages import address, body_bytes, named_headers, word
from mhsm_targets.recordings.recording import LOST, RecordedExchange, Recording

__all__ = ["read_har"]


def read_har(path: Path, document: Any) -> Recording:
    """The recording that an archive is, in the order in which the requests were sent.

    Raises RecordingError where it has no entries, and while iterating for an entry.
    """
    log = cast("dict[str, Any]", document).get("log") if isinstance(document, dict) else None
    entries = _in_order(entries_of(path, log, "entries"))
    return recording_of(path, "HAR", entries, _exchange, stripped=False)


def _in_order(entries: Iterator[Entry]) -> list[Entry]:
    """The entries by the time of sending; those that tell none stay behind their neighbour."""
    placed: list[tuple[float, Entry]] = []
    last = 0.0
    for entry in entries:
        started = _started(entry.value)
        last = last if started is None else started
        placed.append((last, entry))
    return [entry for _, entry in sorted(placed, key=lambda pair: pair[0])]


def _exchange(place: int, entry: dict[str, Any]) -> RecordedExchange:
    request, response = member(entry, "request"), member(entry, "response")
    method = word(request.get("method"), "request.method").upper()
    there = address(request.get("url"))
    if there.foreign:
        return foreign(place, method, there, response.get("status"))
    headers = named_headers(request.get("headers"), "request.headers")
    body = _posted(request.get("postData"))
    # Without postData, bodySize 0 says that there was none, and anything else that it is not kept.
    known = True if body or request.get("bodySize") == 0 else None
    return exchange(
        place,
        method,
        there,
        headers,
        body,
        _answer(response),
        body_recorded=known,
        at=_time(entry),
    )


def _posted(data: Any) -> bytes:
    if data is None:
        return b""
    if not isinstance(data, dict):
        raise ValueError("request.postData is not an object")
    posted = cast("dict[str, Any]", data)
    return _text(posted, "request.postData")


def _answer(response: dict[str, Any]) -> HttpResponse:
    code = response.get("status")
    if type(code) is int and code == 0:
        return LOST
    content = response.get("content")
    shown = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    size = shown.get("size")
    if shown.get("text") is None and isinstance(size, int) and size > 0:
        return LOST
    headers = named_headers(response.get("headers"), "response.headers")
    # Bodies are exported decompressed.
    headers.pop("content-encoding", None)
    return answer(code, headers, _text(shown, "response.content"))


def _text(holder: dict[str, Any], name: str) -> bytes:
    text = holder.get("text")
    if text is None:
        return b""
    if not isinstance(text, str):
        raise ValueError(f"{name}.text is not a text")
    encoding = holder.get("encoding")
    if encoding is None or encoding == "":
        return body_bytes(text)
    if encoding != "base64":
        raise ValueError(f"{name}.encoding is not base64")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{name}.text is not the base64 that it says") from None


def _started(entry: Any) -> float | None:
    """When the request was sent, in seconds, or None where the archive does not tell."""
    if not isinstance(entry, dict):
        return None
    told = cast("dict[str, Any]", entry).get("startedDateTime")
    if not isinstance(told, str):
        return None
    try:
        moment = datetime.fromisoformat(told)
        return moment.timestamp() if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _time(entry: dict[str, Any]) -> Interval | None:
    """From sending to the answer, in seconds, by the clock of the client."""
    started, lasted = _started(entry), entry.get("time")
    if started is None or started < 0:
        return None
    if isinstance(lasted, bool) or not isinstance(lasted, int | float) or not 0 <= lasted < 1e12:
        return Interval(int(started), FOREVER)
    return Interval(int(started), math.ceil(started + lasted / 1000))
