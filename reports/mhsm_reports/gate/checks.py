"""What a gate finds about checks."""

from collections.abc import Iterator

from mhsm_reports.baseline import Baseline, BaselineCheck
from mhsm_reports.gate.findings import Finding, Subject, Weight
from mhsm_reports.gate.outcomes import weight_of_change
from mhsm_reports.results import CheckResult, RunResult
from mhsm_reports.vocabulary import WITHOUT_FINDING, Outcome


def check_findings(baseline: Baseline, result: RunResult, *, whole: bool) -> Iterator[Finding]:
    """Yield what there is to say of each check of either; of a run that is not whole, failures."""
    now = {check.id: check for check in result.checks}
    for name, check in now.items():
        known = baseline.checks.get(name)
        found = [_new(check)] if known is None else list(_differences(known, check))
        yield from (one for one in found if whole or check.outcome is Outcome.FAILED)
    if whole:
        for name, known in baseline.checks.items():
            if name not in now:
                yield _vanished(known)


def untried(baseline: Baseline, result: RunResult) -> int:
    """Count the checks of the baseline of which the run says nothing."""
    tried = {check.id for check in result.checks if check.outcome is not Outcome.UNTESTED}
    return sum(name not in tried for name in baseline.checks)


def _differences(known: BaselineCheck, check: CheckResult) -> Iterator[Finding]:
    weight = weight_of_change(known.outcome, check.outcome)
    if weight is not None:
        told = f"{known.outcome} before, {check.outcome} now"
        if weight is Weight.STALE:
            told = f"failed before, and now nobody knows: {check.outcome}"
        reason = (f"because: {check.reason}",) if _owes_a_reason(check) else ()
        yield _finding(weight, check, told, reason)
    left_out = sorted(known.clauses - set(check.clauses))
    added = sorted(set(check.clauses) - known.clauses)
    if left_out:
        yield _finding(Weight.WEAKER, check, f"it is no longer for {', '.join(left_out)}")
    elif added:
        yield _finding(Weight.CHANGED, check, f"it is for {', '.join(added)} too")


def _new(check: CheckResult) -> Finding:
    reason = (f"because: {check.reason}",) if _owes_a_reason(check) else ()
    if check.outcome is Outcome.FAILED:
        told = "failed, and the baseline does not know it"
        return _finding(Weight.REGRESSION, check, told, reason)
    return _finding(Weight.NEW, check, f"{check.outcome}", reason)


def _vanished(known: BaselineCheck) -> Finding:
    clauses = ", ".join(sorted(known.clauses)) or "no clause"
    told = f"{known.outcome} in the baseline, and the run does not have it"
    details = (f"it was for: {clauses}",)
    return Finding(Weight.VANISHED, Subject.CHECK, known.id, "", told, details)


def _owes_a_reason(check: CheckResult) -> bool:
    return bool(check.reason) and (
        check.outcome in WITHOUT_FINDING or check.outcome is Outcome.FAILED
    )


def _finding(
    weight: Weight, check: CheckResult, told: str, details: tuple[str, ...] = ()
) -> Finding:
    return Finding(weight, Subject.CHECK, check.id, check.title, told, details)
