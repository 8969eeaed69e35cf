"""From the records of checks to the result of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mhsm_conformance.checks import CheckRecord
from mhsm_conformance.coverage import Coverage
from mhsm_model.catalogue import catalogue
from mhsm_model.clauses import Clause, Kind
from mhsm_model.clauses import Level as ModelLevel
from mhsm_model.tables.algorithms import ALGORITHMS
from mhsm_model.tables.recorded import recorded_exchanges
from mhsm_reports import (
    Answer,
    Basis,
    CellOutcome,
    CheckResult,
    ClauseKind,
    ClauseResult,
    Failure,
    KeyOperation,
    Level,
    MatrixCell,
    Outcome,
    Profile,
    Run,
    RunResult,
    RunState,
    Selection,
    Severity,
    TargetDescription,
    Tool,
)
from mhsm_targets.protocol import TargetProfile

__all__ = ["RunFacts", "incomplete", "run_result", "tool_version", "unnamed"]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run was: its choices, its time in seconds, and how it ended."""

    target: str
    effort: str
    seed: int
    suite: str | None
    clause: str | None
    strict: bool
    workers: int
    started_at: str
    seconds: float
    state: RunState
    reason: str | None


def tool_version() -> str:
    """The version of this distribution, or `unknown` where it is not installed."""
    try:
        return version("mhsm-conformance")
    except PackageNotFoundError:
        return "unknown"


def unnamed(case: Mapping[str, Any]) -> str | None:
    """Nobody keeps it."""
    return None


def run_result(
    facts: RunFacts,
    profile: TargetProfile,
    records: Iterable[CheckRecord],
    named: Callable[[Mapping[str, Any]], str | None] = unnamed,
) -> RunResult:
    """The result of a run from the records of its checks, in an order of its own.

    `named` gives the file name of the document of a case, None where it is not kept.
    """
    ordered = sorted(records, key=lambda record: record.identifier)
    coverage = Coverage()
    for record in ordered:
        coverage.merge(record.coverage)
    return RunResult(
        run=_run(facts, profile, coverage),
        clauses=tuple(_clause(c, profile, coverage, ordered) for c in catalogue()),
        checks=tuple(_check(record) for record in ordered),
        failures=tuple(failure for record in ordered for failure in _failures(record, named)),
        open_questions=_answers(coverage),
        matrix=_matrix(coverage),
    )


def _run(facts: RunFacts, profile: TargetProfile, coverage: Coverage) -> Run:
    return Run(
        tool=Tool("mhsm-conformance", tool_version()),
        target=TargetDescription(
            facts.target,
            tuple(sorted(capability.value for capability in profile.capabilities)),
            profile.evidence,
        ),
        profile=Profile(facts.effort),
        seed=facts.seed,
        selection=Selection(facts.suite, facts.clause),
        started_at=facts.started_at,
        seconds=facts.seconds,
        workers=facts.workers,
        state=facts.state,
        state_reason=facts.reason,
        strict=facts.strict,
        exchanges=coverage.exchanges,
    )


def _clause(
    clause: Clause, profile: TargetProfile, coverage: Coverage, records: Sequence[CheckRecord]
) -> ClauseResult:
    name = clause.identifier
    naming = [record for record in records if name in record.clauses]
    return ClauseResult(
        id=name,
        prose=clause.prose,
        level=Level(clause.level.value),
        basis=Basis(clause.basis.value),
        sources=tuple(str(source) for source in clause.sources),
        kind=ClauseKind(clause.kind.value),
        since=clause.since,
        until=clause.until,
        outcome=_clause_outcome(clause, coverage, naming),
        held=coverage.held[name] + coverage.satisfied[name],
        refused=coverage.refused[name],
        refused_alone=coverage.alone[name],
        vacuous=coverage.vacuous[name],
        violated=coverage.violated[name],
        warnings=coverage.warned[name],
        expected_failure=profile.expected_failures.get(name),
        declared=coverage.declared[name],
        recorded=recorded_exchanges(name),
        checks=tuple(record.identifier for record in naming),
        answered_by=profile.answering(name),
    )


