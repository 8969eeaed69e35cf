"""A moment at which something happens, unless it is moved or lifted before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Deadline"]


class Deadline:
    """A deadline in an event loop. To move it costs no timer, as long as it moves on.

    A timer that goes off too early finds that out, and waits for the rest.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, reached: Callable[[], None]) -> None:
        self._loop = loop
        self._reached = reached
        self._moment: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_set(self) -> bool:
        """Whether anything is going to happen."""
        return self._moment is not None

    def set(self, seconds: float) -> None:
        """Let it happen in so many seconds, and not before."""
        moment = self._loop.time() + seconds
        if self._timer is not None and moment < self._timer.when():
            self._timer.cancel()
            self._timer = None
        self._moment = moment
        if self._timer is None:
            self._timer = self._loop.call_later(seconds, self._look)

    def lift(self) -> None:
        """Let nothing happen."""
        self._moment = None

    def end(self) -> None:
        """Let nothing happen, and give the timer back."""
        self._moment = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._moment is None:
            return
        left = self._moment - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._moment = None
            self._reached()
