"""What a gate finds about clauses."""

from collections.abc import Iterator

from mhsm_reports.baseline import (
    SUPPORTING,
    Baseline,
    BaselineClause,
    Sight,
    clause_of,
    stale_declarations,
)
from mhsm_reports.gate.findings import Finding, Subject, Weight
from mhsm_reports.gate.outcomes import weight_of_change
from mhsm_reports.results import ClauseResult, RunResult
from mhsm_reports.vocabulary import Basis, Level, Outcome, Severity

_STRONGEST_FIRST = (Level.MUST, Level.SHOULD, Level.MAY, Level.OPEN)
_BOTH_WAYS = frozenset({Sight.HELD, Sight.REFUSED_ALONE})


def clause_findings(baseline: Baseline, result: RunResult, *, whole: bool) -> Iterator[Finding]:
    """Yield what there is to say of each clause of either; of a run that is not whole, breaches."""
    stale = {clause.id for clause in stale_declarations(result)}
    now = {clause.id: clause for clause in result.clauses}
    for name, clause in now.items():
        known = baseline.clauses.get(name)
        if name in stale:
            yield _stale(clause)
        if not whole and clause.outcome is not Outcome.FAILED and not clause.warnings:
            continue
        if known is None:
            yield _new(clause, result)
            continue
        for found in _differences(known, clause, result):
            # That it was broken as declared before is what makes the declaration stale.
            told_already = name in stale and found.weight in (Weight.FIXED, Weight.CHANGED)
            if not told_already and (whole or found.weight is Weight.REGRESSION):
                yield found
    if whole:
        for name, gone in baseline.clauses.items():
            if name not in now:
                told = f"{gone.outcome} in the baseline, and the run does not know it"
                yield _finding(Weight.VANISHED, gone, told)


def _differences(
    known: BaselineClause, clause: ClauseResult, result: RunResult
) -> Iterator[Finding]:
    now = clause_of(clause)
    weight = weight_of_change(known.outcome, now.outcome)
    if weight is not None:
        yield _of_outcome(weight, known, clause, result)
    if weight is not Weight.REGRESSION:
        yield from _warned(known, clause, result)
        yield from _weaker(known, now)
    if known.prose != now.prose:
        yield _finding(Weight.CHANGED, now, f"it said before: {known.prose}")
    if known.expected_failure != now.expected_failure and weight is None:
        told = "no longer declared" if now.expected_failure is None else "declared"
        reference = now.expected_failure or known.expected_failure
        yield _finding(Weight.CHANGED, now, f"{told} as an expected failure: {reference}")


def _of_outcome(
    weight: Weight, known: BaselineClause, clause: ClauseResult, result: RunResult
) -> Finding:
    told = f"{known.outcome} before, {clause.outcome} now"
    if known.expected_failure is not None and clause.outcome is Outcome.PASSED:
        weight, told = Weight.FIXED, "was broken as declared, and passes now"
    elif clause.declared and known.expected_failure is None:
        told += f"; it is now declared as an expected failure: {clause.expected_failure}"
    elif weight is Weight.STALE:
        told = f"failed before, and now nobody knows: {clause.outcome}"
    return _finding(weight, clause, told, _breaches(clause, result, Severity.FAILURE))


def _warned(known: BaselineClause, clause: ClauseResult, result: RunResult) -> Iterator[Finding]:
    now = clause_of(clause)
    if Sight.WARNED in now.seen - known.seen:
        details = _breaches(clause, result, Severity.WARNING)
        yield _finding(Weight.REGRESSION, clause, "newly broken: the run warns of it", details)
    elif Sight.WARNED in known.seen - now.seen and now.outcome is Outcome.PASSED:
        yield _finding(Weight.FIXED, clause, "the run no longer warns of it")


def _weaker(known: BaselineClause, now: BaselineClause) -> Iterator[Finding]:
    lost = (known.seen - now.seen) & SUPPORTING
    told: list[str] = []
    if lost & _BOTH_WAYS:
        missing = " nor ".join(sight for sight in Sight if sight in lost & _BOTH_WAYS)
        before = "seen from both sides before" if known.seen >= _BOTH_WAYS else "seen before"
        told.append(f"never {missing} now, {before}")
    if Sight.RECORDED in lost:
        told.append("no recorded exchange of the service exercises it any more")
    if _STRONGEST_FIRST.index(now.level) > _STRONGEST_FIRST.index(known.level):
        told.append(f"its level was {known.level} and is {now.level}")
    if now.basis is Basis.INFERRED and known.basis is not Basis.INFERRED:
        told.append(f"its basis was {known.basis} and is {now.basis}")
    if told:
        yield _finding(Weight.WEAKER, now, "; ".join(told))
    elif (known.level, known.basis) != (now.level, now.basis):
        words = f"it was {known.level}, {known.basis}, and is {now.level}, {now.basis}"
        yield _finding(Weight.CHANGED, now, words)


def _stale(clause: ClauseResult) -> Finding:
    told = f"declared to be broken ({clause.expected_failure}), and the whole run did not break it"
    return _finding(Weight.STALE, clause, told)


def _new(clause: ClauseResult, result: RunResult) -> Finding:
    details = _breaches(clause, result, Severity.FAILURE)
    if clause.outcome is Outcome.FAILED:
        told = "failed, and the baseline does not know it"
        return _finding(Weight.REGRESSION, clause, told, details)
    return _finding(Weight.NEW, clause, f"{clause.outcome}", details)


def _breaches(clause: ClauseResult, result: RunResult, severity: Severity) -> tuple[str, ...]:
    """Explain the first breach of the clause, and count the others."""
    all_of_them = [failure for failure in result.failures if failure.clause == clause.id]
    found = [failure for failure in all_of_them if failure.severity is severity]
    if not found:
        return ()
    first, more = found[0], len(found) - 1
    rest = f", and in {more:,} more" if more else ""
    return (
        f"expected: {first.expected}",
        f"observed: {first.observed}",
        f"in:       {first.check}{rest}",
    )


def _finding(
    weight: Weight,
    clause: BaselineClause | ClauseResult,
    told: str,
    details: tuple[str, ...] = (),
) -> Finding:
    return Finding(weight, Subject.CLAUSE, clause.id, clause.prose, told, details)
