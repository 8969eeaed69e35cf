"""The life of a key name as text: a diagram, and the table of what is refused."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mhsm_conformance.explaining.life_table import edges, life_rows
from mhsm_model.tables.lifecycle import Stage
from mhsm_reports.render.clause_table import RULED

__all__ = ["life_diagram", "life_text"]

_STAYS_WIDTH: Final = 50
_ASCII: Final = str.maketrans("┌┐└┘─│▼▲▶", "++++-|v^>")

Edges = Mapping[tuple[Stage, Stage], tuple[str, ...]]


def life_text(encoding: str | None) -> Iterator[RenderableType]:
    """The diagram, in plain ASCII where the encoding has no lines, and the table."""
    drawn = life_diagram(edges())
    try:
        drawn.encode(encoding or "ascii")
    except UnicodeEncodeError:
        drawn = drawn.translate(_ASCII)
    yield Text(drawn)
    yield Text("Every operation on a name, by the stage the name is at", "bold underline")
    yield _table()
    yield Text("\nA stage: it is carried out and leads there. A clause: it refuses.", "dim")


def life_diagram(found: Edges) -> str:
    """The stages from top to bottom, what leads down and up, and around from the last to the first.

    Raises ValueError for any other step: there is no room for it.
    """
    stages = list(Stage)
    _check(found, stages)
    lines: list[str] = []
    for upper, lower in zip_longest(stages, stages[1:]):
        ends = {stages[0]: (" ", "┌──▶", "│"), stages[-1]: ("│", "└───", " ")}
        lines += _box(upper, found.get((upper, upper), ()), ends.get(upper, ("│", "│", "│")))
        if lower is not None:
            lines += _between(found.get((upper, lower), ()), found.get((lower, upper), ()))
    around = found.get((stages[-1], stages[0]), ())
    lines.append(f"   around: {', '.join(around)}")
    return "\n".join(lines) + "\n"


def _check(found: Edges, stages: list[Stage]) -> None:
    for before, after in found:
        step = stages.index(after) - stages.index(before)
        if abs(step) > 1 and (before, after) != (stages[-1], stages[0]):
            raise ValueError(f"no room for a step from {before.value} to {after.value}")


def _box(stage: Stage, stays: tuple[str, ...], gutter: tuple[str, str, str]) -> list[str]:
    width = max(len(other.value) for other in Stage) + 2
    box = (f"┌{'─' * width}┐", f"│{stage.value:^{width}}│", f"└{'─' * width}┘")
    told = textwrap.wrap(f"stays: {', '.join(stays)}" if stays else "", _STAYS_WIDTH)
    sides = [*gutter, *(gutter[-1] for _ in told[len(box) :])]
    rows = zip_longest(sides, box, told, fillvalue="")
    return [f"   {side:<4}{drawn:<{width + 2}}  {text}".rstrip() for side, drawn, text in rows]


def _between(down: tuple[str, ...], up: tuple[str, ...]) -> list[str]:
    shafts = [("│", "▲"), ("│", "│"), ("│", "│"), ("▼", "│")]
    labels = ["", f"▼ {', '.join(down)}" if down else "", f"▲ {', '.join(up)}" if up else "", ""]
    return [
        f"   │      {a if down else ' '}   {b if up else ' '}   {label}".rstrip()
        for (a, b), label in zip(shafts, labels, strict=True)
    ]


def _table() -> Table:
    table = Table(box=RULED, show_edge=False, pad_edge=False)
    table.add_column("operation", no_wrap=True)
    for stage in Stage:
        table.add_column(stage.value, no_wrap=True)
    for row in life_rows():
        cells = (
            Text(row.leads_to[stage.value], "green")
            if stage.value in row.leads_to
            else Text(", ".join(row.refused_by[stage.value]), "cyan")
            for stage in Stage
        )
        table.add_row(row.operation, *cells)
    return table
