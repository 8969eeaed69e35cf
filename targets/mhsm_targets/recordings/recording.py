"""A recording: what it says of itself, and its exchanges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mhsm_model.moments import Interval
from mhsm_model.wire.http import HttpRequest, HttpResponse

__all__ = ["LOST", "RecordedExchange", "Recording", "RecordingError", "SessionHeader"]


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


LOST: Final = HttpResponse(0)
"""Stands for an answer that nobody recorded: none came, or it was not kept."""


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """One exchange: its number in the recording, its plane, and the messages.

    The plane is `data` (a Managed HSM), `arm` (the control plane), `vault` (a standard vault) or
    `other` (any other host, such as a token authority). `answered` is LOST where no answer was
    recorded. `at` bounds the time from sending to the answer, where the recording tells it.
    """

    sequence: int
    plane: str
    sent: HttpRequest
    answered: HttpResponse
    at: Interval | None = None


Recording = tuple[SessionHeader, Iterator[RecordedExchange]]
"""What every reader gives: the header, and the exchanges as they are asked for.

Iterating raises RecordingError where an exchange cannot be read; those before it are kept.
"""
