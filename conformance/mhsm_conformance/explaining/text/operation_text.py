"""The account of an operation as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mhsm_conformance.explaining.http_forms import Member, http_form
from mhsm_conformance.explaining.operation_accounts import GuardRow, OperationAccount
from mhsm_conformance.explaining.text.clause_text import error_phrase
from mhsm_conformance.explaining.text.drawing import heading, indented, labelled
from mhsm_model.clauses import Clause
from mhsm_model.operations import OPERATIONS

__all__ = ["operation_list", "operation_text"]


def operation_list() -> Iterator[RenderableType]:
    """All operations, a line each."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="cyan")
    grid.add_column(overflow="fold")
    for row in OPERATIONS:
        form = http_form(row)
        grid.add_row(row.name, Text(f"{form.method} {form.path}"))
    yield grid


def operation_text(account: OperationAccount) -> Iterator[RenderableType]:
    """The table of an operation, top to bottom."""
    yield Text.assemble((account.name, "bold cyan"), f"  {account.prose}")
    yield indented(labelled(_head(account)))
    yield heading("Guards: each may refuse, one of those that do is reported")
    yield indented(_guards(account.guards))
    yield heading("Ensures: what a success keeps")
    yield indented(_ensures(account.ensures))
    yield heading("Effect")
    yield indented(account.effect)


def _head(account: OperationAccount) -> Iterator[tuple[str, RenderableType | str]]:
    form = account.form
    query = "".join(f"&{name}=…" for name in form.query)
    yield "asked by", Text(f"{form.method} {form.path}?api-version=…{query}", "bold")
    yield "permission", account.permission.name
    yield "held by", Text(", ".join(account.permission.roles), "dim")
    yield "sends", _members(form.sent)
    yield "answers", Text(f"{form.status}  ", "bold") + _members(form.answered)


def _members(members: Sequence[Member]) -> Text:
    if not members:
        return Text("no body", "dim")
    shown = (
        Text.assemble(member.name, ("*" if member.is_required else "", "bold"))
        + Text(f" {member.form}", "dim")
        for member in members
    )
    text = Text(", ").join(shown)
    if any(member.is_required for member in members):
        text.append("  (* required by the schema)", "dim")
    return text


def _guards(rows: Iterable[GuardRow]) -> Table:
    table = _clause_grid()
    for order, row in enumerate(rows, 1):
        text = Text(row.clause.prose)
        for error in row.errors:
            choice = "" if error.is_recorded else ", or any other 4xx"
            text.append(f"\n{error_phrase(error)}{choice}", "dim")
        if not row.clause.demands:
            text.append("\nboth outcomes are lawful", "dim")
        if row.presupposes:
            text.append(f"\nafter {', '.join(row.presupposes)}", "dim")
        table.add_row(str(order), row.clause.identifier, text)
    return table


def _ensures(rows: Sequence[Clause]) -> Table | Text:
    if not rows:
        return Text("nothing more than the status", "dim")
    table = _clause_grid()
    for order, row in enumerate(rows, 1):
        table.add_row(str(order), row.identifier, Text(row.prose))
    return table


def _clause_grid() -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", style="dim", no_wrap=True)
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    return grid
