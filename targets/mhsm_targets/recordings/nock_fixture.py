"""Fixtures of nock and of the recorder that the JavaScript SDKs used in browsers.

Three forms: a script of calls, as nock's recorder writes it; nock's objects as a JSON list; and a
JSON object with `recordings`. The first is parsed as literals and never run. All leave out request
headers, and the recorder of the SDKs left out queries: an empty one says nothing. Source: nock's
documentation; fixtures published by the Azure SDK for JavaScript.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from mhsm_targets.recordings.entries import (
    Entry,
    answer,
    entries_of,
    exchange,
    foreign,
    recording_of,
)
from mhsm_targets.recordings.literals import UNDEFINED, LiteralError, Literals
from mhsm_targets.recordings.messages import (
    address,
    body_bytes,
    flat_headers,
    mapped_headers,
    query_text,
    word,
)
from mhsm_targets.recordings.recording import RecordedExchange, Recording, RecordingError

__all__ = ["read_browser_fixture", "read_nock_objects", "read_nock_script"]

_VERBS: Final = frozenset({"delete", "get", "head", "merge", "options", "patch", "post", "put"})
_WITHOUT_MEANING: Final = frozenset({"matchHeader", "once", "optionally", "persist"})
"""Calls that say when a reply is given again, and nothing of the exchange."""

_DECLARATIONS: Final = ("const", "let", "var")
_NOT_READ: Final = "only calls of nock with literals are read in a script"


def read_nock_script(path: Path, text: str) -> Recording:
    """The recording that a script is. Raises RecordingError while iterating."""
    return recording_of(path, "nock", _script_entries(path, text), _nock_exchange)


def read_nock_objects(path: Path, document: Any) -> Recording:
    """The recording that a list of nock's objects is. Raises RecordingError while iterating."""
    entries = entries_of(path, {"list": document}, "list")
    return recording_of(path, "nock", entries, _nock_exchange)


def read_browser_fixture(path: Path, document: Any) -> Recording:
    """The recording that an object with `recordings` is.

    Raises RecordingError where it has none, and while iterating for one.
    """
    entries = entries_of(path, document, "recordings")
    return recording_of(path, "nise", entries, _browser_exchange)


# --- scripts --------------------------------------------------------------------------------------


def _script_entries(path: Path, text: str) -> Iterator[Entry]:
    try:
        script = Literals(text)
        place = 0
        while not script.ended:
            for line, found in _statement(script):
                place += 1
                yield Entry(place, found, line)
    except LiteralError as error:
        raise RecordingError(f"{path}:{error.line}: {error}; {_NOT_READ}") from None


def _statement(script: Literals) -> Iterator[tuple[int, dict[str, Any]]]:
    """The exchanges of the next statement; most have none."""
    if script.take(";"):
        return
    if script.take("nock"):
        script.expect("(")
        yield from _scope(script)
    elif any(script.take(word) for word in _DECLARATIONS):
        script.name()
        for mark in ("=", "require", "("):
            script.expect(mark)
        script.value()
        script.expect(")")
    elif script.take("module") or script.take("exports"):
        while script.take("."):
            script.name()
        script.expect("=")
        script.value()
    elif not isinstance(script.value(), str):
        # A text alone is a directive, such as "use strict".
        raise script.error("a statement is no call of nock")


def _scope(script: Literals) -> Iterator[tuple[int, dict[str, Any]]]:
    line = script.line
    arguments = script.values(")")
    options = _at(arguments, 1)
    scope: dict[str, Any] = {"scope": _at(arguments, 0)}
    if isinstance(options, dict):
        told = cast("dict[str, Any]", options)
        scope["reqheaders"] = told.get("reqheaders")
        scope["encoded"] = told.get("encodedQueryParams") is True
    pending: dict[str, Any] | None = None
    while script.take("."):
        start, name = script.line, script.name()
        script.expect("(")
        given = script.values(")")
        if name in _VERBS or name == "intercept":
            if pending is not None:
                raise LiteralError(start, "a request has no reply")
            line, pending = start, {**scope, **_request(name, given)}
        elif name == "query" and pending is not None:
            pending["query"] = _at(given, 0)
        elif name == "reply" and pending is not None:
            yield line, {**pending, **_reply(given)}
            pending = None
        elif name not in _WITHOUT_MEANING:
            raise LiteralError(start, f"the call of {name[:40]} is not understood")
    if pending is not None:
        raise LiteralError(line, "a request has no reply")


