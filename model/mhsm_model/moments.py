"""Time as the model knows it: closed intervals of whole seconds since 1970-01-01T00:00:00Z."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["ANY_TIME", "FOREVER", "Interval"]

FOREVER: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Interval:
    """All moments from `earliest` to `latest`, both included, in seconds."""

    earliest: int
    latest: int

    def __contains__(self, moment: int) -> bool:
        return self.earliest <= moment <= self.latest

    @property
    def exact(self) -> int | None:
        """The moment, where the interval holds just one."""
        return self.earliest if self.earliest == self.latest else None

    def widened(self, seconds: int) -> Interval:
        """The interval with `seconds` of doubt added at both ends."""
        return Interval(max(0, self.earliest - seconds), min(FOREVER, self.latest + seconds))

    def __str__(self) -> str:
        if self.exact is not None:
            return str(self.earliest)
        until = "any later time" if self.latest >= FOREVER else str(self.latest)
        return f"{self.earliest} to {until}"


ANY_TIME: Final = Interval(0, FOREVER)
