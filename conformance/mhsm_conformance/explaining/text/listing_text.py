"""Errors, open questions and what a search found, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mhsm_conformance.explaining.error_table import ErrorRow
from mhsm_conformance.explaining.open_questions import OpenQuestion
from mhsm_conformance.explaining.searching import Hit
from mhsm_conformance.explaining.text.drawing import linked
from mhsm_model.operations import OPERATIONS
from mhsm_reports.render.visible_text import visible_line

__all__ = ["errors_text", "hits_text", "questions_text"]

_MANY_OPERATIONS = 4


def errors_text(rows: Sequence[ErrorRow]) -> Iterator[RenderableType]:
    """The error answers, those recorded from the service and those that are a choice."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", ratio=1)
    for row in rows:
        text = Text(row.code, "bold")
        text.append(f"  {row.message}" if row.message else "  a challenge", "")
        if not row.is_recorded:
            text.append("\nnot recorded: any 4xx is lawful, this is the emulator's choice", "dim")
        text.append("\n").append(linked(row.clauses)).append(f"  {_operations(row)}", "dim")
        grid.add_row(Text(str(row.status), "bold"), text)
    yield grid


def _operations(row: ErrorRow) -> str:
    if not row.operations:
        return "what is no operation"
    if len(row.operations) == len(OPERATIONS):
        return "every operation"
    first, rest = row.operations[:_MANY_OPERATIONS], row.operations[_MANY_OPERATIONS:]
    return ", ".join(first) + (f" and {len(rest)} more" if rest else "")


def questions_text(questions: Sequence[OpenQuestion], *, asked: bool) -> Iterator[RenderableType]:
    """The open questions, each with what recordings and, where any was asked, targets answered."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="cyan")
    grid.add_column(overflow="fold", ratio=1)
    for question in questions:
        text = Text(question.clause.prose)
        names = list(dict.fromkeys(place.operation for place in question.places))
        where = ", ".join(names) if names else question.reach or ""
        text.append(f"\n{where}", "dim")
        if question.recorded:
            text.append(f"\nrecorded: {question.recorded} exchanges answered it", "green")
        for run, answer in question.answered:
            target = run.result.run.target.name
            told = f"\n{visible_line(target)}: {visible_line(answer.answer)} ({answer.count})"
            text.append(told, "yellow")
        if asked and not question.answered:
            text.append("\nno run was asked", "dim")
        grid.add_row(question.clause.identifier, text)
    yield grid
    answered = sum(bool(question.recorded) for question in questions)
    yield Text(f"\n{len(questions)} open questions; recordings of the service answer {answered}")


def hits_text(hits: Sequence[Hit], most: int) -> Iterator[RenderableType]:
    """What was found, the best first, at most so many."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="cyan")
    grid.add_column(overflow="fold", ratio=1)
    for hit in hits[:most]:
        grid.add_row(hit.name, Text(hit.text))
    yield grid
    counts = Counter(hit.kind for hit in hits)
    told = ", ".join(
        f"{number} {kind}{'s' if number > 1 else ''}" for kind, number in counts.items()
    )
    more = f"; the best {most} are shown" if len(hits) > most else ""
    yield Text(f"\n{told}{more}", "dim")
