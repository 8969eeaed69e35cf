"""Drawing on a terminal or into a pipe: width, colour, and rows of label and text."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final, TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mhsm_reports.render.visible_text import visible

__all__ = ["draw", "heading", "indented", "labelled", "linked"]

_NARROWEST: Final = 60


def draw(parts: Iterable[RenderableType], out: TextIO) -> None:
    """Write the parts to `out`, as wide as its terminal, else as COLUMNS says or 80.

    Colours only on a terminal that wants them; no line ends in blanks; what the encoding of `out`
    does not have is escaped.
    """
    terminal = out.isatty()
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    console = Console(
        file=out if terminal else None,
        width=max(_width(out, terminal=terminal), _NARROWEST),
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    encoding = getattr(out, "encoding", None) or "utf-8"
    for part in parts:
        with console.capture() as capture:
            console.print(part)
        lines = (line.rstrip() + "\n" for line in capture.get().splitlines())
        out.write("".join(lines).encode(encoding, "backslashreplace").decode(encoding))
    out.flush()


def _width(out: TextIO, *, terminal: bool) -> int:
    columns = os.environ.get("COLUMNS", "")
    if terminal:
        try:
            return os.get_terminal_size(out.fileno()).columns or 80
        except OSError:
            return 80
    return int(columns) if columns.isdecimal() else 80


def heading(title: str) -> Text:
    """The title of a section."""
    return Text(f"\n{title}", "bold underline")


def labelled(rows: Iterable[tuple[str, RenderableType | str]]) -> Table:
    """Rows of a label and what it stands for; equal labels in a row are written once."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim", min_width=11)
    grid.add_column(overflow="fold", ratio=1)
    before = ""
    for label, told in rows:
        shown = "" if label == before else label
        grid.add_row(shown, Text(visible(told)) if isinstance(told, str) else told)
        before = label
    return grid


def indented(part: RenderableType | str, by: int = 2) -> Padding:
    """The part moved to the right."""
    shown = Text(visible(part)) if isinstance(part, str) else part
    return Padding(shown, (0, 0, 0, by), expand=False)


def linked(names: Iterable[str]) -> Text:
    """Identifiers in a row, to be looked up."""
    return Text(", ").join(Text(name, "cyan") for name in names)
