"""The progress of a run: what is being tried, exchanges and failures so far.

On a terminal one line is kept up to date; elsewhere lines are written, few enough for a log.
"""

from __future__ import annotations

import time
from typing import Final, Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

__all__ = ["LineProgress", "LiveProgress", "Progress", "progress_to"]

_SECONDS_BETWEEN_LINES: Final = 10.0
_SECONDS_BETWEEN_PICTURES: Final = 0.1


class Progress(Protocol):
    """What a run tells while it goes on."""

    def begin(self, total: int) -> None:
        """The number of checks is known."""
        ...

    def trying(self, title: str) -> None:
        """A check has begun."""
        ...

    def exchanged(self, count: int = 1) -> None:
        """Exchanges were judged."""
        ...

    def finished(self, outcome: str, title: str) -> None:
        """A check has ended."""
        ...

    def close(self) -> None:
        """The run is over."""
        ...


class _Counts:
    def __init__(self, noun: str) -> None:
        self.noun = noun
        self.total = 0
        self.done = 0
        self.exchanges = 0
        self.failures = 0
        self.title = "nothing yet"

    def line(self) -> str:
        told = f", {self.exchanges} exchanges" if self.exchanges else ""
        return f"{self.done}/{self.total} {self.noun}{told}, {self.failures} failed"


class LineProgress:
    """A line every ten seconds, one for each failure, and one at the end."""

    def __init__(self, stream: TextIO, noun: str = "checks") -> None:
        self._stream = stream
        self._counts = _Counts(noun)
        self._last = time.monotonic()

    def begin(self, total: int) -> None:
        """The number of checks is known."""
        self._counts.total = total
        self._write(f"{total} {self._counts.noun} to try")

    def trying(self, title: str) -> None:
        """A check has begun."""
        self._counts.title = title

    def exchanged(self, count: int = 1) -> None:
        """Exchanges were judged."""
        self._counts.exchanges += count
        if time.monotonic() - self._last >= _SECONDS_BETWEEN_LINES:
            self._write(f"{self._counts.line()}; trying: {self._counts.title}")

    def finished(self, outcome: str, title: str) -> None:
        """A check has ended."""
        self._counts.done += 1
        if outcome == "failed":
            self._counts.failures += 1
            self._write(f"FAILED {title}")
        self.exchanged(0)

    def close(self) -> None:
        """The run is over."""
        self._write(self._counts.line())

    def _write(self, line: str) -> None:
        self._last = time.monotonic()
        print(line, file=self._stream, flush=True)


class LiveProgress:
    """One line that is kept up to date; failures stay above it."""

    def __init__(self, console: Console, noun: str = "checks") -> None:
        self._console = console
        self._counts = _Counts(noun)
        self._drawn = 0.0
        self._live = Live(console=console, transient=True, auto_refresh=False)
        self._live.start()

    def begin(self, total: int) -> None:
        """The number of checks is known."""
        self._counts.total = total
        self._draw(force=True)

    def trying(self, title: str) -> None:
        """A check has begun."""
        self._counts.title = title
        self._draw()

    def exchanged(self, count: int = 1) -> None:
        """Exchanges were judged."""
        self._counts.exchanges += count
        self._draw()

    def finished(self, outcome: str, title: str) -> None:
        """A check has ended."""
        self._counts.done += 1
        if outcome == "failed":
            self._counts.failures += 1
            self._console.print(Text(f"FAILED {title}", style="bold red"))
        self._draw(force=outcome == "failed")

    def close(self) -> None:
        """The run is over."""
        self._live.stop()

    def _draw(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self._drawn < _SECONDS_BETWEEN_PICTURES:
            return
        self._drawn = now
        text = Text(self._counts.line(), style="bold red" if self._counts.failures else "bold")
        text.append(f"  trying: {self._counts.title}", style="not bold default")
        text.truncate(max(20, self._console.width - 1), overflow="ellipsis")
        self._live.update(text, refresh=True)


def progress_to(stream: TextIO, noun: str = "checks") -> Progress:
    """The progress display that suits the stream; `noun` is what is tried, in the plural."""
    console = Console(file=stream)
    return LiveProgress(console, noun) if console.is_terminal else LineProgress(stream, noun)
