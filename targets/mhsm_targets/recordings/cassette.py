"""Cassettes of vcrpy and VCR: YAML, or the same as JSON.

YAML is read as events of a parser that makes no objects: an alias is the value it names, not a
copy, so that no document grows in memory, and a tag other than for binary and text is refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

from mhsm_model.moments import Interval
from mhsm_targets.recordings.entries import (
    Entry,
    answer,
    entries_of,
    exchange,
    foreign,
    member,
    recording_of,
)
from mhsm_targets.recordings.messages import address, body_bytes, http_date, mapped_headers, word
from mhsm_targets.recordings.recording import RecordedExchange, Recording, RecordingError
from mhsm_targets.recordings.yaml_events import YamlError, members_of

__all__ = ["read_json_cassette", "read_yaml_cassette"]

_LISTS: Final = ("interactions", "http_interactions")
"""Where the exchanges are: the name that vcrpy gives the list, and that of VCR."""

_INTEGER = re.compile(r"\d{1,9}", re.ASCII)


def read_yaml_cassette(path: Path, text: str) -> Recording:
    """The recording that a YAML cassette is. Raises RecordingError while iterating."""
    return recording_of(path, "cassette", _yaml_entries(path, text), _exchange)


def read_json_cassette(path: Path, document: Any) -> Recording:
    """The recording that a JSON cassette is.

    Raises RecordingError where it has no interactions, and while iterating for one.
    """
    name = next((name for name in _LISTS if name in document), _LISTS[0])
    return recording_of(path, "cassette", entries_of(path, document, name), _exchange)


def _yaml_entries(path: Path, text: str) -> Iterator[Entry]:
    try:
        for place, (line, value) in enumerate(members_of(text, _LISTS), 1):
            yield Entry(place, value, line)
    except YamlError as error:
        raise RecordingError(f"{path}:{error.line}: {error}") from None


def _exchange(place: int, interaction: dict[str, Any]) -> RecordedExchange:
    request, response = member(interaction, "request"), member(interaction, "response")
    method = word(request.get("method"), "request.method").upper()
    there = address(request.get("uri"))
    if there.foreign:
        return foreign(place, method, there, _status(response.get("status")))
    shown = mapped_headers(response.get("headers"), "response.headers")
    answered = _body(response.get("body"), "response.body")
    return exchange(
        place,
        method,
        there,
        mapped_headers(request.get("headers"), "request.headers"),
        _body(request.get("body"), "request.body"),
        answer(_status(response.get("status")), shown, answered),
        at=_recorded_at(interaction),
    )


def _status(value: Any) -> Any:
    code = cast("dict[str, Any]", value).get("code") if isinstance(value, dict) else value
    # A plain scalar is a text until somebody says what it is for.
    return int(code) if isinstance(code, str) and _INTEGER.fullmatch(code) else code


def _body(value: Any, name: str) -> bytes:
    if not isinstance(value, dict):
        if value is None or isinstance(value, str | bytes):
            return body_bytes(value)
        raise ValueError(f"{name} is neither a text nor an object")
    body = cast("Mapping[str, Any]", value)
    encoded = body.get("base64_string")
    if encoded is None:
        shown = body.get("string")
        if shown is None or isinstance(shown, str | bytes):
            return body_bytes(shown)
        raise ValueError(f"{name}.string is not a text")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise ValueError(f"{name}.base64_string is not base64") from None


def _recorded_at(interaction: dict[str, Any]) -> Interval | None:
    """When VCR had the answer; vcrpy does not tell."""
    moment = http_date(interaction.get("recorded_at"))
    return None if moment is None else Interval(0, moment + 1)
