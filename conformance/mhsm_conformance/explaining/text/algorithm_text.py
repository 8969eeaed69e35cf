"""The algorithms as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.box import Box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mhsm_conformance.explaining.algorithm_table import (
    COLUMNS,
    AlgorithmRow,
    algorithm_rows,
    key_type_rows,
)
from mhsm_conformance.explaining.text.drawing import heading
from mhsm_reports.render.clause_table import RULED
from mhsm_reports.render.key_matrix import QUANTUM_RESISTANT

__all__ = ["algorithm_text"]

_BOX: Box = RULED


def algorithm_text() -> Iterator[RenderableType]:
    """Key types, then the matrix of algorithms by operations."""
    yield Text("Key types", "bold underline")
    yield _key_types()
    yield heading("Algorithms by operation")
    yield _matrix(algorithm_rows())
    yield Text(
        "\nyes: for this operation and its inverse (verify, decrypt, unwrap)\n"
        "?: no document says, which is open question ALG-240\n"
        f"{QUANTUM_RESISTANT}: resists quantum computers with a key of 256 bits (AES: CNSA 2.0)\n"
        "bytes: what sign and verify take; blank where the length is not fixed\n"
        "since: the api-version that brought the name; blank where all have it",
        "dim",
    )


def _key_types() -> Table:
    table = Table(box=_BOX, show_edge=False, pad_edge=False)
    table.add_column("type", no_wrap=True)
    table.add_column("bits or curve")
    table.add_column("default", no_wrap=True)
    table.add_column("key_ops where none are named", overflow="fold")
    for row in key_type_rows():
        permitted = Text(", ".join(row.operations))
        if row.more:
            since = f", seen from {row.since} on" if row.since is not None else ""
            permitted.append(f"; in some builds {', '.join(row.more)}{since}", "dim")
        table.add_row(Text(row.name, "cyan"), ", ".join(row.sizes), row.default, permitted)
    return table


def _matrix(rows: Sequence[AlgorithmRow]) -> Table:
    # One column between cells: the longest names just fit into 80.
    table = Table(box=_BOX, show_edge=False, pad_edge=False, padding=0)
    table.add_column("algorithm", no_wrap=True)
    for operation, _ in COLUMNS[::2]:
        table.add_column(operation.removesuffix("Key"), no_wrap=True)
    table.add_column("bytes", justify="right", no_wrap=True)
    table.add_column("keys", no_wrap=True)
    table.add_column("since", no_wrap=True)
    for row in rows:
        name = Text(row.name, "cyan")
        name.append(f" {QUANTUM_RESISTANT}" if row.resistant else "", "bold green")
        table.add_row(
            name,
            *(_use(row, operation) for operation, _ in COLUMNS[::2]),
            "" if row.digest_bytes is None else str(row.digest_bytes),
            row.keys,
            row.since or "",
        )
    return table


def _use(row: AlgorithmRow, operation: str) -> Text:
    match row.uses.get(operation):
        case "yes":
            return Text("yes", "green")
        case "open":
            return Text("?", "yellow")
        case _:
            return Text("")