def _clause_outcome(clause: Clause, coverage: Coverage, naming: Sequence[CheckRecord]) -> Outcome:
    if coverage.violated[clause.identifier]:
        return Outcome.FAILED
    if coverage.warned[clause.identifier] and not coverage.held[clause.identifier]:
        # Every time it was tested it was broken, and only its basis keeps that from counting.
        return Outcome.INCONCLUSIVE
    if coverage.declared[clause.identifier]:
        return Outcome.INCONCLUSIVE
    if coverage.exercised(clause):
        return Outcome.PASSED
    for outcome in (Outcome.INCONCLUSIVE, Outcome.INAPPLICABLE):
        if any(record.outcome == outcome.value for record in naming):
            return outcome
    return Outcome.UNTESTED


def _check(record: CheckRecord) -> CheckResult:
    return CheckResult(
        id=record.identifier,
        suite=record.suite,
        title=record.title,
        clauses=record.clauses,
        outcome=Outcome(record.outcome),
        seconds=round(record.seconds, 6),
        exchanges=record.coverage.exchanges,
        reason=record.reason,
    )


def _failures(
    record: CheckRecord, named: Callable[[Mapping[str, Any]], str | None]
) -> Iterable[Failure]:
    known = {clause.identifier: clause for clause in catalogue()}
    for failure in record.failures:
        clause = known[failure.clause]
        yield Failure(
            check=record.identifier,
            clause=failure.clause,
            prose=clause.prose,
            sources=tuple(str(source) for source in clause.sources),
            severity=Severity(failure.severity),
            expected=failure.expected,
            observed=failure.observed,
            exchange=failure.exchange,
            steps=failure.steps,
            script=failure.script,
            curl=failure.curl,
            az=failure.az,
            case=named(failure.case),
            seed=record.seed,
        )


def _answers(coverage: Coverage) -> tuple[Answer, ...]:
    known = {clause.identifier: clause for clause in catalogue()}
    return tuple(
        Answer(name, known[name].prose, told, count)
        for (name, told), count in sorted(coverage.answers.items())
    )


def _bits(kind: str) -> int | None:
    """The size in bits that ends the words for a key kind, or None where it is a curve."""
    size = kind.rpartition(" ")[2]
    return int(size) if size.isdecimal() else None


def _matrix(coverage: Coverage) -> tuple[MatrixCell, ...]:
    counted: dict[tuple[str, str, str], Counter[str]] = {}
    for (kind, algorithm, operation, outcome), count in coverage.cells.items():
        counted.setdefault((kind, algorithm, operation), Counter())[outcome] += count
    cells: list[MatrixCell] = []
    for (kind, algorithm, operation), outcomes in sorted(counted.items()):
        row = ALGORITHMS.get(algorithm)
        if row is None:
            continue
        shown = next(word for word in ("failed", "passed", "refused") if outcomes[word])
        cells.append(
            MatrixCell(
                kind,
                algorithm,
                KeyOperation(operation),
                CellOutcome(shown),
                outcomes.total(),
                row.is_quantum_resistant(_bits(kind)),
            )
        )
    return tuple(cells)


def incomplete(result: RunResult) -> tuple[str, ...]:
    """The clauses that a run did not test from every side, each with what was not seen.

    A clause that demands something must have been exercised, and a guard among them have refused a
    call for its reason alone and let another pass; an open question must have been asked.
    """
    demanding = {
        clause.identifier: clause
        for clause in catalogue()
        if clause.level in (ModelLevel.MUST, ModelLevel.SHOULD) or clause.kind is Kind.QUESTION
    }
    rows = [row for row in result.clauses if row.id in demanding]
    told: list[str] = []
    for row in rows:
        if row.outcome is Outcome.UNTESTED:
            told.append(f"{row.id} (untested)")
        elif demanding[row.id].kind is Kind.GUARD and not row.seen_both_ways:
            seen = "never refused alone" if not row.refused_alone else "never satisfied"
            told.append(f"{row.id} ({seen})")
    return tuple(told)
