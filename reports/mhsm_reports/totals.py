"""Counts over one result."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mhsm_reports.results import RunResult
from mhsm_reports.vocabulary import ClauseKind, Level, Outcome, Severity

OBLIGING = frozenset({Level.MUST, Level.SHOULD})


@dataclass(frozen=True, slots=True)
class Totals:
    """How many clauses and checks had each outcome; every outcome is a key, if only with zero.

    `failures` and `warnings` count the recorded breaches by severity.
    """

    clauses: Mapping[Outcome, int]
    checks: Mapping[Outcome, int]
    failures: int
    warnings: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what obliges the service was put to the test.

    Counted are the MUST and SHOULD clauses that apply to the target (`applicable`), those of them
    that the run `exercised`, the `guards` among them, and the guards seen from both sides
    (`guards_both_ways`): refused for this reason alone, and satisfied.
    """

    exercised: int
    applicable: int
    guards_both_ways: int
    guards: int


def totals(result: RunResult) -> Totals:
    """Count the clauses, checks and breaches of a result."""
    severities = Counter(failure.severity for failure in result.failures)
    return Totals(
        clauses=by_outcome(clause.outcome for clause in result.clauses),
        checks=by_outcome(check.outcome for check in result.checks),
        failures=severities[Severity.FAILURE],
        warnings=severities[Severity.WARNING],
    )


def by_outcome(outcomes: Iterable[Outcome]) -> dict[Outcome, int]:
    """Count outcomes; the answer has every outcome as a key, in the order of `Outcome`."""
    counted = Counter(outcomes)
    return {outcome: counted[outcome] for outcome in Outcome}


def coverage(result: RunResult) -> Coverage:
    """Measure how many of the MUST and SHOULD clauses of a result were exercised."""
    applicable = [
        clause
        for clause in result.clauses
        if clause.level in OBLIGING and clause.outcome is not Outcome.INAPPLICABLE
    ]
    guards = [clause for clause in applicable if clause.kind is ClauseKind.GUARD]
    return Coverage(
        exercised=sum(clause.exercised for clause in applicable),
        applicable=len(applicable),
        guards_both_ways=sum(guard.seen_both_ways for guard in guards),
        guards=len(guards),
    )
