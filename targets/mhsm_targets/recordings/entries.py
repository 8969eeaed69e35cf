"""Recordings that are read as a whole: their entries become exchanges, and the header follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from mhsm_model.moments import Interval
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.recordings.messages import (
    EVERY_HEADER,
    STRIPPED_HEADERS,
    Address,
    answer_time,
    decompressed,
    has_unknown_body,
    is_opaque,
    status,
)
from mhsm_targets.recordings.recording import (
    LOST,
    RecordedExchange,
    Recording,
    RecordingError,
    SessionHeader,
)

__all__ = ["Entry", "answer", "entries_of", "exchange", "foreign", "member", "recording_of"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a recording: its number from 1, its line where that is known, what is there."""

    number: int
    value: Any
    line: int | None = None

    def complaint(self, path: Path, problem: object) -> RecordingError:
        """The error that tells of a problem with the entry."""
        place = "" if self.line is None else f":{self.line}"
        return RecordingError(f"{path}{place}: entry {self.number}: {problem}")


Reader = Callable[[int, dict[str, Any]], RecordedExchange]
"""Makes an exchange of an entry's number and members. Raises ValueError where it cannot."""


def entries_of(path: Path, document: Any, name: str) -> Iterator[Entry]:
    """The members of a document's list. Raises RecordingError where it has no such list."""
    listed = cast("dict[str, Any]", document).get(name) if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise RecordingError(f"{path}: {name} is not a list")
    return (Entry(place, value) for place, value in enumerate(cast("Sequence[Any]", listed), 1))


def recording_of(
    path: Path, source: str, entries: Iterable[Entry], read: Reader, *, stripped: bool = True
) -> Recording:
    """The recording of a file's entries.

    `stripped` is for formats whose files tools make uniform: headers of that sort that no answer
    of the file shows are taken as left out. Nothing is raised here for an entry, or a part of the
    file, that cannot be read: that comes when iteration reaches it.
    """
    exchanges: list[RecordedExchange] = []
    failure: RecordingError | None = None
    try:
        for entry in entries:
            value: Any = entry.value
            if not isinstance(value, dict):
                raise entry.complaint(path, "it is not an object")
            try:
                exchanges.append(read(entry.number, cast("dict[str, Any]", value)))
            except ValueError as error:
                raise entry.complaint(path, error) from None
    except RecordingError as error:
        failure = error
    header = SessionHeader(path.stem, source, _last_day(exchanges), _api_versions(exchanges))
    if stripped:
        exchanges = _with_dropped(exchanges)
    return header, _yielded(exchanges, failure)


def _yielded(
    exchanges: Sequence[RecordedExchange], failure: RecordingError | None
) -> Iterator[RecordedExchange]:
    yield from exchanges
    if failure is not None:
        raise failure


def _last_day(exchanges: Sequence[RecordedExchange]) -> str | None:
    """The last day that the recording can be from, where the time of every exchange is known."""
    latest = [
        exchange.at.latest if exchange.at is not None else None
        for exchange in exchanges
        if exchange.plane in ("data", "arm")
    ]
    known = [moment for moment in latest if moment is not None]
    if not known or len(known) < len(latest):
        return None
    try:
        return datetime.fromtimestamp(max(known), UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return None


def _api_versions(exchanges: Sequence[RecordedExchange]) -> tuple[str, ...]:
    shown = (exchange.sent.query.get("api-version") for exchange in exchanges)
    return tuple(sorted({version for version in shown if version is not None}))


def _with_dropped(exchanges: Sequence[RecordedExchange]) -> list[RecordedExchange]:
    judged = [e for e in exchanges if e.plane == "data"]
    dropped = STRIPPED_HEADERS.difference(*(e.answered.headers for e in judged))
    return [
        replace(e, answered=replace(e.answered, dropped=e.answered.dropped | dropped))
        if e.plane == "data" and e.answered is not LOST
        else e
        for e in exchanges
    ]


def member(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A member that must be an object."""
    value = document.get(name)
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not an object")
    return cast("dict[str, Any]", value)


def answer(code: Any, headers: Mapping[str, str], body: bytes) -> HttpResponse:
    """The response of a recording. Where it shows no header, every one was left out.

    A body in a compression that is not read here is as good as lost.
    """
    dropped = frozenset[str]() if headers else EVERY_HEADER
    if is_opaque(body, headers):
        return LOST
    return HttpResponse(status(code), headers, decompressed(body, headers), dropped)


def exchange(
    place: int,
    method: str,
    there: Address,
    headers: Mapping[str, str],
    body: bytes,
    answered: HttpResponse,
    *,
    query_recorded: bool = True,
    body_recorded: bool | None = None,
    at: Interval | None = None,
) -> RecordedExchange:
    """The exchange of two messages. `body_recorded` None lets the messages tell."""
    time = at or answer_time(answered.headers)
    sent = HttpRequest(
        method,
        there.host,
        there.target,
        headers,
        body,
        query_recorded=query_recorded,
        body_recorded=not has_unknown_body(method, headers, body)
        if body_recorded is None
        else body_recorded,
    )
    return RecordedExchange(place, there.plane, sent, answered, time)


def foreign(place: int, method: str, there: Address, code: Any) -> RecordedExchange:
    """An exchange with a vault or a host that is not of the service.

    Only method, host and status are kept, and nothing else of it is read.
    """
    try:
        answered = HttpResponse(status(code))
    except ValueError:
        answered = LOST
    return RecordedExchange(place, there.plane, HttpRequest(method, there.host, "/"), answered)
