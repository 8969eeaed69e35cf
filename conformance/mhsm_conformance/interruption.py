"""An interrupt that is not forgotten, whatever becomes of the exception that tells of it.

KeyboardInterrupt may be raised anywhere: in a callback it is printed and lost, in the middle of an
exchange it leaves a session that knows less than happened, and what is raised while it passes takes
its place. So the signal itself is remembered, and raised anew at the next exchange or check.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from types import FrameType
from typing import Final

__all__ = ["Interruption"]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class Interruption:
    """Whether somebody has asked for the end."""

    asked: bool = False

    def check(self) -> None:
        """Raise KeyboardInterrupt where somebody has asked."""
        if self.asked:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def heeded(self) -> Generator[None]:
        """Remember the signals that raise KeyboardInterrupt, while the block runs.

        Only the main thread is told of signals; in another one nothing is remembered.
        """
        with self._caught_by(self._remember_and_raise):
            yield

    @contextlib.contextmanager
    def postponed(self) -> Generator[None]:
        """Let those signals wait until the block is over, and raise KeyboardInterrupt then.

        For a moment's work that is worth nothing by halves.
        """
        with self._caught_by(self._remember):
            yield
        self.check()

    @contextlib.contextmanager
    def _caught_by(self, handler: Callable[[int, FrameType | None], None]) -> Generator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        raising = [n for n in _SIGNALS if signal.getsignal(n) is signal.default_int_handler]
        for number in raising:
            signal.signal(number, handler)
        try:
            yield
        finally:
            for number in raising:
                signal.signal(number, signal.default_int_handler)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    def _remember_and_raise(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        raise KeyboardInterrupt
