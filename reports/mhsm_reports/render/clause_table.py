"""The table of clause outcomes, one row for each area of the specification."""

from collections.abc import Sequence

from rich.box import Box
from rich.table import Table
from rich.text import Text

from mhsm_reports.render.visible_text import visible_line
from mhsm_reports.results import ClauseResult
from mhsm_reports.totals import by_outcome
from mhsm_reports.vocabulary import Outcome

#: Rules under the head and above the foot, in ASCII: a report is read in any terminal and log.
RULED = Box(
    "    \n"  # top
    "    \n"  # head
    " -- \n"  # below the head
    "    \n"  # between rows
    " -- \n"  # between sections
    " -- \n"  # above the foot
    "    \n"  # foot
    "    \n",  # bottom
    ascii=True,
)

#: Numbers that matter when they are not zero; all others stay in the terminal's own colour.
STYLES = {"passed": "green", "failed": "bold red", "warned": "yellow"}

COLUMNS = (
    "clauses",
    "passed",
    "failed",
    "warned",
    "untested",
    "incon-\nclusive",
    "inappli-\ncable",
)


def clause_table(clauses: Sequence[ClauseResult]) -> Table:
    """Draw the counts of clause outcomes by area, areas in the order of the specification.

    `warned` counts the clauses that a warning was given for, which have an outcome besides; the
    other columns add up to the number of clauses.
    """
    areas: dict[str, list[ClauseResult]] = {}
    for clause in clauses:
        areas.setdefault(clause.area, []).append(clause)
    table = Table(box=RULED, show_edge=False, show_footer=len(areas) > 1, pad_edge=False)
    table.add_column("area", "all", overflow="fold")
    for name, number in zip(COLUMNS, _counts(clauses), strict=True):
        table.add_column(name, _cell(name, number), justify="right", vertical="bottom")
    for area, members in areas.items():
        numbers = zip(COLUMNS, _counts(members), strict=True)
        table.add_row(Text(visible_line(area)), *(_cell(name, number) for name, number in numbers))
    return table


def _counts(clauses: Sequence[ClauseResult]) -> tuple[int, ...]:
    """Count in the order of `COLUMNS`."""
    outcomes = by_outcome(clause.outcome for clause in clauses)
    return (
        len(clauses),
        outcomes[Outcome.PASSED],
        outcomes[Outcome.FAILED],
        sum(clause.warnings > 0 for clause in clauses),
        outcomes[Outcome.UNTESTED],
        outcomes[Outcome.INCONCLUSIVE],
        outcomes[Outcome.INAPPLICABLE],
    )


def _cell(column: str, number: int) -> Text:
    # A dot for zero, so that the eye finds what is there.
    if number == 0:
        return Text(".", "dim")
    return Text(f"{number:,}", STYLES.get(column, ""))
