"""Sending until there is an answer: waits that a service asks for, and connections that fail."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from mhsm_model.wire.http import HttpResponse
from mhsm_targets.https.connection import Connection, LostError, UnreachedError
from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["Retrying", "seconds_ahead", "wait_asked_for"]

PATIENCE_SECONDS: Final = 180.0
"""For how long, in all, a request is sent again before the target counts as gone."""

_FIRST_PATIENCE_SECONDS: Final = 5.0
"""The same for one that was never reached: what is named may not be there at all."""

_OVERLOADED: Final = (429, 503)
_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 30.0
_RESENT: Final = 3


class Retrying:
    """Sends requests over a connection, again where that is lawful.

    429 and 503 say that nothing was done (ERR-024), so the request is sent again after the time
    that Retry-After asks for, and else after waits that double, with chance in them. A request that
    did not leave is sent again too; one whose answer was lost only where it changes nothing.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        patience: float = PATIENCE_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connection = connection
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._reached = False

    def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        changes: bool,
    ) -> HttpResponse | None:
        """The answer, or None where it was lost and the request may have been carried out.

        `changes` is whether carrying it out twice is another thing than once. Raises
        TargetUnavailableError where the service stays overloaded or cannot be reached.
        """
        begun, tries, lost = self._clock(), 0, 0
        while True:
            asked: float | None = None
            try:
                answered = self.connection.send(method, target, headers, body)
                self._reached = True
                if answered.status not in _OVERLOADED:
                    return answered
                asked = wait_asked_for(answered.headers.get("retry-after"), datetime.now(UTC))
                trouble = f"answers {answered.status}"
            except UnreachedError as error:
                trouble = f"is not reached: {error}"
            except LostError:
                self._reached = True
                lost += 1
                if changes or lost >= _RESENT:
                    return None
                trouble = "drops connections"
            wait = self._wait(tries) if asked is None else asked
            tries += 1
            patience = self._patience if self._reached else _FIRST_PATIENCE_SECONDS
            if self._clock() + wait > begun + patience:
                raise TargetUnavailableError(f"{self.connection.authority} {trouble}") from None
            self._sleep(wait)

    @staticmethod
    def _wait(tries: int) -> float:
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * (1 << min(tries, 10)))
        # Several clients that were turned away together must not come back together.
        return longest * random.uniform(0.5, 1.0)


def wait_asked_for(header: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After asks for, or None. Source: RFC 9110, 10.2.3: both forms."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    ahead = seconds_ahead(text, now)
    return None if ahead is None else max(0.0, ahead)


def seconds_ahead(date: str, now: datetime) -> float | None:
    """By how many seconds an HTTP date lies after `now`, or None for what is no date."""
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()
