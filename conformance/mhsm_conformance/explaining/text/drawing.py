"""Drawing on a terminal or into a pipe: width, colour, and rows of label and text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TextIO

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mhsm_reports.render.console import (
    drawn,
    plain_console,
    wants_colour,
    width_of,
    write_escaped,
)
from mhsm_reports.render.visible_text import visible

__all__ = ["draw", "heading", "indented", "labelled", "linked"]

_NARROWEST: Final = 60


def draw(parts: Iterable[RenderableType], out: TextIO) -> None:
    """Write the parts to `out`, as wide as its terminal, else as COLUMNS says or 80.

    Colours only on a terminal that wants them; no line ends in blanks; what the encoding of `out`
    does not have is escaped.
    """
    console = plain_console(max(width_of(out), _NARROWEST), colour=wants_colour(out))
    for part in parts:
        write_escaped(out, drawn(console, part))
    out.flush()


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
