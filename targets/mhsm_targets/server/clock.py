"""The clock of a server: the machine's, and what the controls made of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

__all__ = ["ServerClock"]

_LATEST: Final = 253402300799
"""The end of the year 9999: later moments cannot be written as dates."""


class ServerClock:
    """Seconds since 1970, following the real clock. It never runs back.

    `ahead` is how far it is ahead of the real clock, in seconds.
    """

    def __init__(self, ahead: float = 0.0, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._ahead = ahead
        self._frozen: float | None = None
        self._latest = 0.0

    def now(self) -> float:
        """The present."""
        present = self._real() + self._ahead if self._frozen is None else self._frozen
        self._latest = max(self._latest, present)
        return self._latest

    @property
    def ahead(self) -> float:
        """By how much it is ahead of the real clock, in seconds."""
        return self.now() - self._real()

    @property
    def is_frozen(self) -> bool:
        """Whether it stands still."""
        return self._frozen is not None

    def advance(self, seconds: float) -> None:
        """Move it forward; raises ValueError for a negative number, and for too large a one."""
        if not seconds >= 0:
            raise ValueError("the clock of an HSM does not run back")
        # In this order: a number with more digits than a float holds can be compared, not added.
        if seconds > _LATEST or self.now() + seconds > _LATEST:
            raise ValueError("the clock of a server goes to the end of the year 9999 at most")
        if self._frozen is not None:
            self._frozen += seconds
        else:
            self._ahead += seconds

    def freeze(self) -> None:
        """Let it stand still where it is."""
        self._frozen = self.now()

    def resume(self) -> None:
        """Let it run on from where it stands."""
        if self._frozen is not None:
            self._ahead = self.now() - self._real()
            self._frozen = None

    def restart(self) -> None:
        """Let it be the real clock again, for whoever has seen nothing of its past."""
        self._ahead, self._frozen, self._latest = 0.0, None, 0.0
