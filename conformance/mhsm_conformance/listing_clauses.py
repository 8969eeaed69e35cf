"""The command `mhsm clauses`: the catalogue, with how many real exchanges exercised each clause."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mhsm_model.catalogue import catalogue
from mhsm_model.clauses import Clause
from mhsm_model.tables.recorded import recorded_exchanges

__all__ = ["clause_document", "list_clauses"]


def list_clauses(pattern: str | None, out: TextIO, *, as_json: bool) -> bool:
    """Print the clauses that match the pattern, all for None; False where none does."""
    chosen = [row for row in catalogue() if fnmatchcase(row.identifier, pattern or "*")]
    if not chosen:
        return False
    if as_json:
        json.dump([clause_document(row) for row in chosen], out, indent=1)
        out.write("\n")
    else:
        Console(file=out, highlight=False, soft_wrap=False).print(_table(chosen))
    return True


def clause_document(row: Clause) -> dict[str, Any]:
    """The clause as JSON values, with how many recorded exchanges exercised it."""
    return {
        "id": row.identifier,
        "prose": row.prose,
        "level": row.level.value,
        "basis": row.basis.value,
        "kind": row.kind.value,
        "since": row.since,
        "until": row.until,
        "sources": [str(source) for source in row.sources],
        "recorded_exchanges": recorded_exchanges(row.identifier),
    }


def _table(rows: list[Clause]) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("clause", "level", "basis"):
        table.add_column(name, no_wrap=True)
    table.add_column("recorded", justify="right", no_wrap=True)
    table.add_column("what it says", overflow="fold", ratio=1)
    for row in rows:
        since = f" (since {row.since})" if row.since is not None else ""
        table.add_row(
            row.identifier,
            row.level.value,
            row.basis.value,
            str(recorded_exchanges(row.identifier) or "."),
            Text(row.prose + since),
        )
    return table
