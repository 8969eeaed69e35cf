"""Recordings of the Azure SDK test proxy: one JSON object with `Entries` and `Variables`.

A body of a textual content type is a JSON value, a text, or a list of the text's lines; any other
is base64. Source: recordings published by the Azure SDKs.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from mhsm_targets.recordings.entries import answer, entries_of, exchange, foreign, recording_of
from mhsm_targets.recordings.messages import address, body_bytes, mapped_headers, word
from mhsm_targets.recordings.recording import RecordedExchange, Recording

__all__ = ["read_test_proxy"]

_TEXTUAL: Final = re.compile(r"text/|[^;]*[/+](?:json|xml|x-www-form-urlencoded)\s*(?:;|$)")


def read_test_proxy(path: Path, document: Any) -> Recording:
    """The recording that a document of the test proxy is.

    Raises RecordingError where it has no entries, and while iterating for an entry.
    """
    return recording_of(path, "test-proxy", entries_of(path, document, "Entries"), _exchange)


def _exchange(place: int, entry: dict[str, Any]) -> RecordedExchange:
    method = word(entry.get("RequestMethod"), "RequestMethod").upper()
    there = address(entry.get("RequestUri"))
    if there.foreign:
        return foreign(place, method, there, entry.get("StatusCode"))
    sent = mapped_headers(entry.get("RequestHeaders"), "RequestHeaders")
    shown = mapped_headers(entry.get("ResponseHeaders"), "ResponseHeaders")
    return exchange(
        place,
        method,
        there,
        sent,
        _body(entry.get("RequestBody"), sent),
        answer(entry.get("StatusCode"), shown, _body(entry.get("ResponseBody"), shown)),
    )


def _body(document: Any, headers: Mapping[str, str]) -> bytes:
    if isinstance(document, list):
        lines = cast("Sequence[Any]", document)
        if lines and all(isinstance(line, str) for line in lines):
            return body_bytes("".join(lines))
    if isinstance(document, str) and not _TEXTUAL.match(headers.get("content-type", "text/plain")):
        try:
            return base64.b64decode(document, validate=True)
        except (binascii.Error, ValueError):
            return body_bytes(document)
    return body_bytes(document)
