"""The table of what clients did: client, version, operation, outcome."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TextIO

from mhsm_reports.report_file import write_report

__all__ = ["Outcome", "Row", "print_table", "write_table"]

_FORMAT: Final = "mhsm-witnesses/1"


class Outcome(StrEnum):
    """How an operation of a client ended.

    NOT_MODELLED: the specification has no such chapter yet, and the served HSM said so.
    CLIENT_DEFECT: the client itself does wrong, whatever it talks to; it was seen to do so again.
    ABSENT: the client is not installed here, so nothing is known of it.
    """

    PASSED = "passed"
    FAILED = "failed"
    NOT_MODELLED = "not modelled"
    CLIENT_DEFECT = "client defect"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Row:
    """One operation of one client; `detail` is the reason where the outcome is not PASSED."""

    client: str
    version: str
    operation: str
    outcome: Outcome
    detail: str = ""


def print_table(rows: Sequence[Row], stream: TextIO) -> None:
    """Print every row on a line, then the counts."""
    told = [(row.client, row.version, row.operation) for row in rows]
    heads = ("client", "version", "operation")
    widths = [max(map(len, column)) for column in zip(heads, *told, strict=True)]
    for cells, outcome in zip(
        (heads, *told), ("outcome", *(_outcome(row) for row in rows)), strict=True
    ):
        shown = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        print(f"{shown}  {outcome}", file=stream)
    counts = Counter(row.outcome for row in rows)
    parts = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    clients = len({row.client for row in rows})
    print(f"{clients} clients, {len(rows)} operations: {parts}", file=stream)


def _outcome(row: Row) -> str:
    return f"{row.outcome}: {row.detail}" if row.detail else str(row.outcome)


def write_table(rows: Sequence[Row], target: str, path: Path) -> None:
    """Write the rows as one JSON object, whole or not at all. Raises ReportFileError."""
    document = {"format": _FORMAT, "target": target, "rows": [asdict(row) for row in rows]}
    write_report(path, json.dumps(document, indent=1) + "\n")
