"""The page of several runs side by side."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mhsm_reports.comparison import ClauseAcrossRuns, NamedRun, clauses_across, league
from mhsm_reports.evidence import MEANINGS, EvidenceKind, evidence_by_clause, evidence_kind
from mhsm_reports.finding_results import FindingsResult
from mhsm_reports.mutant_results import MutantsResult
from mhsm_reports.render.html.clause_rows import LETTERS, ClauseRow, area_rows, clause_rows
from mhsm_reports.render.html.environment import rendered
from mhsm_reports.render.html.key_picture import KeyPicture, key_picture
from mhsm_reports.render.html.questions import Reaction, questions
from mhsm_reports.results import MatrixCell
from mhsm_reports.verdict import VerdictClass, verdict_class
from mhsm_reports.vocabulary import CellOutcome, Outcome, Severity

#: Runs differ least where one of them found nothing out: such rows come after real contradictions.
_FOUND: Final = frozenset({Outcome.PASSED, Outcome.FAILED})

MOST_OPEN: Final = 40
"""Rows of a table that lie open; what follows is folded."""

MOST_ROWS: Final = 400
"""Rows of a table that the page has at all."""


@dataclass(frozen=True, slots=True)
class RunColumn:
    """A run as a column: its verdict in a word."""

    named: NamedRun
    word: VerdictClass


@dataclass(frozen=True, slots=True)
class SharedPicture:
    """A key matrix, and the names of the runs that have just this one."""

    names: tuple[str, ...]
    picture: KeyPicture


@dataclass(frozen=True, slots=True)
class CellAcrossRuns:
    """A combination of key, algorithm and operation whose outcome differs, in every run."""

    key_kind: str
    algorithm: str
    operation: str
    by_run: tuple[CellOutcome | None, ...]


@dataclass(frozen=True, slots=True)
class QuestionAcrossRuns:
    """An open question that the runs answered differently: the reactions of every run."""

    clause: str
    question: str
    by_run: tuple[tuple[Reaction, ...], ...]


@dataclass(frozen=True, slots=True)
class BreachAcrossRuns:
    """A clause that was breached: what each run observed the first time, None where it was not."""

    clause: str
    prose: str
    by_run: tuple[str | None, ...]


def comparison_page(
    runs: Sequence[NamedRun],
    mutants: Sequence[MutantsResult] = (),
    findings: Sequence[FindingsResult] = (),
) -> str:
    """Return the page of several runs; the columns are in their order."""
    evidence = evidence_by_clause([named.result for named in runs], mutants)
    across = clauses_across(runs)
    rows = {row.clause.id: row for row in clause_rows([item.first for item in across], evidence)}
    columns = [RunColumn(named, verdict_class(named.result)) for named in runs]
    overall, overall_told = _overall([column.word for column in columns])
    return rendered(
        "comparison.html",
        columns=columns,
        overall=overall,
        overall_told=overall_told,
        proves={named.name: evidence_kind(named.result) or "none" for named in runs},
        pictures=_pictures(runs),
        most_open=MOST_OPEN,
        most_rows=MOST_ROWS,
        standings=league(runs),
        words={column.named.name: column.word for column in columns},
        differing=_differing(across, rows),
        agreeing=[(item, rows[item.first.id]) for item in across if not item.differs],
        breaches=_breaches(runs),
        cells=_cells(runs),
        questions=_questions(runs),
        areas=area_rows(list(rows.values())),
        kinds=[(kind, LETTERS[kind], MEANINGS[kind]) for kind in EvidenceKind],
        mutants=mutants,
        findings=[finding for group in findings for finding in group.findings],
        tool=runs[0].result.run.tool,
    )


def _overall(words: Sequence[VerdictClass]) -> tuple[VerdictClass, str]:
    """Say in a word and in a sentence what all runs come to: the worst of them."""
    counts = Counter(words)
    if set(words) == {VerdictClass.PASSED}:
        return VerdictClass.PASSED, f"All {len(words)} runs passed."
    word = VerdictClass.FAILED if counts[VerdictClass.FAILED] else VerdictClass.UNFINISHED
    told = ", ".join(f"{counts[each]} {each}" for each in VerdictClass if counts[each])
    return word, f"Of {len(words)} runs {told}."


def _pictures(runs: Sequence[NamedRun]) -> list[SharedPicture]:
    names: dict[KeyPicture, list[str]] = {}
    for named in runs:
        # How often a combination was tried is not in the picture.
        cells = [replace(cell, exchanges=0) for cell in named.result.matrix]
        names.setdefault(key_picture(cells), []).append(named.name)
    return [SharedPicture(tuple(group), picture) for picture, group in names.items()]


def _differing(
    across: Sequence[ClauseAcrossRuns], rows: Mapping[str, ClauseRow]
) -> list[tuple[ClauseAcrossRuns, ClauseRow]]:
    """Return the clauses that the runs do not agree about, contradictions first."""

    def weight(item: ClauseAcrossRuns) -> tuple[bool, bool]:
        outcomes = {clause.outcome for clause in item.by_run if clause is not None}
        return (not outcomes >= _FOUND, Outcome.FAILED not in outcomes)

    differing = sorted((item for item in across if item.differs), key=weight)
    return [(item, rows[item.first.id]) for item in differing]


def _breaches(runs: Sequence[NamedRun]) -> list[BreachAcrossRuns]:
    prose: dict[str, str] = {}
    observed: list[dict[str, str]] = []
    for named in runs:
        first: dict[str, str] = {}
        for failure in named.result.failures:
            if failure.severity is Severity.FAILURE:
                prose.setdefault(failure.clause, failure.prose)
                first.setdefault(failure.clause, failure.observed)
        observed.append(first)
    return [
        BreachAcrossRuns(name, text, tuple(first.get(name) for first in observed))
        for name, text in sorted(prose.items())
    ]


def _cells(runs: Sequence[NamedRun]) -> list[CellAcrossRuns]:
    """Return the combinations that two runs tried and do not agree about."""
    tables = [_outcomes(named.result.matrix) for named in runs]
    keys = sorted({key for table in tables for key in table})
    found: list[CellAcrossRuns] = []
    for key in keys:
        outcomes = tuple(table.get(key) for table in tables)
        tried = {item for item in outcomes if item not in (None, CellOutcome.UNTESTED)}
        if len(tried) > 1:
            found.append(CellAcrossRuns(*key, outcomes))
    return found


def _outcomes(matrix: Sequence[MatrixCell]) -> dict[tuple[str, str, str], CellOutcome]:
    return {(cell.key_kind, cell.algorithm, cell.operation): cell.outcome for cell in matrix}


def _questions(runs: Sequence[NamedRun]) -> list[QuestionAcrossRuns]:
    asked: dict[str, str] = {}
    tables: list[dict[str, tuple[Reaction, ...]]] = []
    for named in runs:
        table: dict[str, tuple[Reaction, ...]] = {}
        for question in questions(named.result.open_questions):
            asked.setdefault(question.clause, question.question)
            table[question.clause] = question.reactions
        tables.append(table)
    found: list[QuestionAcrossRuns] = []
    for clause, text in sorted(asked.items()):
        by_run = tuple(table.get(clause, ()) for table in tables)
        told = {frozenset(reaction.told for reaction in group) for group in by_run}
        # A run that did not ask does not contradict the others.
        if len(told - {frozenset()}) > 1:
            found.append(QuestionAcrossRuns(clause, text, by_run))
    return found
