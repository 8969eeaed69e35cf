"""Where reports and explanations are drawn: how wide, in colour or not, in which encoding."""

import os
from typing import TextIO

from rich.console import Console, RenderableType

DEFAULT_WIDTH = 80


def plain_console(width: int, *, colour: bool) -> Console:
    """Return a console that draws what it is given: it reads no markup, and no environment."""
    return Console(
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},
    )


def drawn(console: Console, part: RenderableType, *, whole: bool = False) -> str:
    """Draw one part, no line ending in blanks, and wrapped unless lines are to stay `whole`."""
    with console.capture() as capture:
        console.print(part, soft_wrap=whole)
    return "".join(line.rstrip() + "\n" for line in capture.get().splitlines())


def wants_colour(stream: TextIO) -> bool:
    """Whether the stream is a terminal, `NO_COLOR` is not set and `TERM` is not `dumb`."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def width_of(stream: TextIO) -> int:
    """Return the columns of a terminal; of another stream what `COLUMNS` says, or else 80."""
    if stream.isatty():
        try:
            return os.get_terminal_size(stream.fileno()).columns or DEFAULT_WIDTH
        except OSError:
            # A terminal that does not know its size, such as the console of some build servers.
            return DEFAULT_WIDTH
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() else DEFAULT_WIDTH


def write_escaped(stream: TextIO, text: str) -> None:
    """Write the text; what the encoding of the stream does not have is escaped."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
