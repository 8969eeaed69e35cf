"""The matrix of key kinds and algorithms by operations."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from mhsm_reports.render.clause_table import RULED
from mhsm_reports.render.visible_text import visible_line
from mhsm_reports.results import MatrixCell
from mhsm_reports.vocabulary import CellOutcome, KeyOperation

#: What stands in a cell, with its style; the words alone tell the outcomes apart.
#: Where several cells of a result fall together, the first outcome in this order is shown.
SHOWN = {
    CellOutcome.FAILED: ("FAIL", "bold red"),
    CellOutcome.PASSED: ("pass", "green"),
    CellOutcome.REFUSED: ("refused", "cyan"),
    CellOutcome.UNTESTED: ("-", "dim"),
}

QUANTUM_RESISTANT = "(q)"

LEGEND = (
    "pass: worked as specified    refused: refused, as specified    FAIL: a breach\n"
    f"-: untested    blank: no such combination    {QUANTUM_RESISTANT}: resists quantum computers"
)


def key_matrix(cells: Sequence[MatrixCell]) -> Table:
    """Draw the matrix: a group of rows for each key kind, a row for each algorithm.

    Kinds and algorithms keep the order in which the result names them. Algorithms that resist
    quantum computers are marked. The legend is `LEGEND`.
    """
    kinds: dict[str, dict[str, list[MatrixCell]]] = {}
    for cell in cells:
        kinds.setdefault(cell.key_kind, {}).setdefault(cell.algorithm, []).append(cell)
    # Two columns between cells: the longest algorithm name and its mark just fit into 80.
    table = Table(box=RULED, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("key kind, algorithm", overflow="fold")
    for operation in KeyOperation:
        table.add_column(operation.value, no_wrap=True, min_width=len("refused"))
    for number, (kind, algorithms) in enumerate(kinds.items()):
        if number:
            table.add_row()
        table.add_row(Text(visible_line(kind), "bold"))
        for algorithm, members in algorithms.items():
            table.add_row(
                _algorithm(algorithm, members),
                *(_cell(members, operation) for operation in KeyOperation),
            )
    return table


def _algorithm(name: str, cells: Iterable[MatrixCell]) -> Text:
    label = Text("  " + visible_line(name))
    if any(cell.quantum_resistant for cell in cells):
        label.append(" " + QUANTUM_RESISTANT, "bold")
    return label


def _cell(cells: Iterable[MatrixCell], operation: KeyOperation) -> Text:
    found = {cell.outcome for cell in cells if cell.operation is operation}
    for outcome, (word, style) in SHOWN.items():
        if outcome in found:
            return Text(word, style)
    return Text("")
