"""What a run comes to: an exit status for machines and one sentence for people."""

from enum import StrEnum

from mhsm_reports.results import RunResult
from mhsm_reports.totals import totals
from mhsm_reports.vocabulary import Outcome, RunState


def exit_status(result: RunResult) -> int:
    """Return 1 when the result holds a breach of severity `failure` or a failed clause or check.

    Otherwise 0. The state of the run is not looked at: an interrupted or invalid run without a
    failure gives 0 here, and whoever starts runs has its own status for those.
    """
    count = totals(result)
    return int(
        count.failures > 0 or count.clauses[Outcome.FAILED] > 0 or count.checks[Outcome.FAILED] > 0
    )


class VerdictClass(StrEnum):
    """What a run comes to in a word, for a colour or a sign."""

    PASSED = "passed"
    FAILED = "failed"
    UNFINISHED = "unfinished"
    """Neither: it did not do its work, or nothing passed."""


def verdict_class(result: RunResult) -> VerdictClass:
    """Return the class of what the run comes to; a failure outweighs all else."""
    if exit_status(result):
        return VerdictClass.FAILED
    count = totals(result)
    passed = count.checks[Outcome.PASSED] or count.clauses[Outcome.PASSED]
    complete = result.run.state is RunState.COMPLETE
    return VerdictClass.PASSED if passed and complete else VerdictClass.UNFINISHED


def verdict(result: RunResult) -> str:
    """Say in one sentence what the run comes to; its first word tells the cases apart.

    `INVALID`, `INTERRUPTED`, `FAILED`, `EMPTY` (nothing was found out) or `PASSED`. A run that
    did not do its work is never called passed, and its failures are still named.
    """
    run = result.run
    if run.state is RunState.INVALID:
        return f"INVALID: {_reason(run.state_reason)}; {_breaches(result)}."
    if run.state is RunState.INTERRUPTED:
        return (
            f"INTERRUPTED after {run.seconds:.1f} s: {_reason(run.state_reason)}; "
            f"{_breaches(result)} until then."
        )
    if exit_status(result):
        return f"FAILED: {_breaches(result)}."
    count = totals(result)
    if not count.clauses[Outcome.PASSED] and not count.checks[Outcome.PASSED]:
        return "EMPTY: nothing passed and nothing failed, so this run shows nothing."
    declared = sum(clause.declared > 0 for clause in result.clauses)
    broken = f", {counted(declared, 'clause')} broken as declared" if declared else ""
    return (
        f"PASSED: {counted(count.clauses[Outcome.PASSED], 'clause')} and "
        f"{counted(count.checks[Outcome.PASSED], 'check')} passed, "
        f"{counted(count.warnings, 'warning')}{broken}."
    )


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: `1 clause`, `1,200 clauses`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _breaches(result: RunResult) -> str:
    count = totals(result)
    parts: list[str] = []
    if exit_status(result):
        parts = [
            counted(count.failures, "failure"),
            f"{counted(count.clauses[Outcome.FAILED], 'clause')} and "
            f"{counted(count.checks[Outcome.FAILED], 'check')} failed",
        ]
    else:
        parts = ["no failure"]
    if count.warnings:
        parts.append(counted(count.warnings, "warning"))
    return ", ".join(parts)


def _reason(reason: str | None) -> str:
    return reason.rstrip(". \n") if reason else "no reason was recorded"
