"""The account of a clause as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.text import Text

from mhsm_conformance.explaining.accounts import ClauseAccount, breach_counts_as, in_force_text
from mhsm_conformance.explaining.error_answers import ErrorAnswer
from mhsm_conformance.explaining.error_table import ErrorRow, grouped
from mhsm_conformance.explaining.places import Place
from mhsm_conformance.explaining.recorded_examples import Example
from mhsm_conformance.explaining.suite_checks import SuiteCheck, by_function
from mhsm_conformance.explaining.text.drawing import indented, labelled, linked
from mhsm_reports.render.visible_text import visible

__all__ = ["clause_text", "error_phrase", "error_text"]

_MANY_PLACES = 6


def clause_text(account: ClauseAccount) -> Iterator[RenderableType]:
    """The account of a clause: prose, then what is known of it, row by row."""
    row = account.clause
    title = Text(row.identifier, "bold cyan")
    title.append(f"  {row.level}, {row.basis}, {row.kind}", "dim")
    yield title
    yield indented(Text(row.prose, "bold"))
    yield indented(labelled(_rows(account)))
    for example in account.examples:
        yield indented(_example(example))


def _rows(account: ClauseAccount) -> Iterator[tuple[str, RenderableType | str]]:
    row = account.clause
    for source in row.sources:
        yield "source", str(source)
    yield "holds in", in_force_text(row)
    yield "a breach is", breach_counts_as(row)
    yield from _stands(account.places)
    if account.reach is not None:
        yield "speaks of", account.reach
    if account.presupposes:
        yield "presupposes", linked(account.presupposes)
    if account.presupposed_by:
        yield "is needed by", linked(account.presupposed_by)
    for error in grouped(account.answers):
        yield "answers", error_text(error, demanded=_demanded(error, account.answers))
    yield from _checks(account.checks)
    for mutant in account.mutants:
        yield "mutants", Text.assemble((mutant.name, "cyan"), f": {mutant.prose}")
    if not account.mutants:
        yield "mutants", "none"
    yield "evidence", _recorded(account.recorded)
    for evidence in account.runs:
        yield "run", str(evidence)


def _stands(rows: tuple[Place, ...]) -> Iterator[tuple[str, str]]:
    if len(rows) > _MANY_PLACES:
        for part in dict.fromkeys(place.part for place in rows):
            names = [place.operation for place in rows if place.part == part]
            yield "stands in", f"{part} of {', '.join(names)}"
        return
    for place in rows:
        yield "stands in", f"{place.operation}: {place.part} {place.order} of {place.rows}"


def _demanded(error: ErrorRow, answers: Iterable[ErrorAnswer]) -> bool:
    told = (error.status, error.code, error.message)
    return any(a.is_demanded for a in answers if (a.status, a.code, a.message) == told)


def error_phrase(error: ErrorRow) -> str:
    """An error answer in a few words: status, code and message, or that it is a challenge."""
    if not error.code:
        return f"{error.status} with a challenge"
    return f"{error.status} {error.code} “{error.message}”"


def error_text(error: ErrorRow, *, demanded: bool) -> Text:
    """An error answer in a line: what the target must answer, and what is only a choice."""
    text = Text(visible(error_phrase(error)))
    if not error.is_recorded:
        text.append(" (any 4xx is lawful; this is the emulator's choice)", "dim")
    if not demanded:
        text.append(" (or carries it out: both are lawful)", "dim")
    return text


def _checks(checks: tuple[SuiteCheck, ...]) -> Iterator[tuple[str, RenderableType | str]]:
    """The checks, those of one function as one."""
    for row in by_function(checks):
        text = Text.assemble((row.name, "cyan"))
        text.append(f" ({row.count} times)" if row.count > 1 else "", "dim")
        text.append(f": {row.title}")
        yield "checks", text
    if not checks:
        yield "checks", "none names it"


def _recorded(count: int) -> str:
    if not count:
        return "no recorded exchange of the service exercised it"
    exchanges = "exchange" if count == 1 else "exchanges"
    return f"{count:,} recorded {exchanges} of the service exercised it"


def _example(example: Example) -> Text:
    text = Text(f"\n{visible(example.file)}, exchange {example.sequence}: {example.operation}\n")
    text.stylize("dim")
    if example.told is not None:
        text.append(f"answer: {visible(example.told)}\n")
    for mark, message in ((">", example.sent), ("<", example.answered)):
        lines = visible(message).splitlines()
        text.append("\n".join(f"{mark} {line}" for line in lines) + "\n")
    text.rstrip()
    return text