def _at(values: Sequence[Any], place: int) -> Any:
    """The value at a place, or None where there is none."""
    found = values[place] if place < len(values) else None
    return None if found is UNDEFINED else found


def _request(name: str, given: Sequence[Any]) -> dict[str, Any]:
    if name == "intercept":
        return {"path": _at(given, 0), "method": _at(given, 1), "body": _at(given, 2)}
    return {"path": _at(given, 0), "method": name, "body": _at(given, 1)}


def _reply(given: Sequence[Any]) -> dict[str, Any]:
    return {"status": _at(given, 0), "response": _at(given, 1), "rawHeaders": _at(given, 2)}


# --- exchanges ------------------------------------------------------------------------------------


def _nock_exchange(place: int, entry: dict[str, Any]) -> RecordedExchange:
    scope, path = word(entry.get("scope"), "scope"), entry.get("path")
    if not isinstance(path, str) or not path.startswith("/"):
        raise ValueError("the path is not a text that begins with a slash")
    query = entry.get("query")
    if isinstance(query, dict) and query:
        told = query_text(cast("dict[str, Any]", query), encoded=entry.get("encoded") is True)
        path = f"{path}{'&' if '?' in path else '?'}{told}"
    there = address(f"{scope.rstrip('/')}{path}")
    method = word(entry.get("method"), "method").upper()
    if there.foreign:
        return foreign(place, method, there, entry.get("status"))
    headers = entry.get("rawHeaders")
    shown = flat_headers(entry.get("headers") if headers is None else headers, "headers")
    return exchange(
        place,
        method,
        there,
        _request_headers(entry.get("reqheaders")),
        body_bytes(entry.get("body")),
        answer(entry.get("status"), shown, _response_body(entry.get("response"), shown)),
        query_recorded=there.shows_query,
    )


def _request_headers(value: Any) -> dict[str, str]:
    """The headers that nock was told to match; some of its values are numbers."""
    if not isinstance(value, dict):
        return mapped_headers(value, "reqheaders")
    shown = cast("dict[str, Any]", value).items()
    texts = {name: str(one) if isinstance(one, int) else one for name, one in shown}
    return mapped_headers(texts, "reqheaders")


def _response_body(document: Any, headers: Mapping[str, str]) -> bytes:
    """The body; nock keeps one that is encoded as the hexadecimal texts of its pieces."""
    if "content-encoding" in headers and isinstance(document, list):
        pieces = cast("Sequence[Any]", document)
        if all(isinstance(piece, str) for piece in pieces):
            try:
                return bytes.fromhex("".join(pieces))
            except ValueError:
                raise ValueError("the response is not hexadecimal, as encoded ones are") from None
    return body_bytes(document)


def _browser_exchange(place: int, entry: dict[str, Any]) -> RecordedExchange:
    url, query = word(entry.get("url"), "url"), entry.get("query")
    told = query_text(query) if query else ""
    there = address(f"{url}{'&' if '?' in url else '?'}{told}" if told else url)
    method = word(entry.get("method"), "method").upper()
    if there.foreign:
        return foreign(place, method, there, entry.get("status"))
    shown = mapped_headers(entry.get("responseHeaders"), "responseHeaders")
    return exchange(
        place,
        method,
        there,
        {},
        body_bytes(entry.get("requestBody")),
        answer(entry.get("status"), shown, body_bytes(entry.get("response"))),
        query_recorded=there.shows_query,
    )
