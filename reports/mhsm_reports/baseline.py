"""What a gate holds runs to: the findings of one run, without its times and without its numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from mhsm_reports.results import CheckResult, ClauseResult, RunResult, Selection, Tool
from mhsm_reports.totals import OBLIGING
from mhsm_reports.vocabulary import Basis, Level, Outcome, Profile

#: Worst last: of several runs a baseline takes the worst outcome, so that none of them trips it.
WORST_LAST = (
    Outcome.PASSED,
    Outcome.INAPPLICABLE,
    Outcome.INCONCLUSIVE,
    Outcome.UNTESTED,
    Outcome.FAILED,
)


class Sight(StrEnum):
    """A way in which a run saw a clause at least once."""

    HELD = "held"
    REFUSED_ALONE = "refused alone"
    WARNED = "warned"
    DECLARED = "broken as declared"
    RECORDED = "recorded"


#: The sights that support a clause; the others speak against the target.
SUPPORTING = frozenset({Sight.HELD, Sight.REFUSED_ALONE, Sight.RECORDED})


class BaselineError(ValueError):
    """Runs cannot be made into a baseline; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class BaselineClause:
    """A clause: what it says, its outcome, and in which ways it was seen.

    `seen` is empty for a clause that obliges nobody: which way it was seen is chance.
    `expected_failure` is the reference by which the profile declares that it is broken, or None.
    """

    id: str
    prose: str
    level: Level
    basis: Basis
    outcome: Outcome
    seen: frozenset[Sight]
    expected_failure: str | None


@dataclass(frozen=True, slots=True)
class BaselineCheck:
    """A check: its outcome, and the clauses that it is written for."""

    id: str
    outcome: Outcome
    clauses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The whole of a baseline file; `exchanges` is rounded down, to 1, 2 or 5 and zeros."""

    tool: Tool
    target: str
    evidence: str
    capabilities: frozenset[str]
    profile: Profile
    selection: Selection
    strict: bool
    exchanges: int
    clauses: Mapping[str, BaselineClause]
    checks: Mapping[str, BaselineCheck]


def baseline_of(results: Sequence[RunResult]) -> Baseline:
    """Return the baseline of one run, or what several runs of other seeds have in common.

    A pure function of what the runs found out: their order, times and seeds have no part in it.
    Raises `BaselineError` for no run at all, and for runs that were not asked to do the same.
    """
    if not results:
        raise BaselineError("A baseline is made from one run or more.")
    baseline = _of_one(results[0])
    for result in results[1:]:
        other = _of_one(result)
        if _asked(other) != _asked(baseline):
            raise BaselineError(
                f"These runs were not asked to do the same: {_told(baseline)}; {_told(other)}."
            )
        baseline = _in_common(baseline, other)
    return replace(baseline, exchanges=_rounded(baseline.exchanges))


def unfit(result: RunResult) -> str | None:
    """Why a run should not become a baseline unless somebody says so, or None.

    It failed, it passed nothing, or a clause that its profile declares broken was not: a gate could
    not tell a new failure of such a run from the old.
    """
    failed = [clause.id for clause in result.clauses if clause.outcome is Outcome.FAILED]
    failed += [check.id for check in result.checks if check.outcome is Outcome.FAILED]
    if failed:
        more = f" and {len(failed) - 1:,} more" if len(failed) > 1 else ""
        return f"it failed ({failed[0]}{more})"
    if not any(check.outcome is Outcome.PASSED for check in result.checks):
        return "nothing passed in it"
    stale = stale_declarations(result)
    return f"it did not break {stale[0].id}, which is declared to be broken" if stale else None


def stale_declarations(result: RunResult) -> tuple[ClauseResult, ...]:
    """Return the clauses that the profile declares broken and that a whole run did not break."""
    if not result.run.is_whole:
        return ()
    declared = (clause for clause in result.clauses if clause.expected_failure is not None)
    return tuple(clause for clause in declared if not clause.declared)


def clause_of(clause: ClauseResult) -> BaselineClause:
    """Return a clause of a run as a baseline has it."""
    counts: Mapping[Sight, int] = {
        Sight.HELD: clause.held,
        Sight.REFUSED_ALONE: clause.refused_alone,
        Sight.WARNED: clause.warnings,
        Sight.DECLARED: clause.declared,
        Sight.RECORDED: clause.recorded,
    }
    sights = (sight for sight, count in counts.items() if count and clause.level in OBLIGING)
    return BaselineClause(
        clause.id,
        clause.prose,
        clause.level,
        clause.basis,
        clause.outcome,
        frozenset(sights),
        clause.expected_failure,
    )


def check_of(check: CheckResult) -> BaselineCheck:
    """Return a check of a run as a baseline has it."""
    return BaselineCheck(check.id, check.outcome, frozenset(check.clauses))


def _of_one(result: RunResult) -> Baseline:
    run = result.run
    return Baseline(
        tool=run.tool,
        target=run.target.name,
        evidence=run.target.evidence,
        capabilities=frozenset(run.target.capabilities),
        profile=run.profile,
        selection=run.selection,
        strict=run.strict,
        exchanges=run.exchanges,
        clauses={clause.id: clause_of(clause) for clause in result.clauses},
        checks={check.id: check_of(check) for check in result.checks},
    )


def _asked(baseline: Baseline) -> Baseline:
    """What a run was asked to do, without what it found out."""
    return replace(baseline, exchanges=0, clauses={}, checks={})


def _told(baseline: Baseline) -> str:
    selected = (baseline.selection.suite, baseline.selection.clause)
    words = (
        f"target {baseline.target}",
        f"profile {baseline.profile}",
        *(("strict",) if baseline.strict else ()),
        *(f"only {word}" for word in selected if word is not None),
        f"{baseline.tool.name} {baseline.tool.version}",
    )
    return ", ".join(words)


def _in_common(one: Baseline, other: Baseline) -> Baseline:
    clauses = {
        name: replace(
            clause,
            outcome=_worst((clause.outcome, other.clauses[name].outcome)),
            # What speaks against the target is kept when one run saw it, what supports when both.
            seen=((clause.seen | other.clauses[name].seen) - SUPPORTING)
            | (clause.seen & other.clauses[name].seen),
        )
        for name, clause in one.clauses.items()
        if name in other.clauses
    }
    checks = {
        name: replace(check, outcome=_worst((check.outcome, other.checks[name].outcome)))
        for name, check in one.checks.items()
        if name in other.checks
    }
    fewest = min(one.exchanges, other.exchanges)
    return replace(one, exchanges=fewest, clauses=clauses, checks=checks)


def _worst(outcomes: Iterable[Outcome]) -> Outcome:
    return max(outcomes, key=WORST_LAST.index)


def _rounded(number: int) -> int:
    """Round down to 1, 2 or 5 and zeros: runs of other seeds send a few more or less."""
    zeros = 10 ** (len(str(number)) - 1)
    return next((step * zeros for step in (5, 2, 1) if step * zeros <= number), 0)
