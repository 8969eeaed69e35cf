"""An exchange as text: status, reply, the guards that were asked, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mhsm_conformance.explaining.text.drawing import heading, indented, labelled
from mhsm_conformance.shell.answer_text import body_text, status_text
from mhsm_conformance.shell.exchanges import Exchange
from mhsm_conformance.shell.state_text import hanging, key_lines
from mhsm_conformance.shell.writing import written
from mhsm_model.alternatives import addressed_name
from mhsm_model.clauses import Clause, Kind
from mhsm_model.exchange import Indeterminate
from mhsm_model.judgement import Breach
from mhsm_model.rules import Guard, Perhaps
from mhsm_model.tracing import Answer, Asked, Trace
from mhsm_reports.render.visible_text import visible, visible_line

__all__ = ["exchange_text", "guard_name", "why_text"]

_STYLES: Final = {
    Answer.PASSES: "green",
    Answer.REFUSES: "bold red",
    Answer.MAY_REFUSE: "yellow",
    Answer.NOT_ASKED: "dim",
}
_SPEAKING: Final = (Kind.POSTCONDITION, Kind.FRAME)


def guard_name(guard: Guard[Any]) -> str:
    """The name of a guard in words, as its function has it."""
    return guard.objects.__name__.strip("_").replace("_", " ")


def exchange_text(exchange: Exchange) -> Iterator[RenderableType]:
    """The exchange in short: what came back, what was asked, what decided, what the judge says."""
    yield _title(exchange)
    body = body_text(exchange.answer, exchange.sent.reply)
    if body is not None:
        yield body
    yield labelled(_rows(exchange))


def _title(exchange: Exchange) -> Text:
    title = Text(f"[{exchange.number}] ", "dim")
    title.append_text(status_text(exchange.answer))
    if exchange.label is not None:
        title.append(f"  ${exchange.label}", "cyan")
    return title


def _rows(exchange: Exchange) -> Iterator[tuple[str, RenderableType | str]]:
    found = exchange.trace
    if found is not None:
        yield "guards", _asked_in_order(found)
        yield from _decided(found, exchange)
    yield from _verdict(exchange)


def _asked_in_order(found: Trace) -> Text:
    """The clauses of the guards that were asked, in order, each coloured by its answer."""
    asked = [row for row in found.asked if row.answer is not Answer.NOT_ASKED]
    text = Text(" ").join(Text(row.guard.clause.identifier, _STYLES[row.answer]) for row in asked)
    left = len(found.asked) - len(asked)
    if left:
        text.append(f"; {left} more are not asked then", "dim")
    return text


def _decided(found: Trace, exchange: Exchange) -> Iterator[tuple[str, RenderableType | str]]:
    for row in found.deciding:
        yield "decided by", _guard_line(row)
    others = [row for row in found.objecting if not row.decides]
    for row in others:
        if row.answer is Answer.REFUSES:
            yield "refuses too" if found.deciding else "refuses", _guard_line(row)
    refused = any(row.answer is Answer.REFUSES for row in found.objecting)
    if not (found.deciding or refused or isinstance(exchange.sent.reply, Indeterminate)):
        yield "decided by", Text("no guard: none refuses", "dim")


def _guard_line(row: Asked) -> Text:
    clause = row.guard.clause
    text = Text.assemble(guard_name(row.guard), " (", (clause.identifier, "cyan"), "): ")
    text.append(clause.prose)
    return text


def _verdict(exchange: Exchange) -> Iterator[tuple[str, RenderableType | str]]:
    told = exchange.judgement
    if not exchange.is_lawful:
        for breach in told.breaches:
            yield "judge", _breach("UNLAWFUL", "bold red", breach)
    elif exchange.problem is not None or told.inconclusive is not None:
        reason = visible_line(exchange.problem or told.inconclusive or "")
        yield "judge", Text(f"inconclusive: {reason}", "yellow")
    elif told.refused:
        alone = ", which alone refuses" if told.alone else ""
        names = ", ".join(clause.identifier for clause in told.refused)
        verb = "demands" if all(clause.demands for clause in told.refused) else "permits"
        yield "judge", Text.assemble(("lawful", "bold green"), f": as {names} {verb}{alone}")
    else:
        names = ", ".join(clause.identifier for clause in told.held if clause.kind in _SPEAKING)
        held = f": {names} hold" if names else ""
        yield "judge", Text.assemble(("lawful", "bold green"), held)
    for breach in told.warnings:
        yield "warning", _breach("not as inferred", "yellow", breach)
    for clause, outcome in told.answers:
        yield "open", _answered(clause, outcome)


def _breach(word: str, style: str, breach: Breach) -> Text:
    text = Text.assemble((word, style), " by ", (breach.clause.identifier, "cyan"))
    text.append(f": {breach.clause.prose}")
    text.append(f"\nexpected: {visible(breach.expected)}\nobserved: {visible(breach.observed)}")
    return text


def _answered(clause: Clause, outcome: str) -> Text:
    text = Text.assemble((clause.identifier, "cyan"), f": {visible_line(clause.prose)} ")
    return text.append(f"Here: {visible_line(outcome)}.", "dim")


def why_text(exchange: Exchange) -> Iterator[RenderableType]:
    """All there is to say of an exchange: each guard, what a success keeps, and what changed."""
    yield _title(exchange)
    yield indented(labelled(_circumstances(exchange)))
    found = exchange.trace
    if found is None:
        yield indented("No operation carries this out, so that no guard was asked.")
    else:
        yield heading(f"Guards of {found.operation.name}, in their order")
        yield indented(_guard_table(found.asked))
        if found.situations > 1:
            yield indented(Text(f"in one of {found.situations} situations that may be", "dim"))
    yield from _clauses("Held: what could have been broken, and was not", exchange.judgement.held)
    yield from _clauses("Nothing to say of it", exchange.judgement.vacuous)
    yield heading("What is known afterwards")
    for line in _change(exchange):
        yield indented(line)
    yield heading("Verdict")
    yield indented(labelled(_verdict(exchange)))


def _circumstances(exchange: Exchange) -> Iterator[tuple[str, str]]:
    call = exchange.sent.call
    message = exchange.sent.message
    if message is not None:
        yield "sent", visible(f"{message.method} {message.target}")
    else:
        yield "sent", visible(written(call.request))
    yield "to", call.host
    credential = getattr(call.credential, "value", "unknown")
    version = call.api_version if isinstance(call.api_version, str) else "none"
    yield "by", f"credential {credential}, api-version {version}"
    for oddity in sorted(call.oddities, key=lambda each: each.name):
        yield "oddity", oddity.value


def _guard_table(rows: Iterable[Asked]) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", style="dim", no_wrap=True)
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for order, row in enumerate(rows, 1):
        text = Text(f"{guard_name(row.guard)}: ", "bold") + Text(row.guard.clause.prose)
        if row.objection is not None:
            wanted = row.objection
            refusal = wanted.refusal if isinstance(wanted, Perhaps) else wanted
            text.append(f"\nwants {visible(str(refusal))}", "dim")
        if row.closed_by:
            names = ", ".join(guard.clause.identifier for guard in row.closed_by)
            text.append(f"\nthere is nothing to ask it of after {names}", "dim")
        answer = Text(row.answer.value, _STYLES[row.answer])
        if row.decides:
            answer.append("\ndecides", "bold")
        grid.add_row(str(order), row.guard.clause.identifier, answer, text)
    return grid


def _clauses(title: str, rows: tuple[Clause, ...]) -> Iterator[RenderableType]:
    if not rows:
        return
    yield heading(title)
    yield indented(labelled((row.identifier, row.prose) for row in dict.fromkeys(rows)))


def _change(exchange: Exchange) -> Iterator[RenderableType]:
    """What is known of the key before and after, line by line."""
    call = exchange.sent.call
    name = addressed_name(exchange.before, call.request, exchange.sent.reply)
    if not name:
        yield Text("no key was addressed, and none has changed", "dim")
        return
    before = key_lines(exchange.before, call.host, name)
    after = key_lines(exchange.judgement.estate, call.host, name)
    for line in before:
        gone = line not in after
        yield hanging(line, "- " if gone else "  ", "red" if gone else "")
    for line in after:
        if line not in before:
            yield hanging(line, "+ ", "green")
    told = "nothing has changed" if before == after else "no other key has changed"
    yield Text(told, "dim")
