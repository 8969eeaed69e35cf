"""What a gate finds about a run as a whole: whether it did enough, and was asked for the same."""

from collections.abc import Iterator

from mhsm_reports.baseline import Baseline
from mhsm_reports.gate.findings import Finding, Subject, Weight
from mhsm_reports.results import Run, RunResult, Selection
from mhsm_reports.vocabulary import Profile, RunState

_SMALLEST_FIRST = tuple(Profile)
#: A run that sent less than this part of the baseline's exchanges is too small.
FEWEST = 0.5


def is_partial(baseline: Baseline, run: Run) -> bool:
    """Whether what the run does not tell of may be there all the same."""
    narrower = run.selection not in (baseline.selection, Selection())
    return run.state is not RunState.COMPLETE or narrower


def asked_less(
    baseline: Baseline, profile: Profile, selection: Selection, *, strict: bool
) -> Iterator[str]:
    """Yield in which ways a run is asked for less than the baseline's was, each a clause."""
    if selection not in (baseline.selection, Selection()):
        yield f"it is {selected(selection)}, and the baseline is {selected(baseline.selection)}"
    if _SMALLEST_FIRST.index(profile) < _SMALLEST_FIRST.index(baseline.profile):
        yield f"its profile is {profile}, and the baseline's is {baseline.profile}"
    if baseline.strict and not strict:
        yield "it is not strict, and the baseline is"


def run_findings(baseline: Baseline, result: RunResult, untried: int) -> Iterator[Finding]:
    """Yield why a run is too small, and what else is otherwise about it.

    `untried` is the number of the baseline's checks of which it says nothing.
    """
    run = result.run
    reasons = [*_cut_short(run)]
    reasons += asked_less(baseline, run.profile, run.selection, strict=run.strict)
    if run.exchanges < baseline.exchanges * FEWEST:
        least = f"{baseline.exchanges:,}"
        reasons.append(f"it sent {run.exchanges:,} requests, and the baseline's at least {least}")
    if not result.checks:
        reasons.append("it has no check")
    told = f"{untried:,} of {len(baseline.checks):,} checks of the baseline were not tried"
    for number, reason in enumerate(reasons):
        details = (told,) if untried and not number else ()
        yield Finding(Weight.TOO_SMALL, Subject.RUN, run.target.name, "", reason, details)
    for change in _changes(baseline, run):
        yield Finding(Weight.CHANGED, Subject.RUN, run.target.name, "", change)


def selected(selection: Selection) -> str:
    """Tell a selection in words."""
    parts = [
        f"of the {noun} {pattern}"
        for noun, pattern in (("suite", selection.suite), ("clauses", selection.clause))
        if pattern is not None
    ]
    return " and ".join(parts) or "of everything"


def _cut_short(run: Run) -> Iterator[str]:
    if run.state is not RunState.COMPLETE:
        reason = (run.state_reason or "no reason was recorded").rstrip(". \n")
        yield f"it is {run.state}: {reason}"


def _changes(baseline: Baseline, run: Run) -> Iterator[str]:
    if run.target.name != baseline.target:
        yield f"the target was {baseline.target} and is {run.target.name}"
    if run.target.evidence != baseline.evidence:
        yield f"the evidence was {baseline.evidence} and is {run.target.evidence}"
    here = frozenset(run.target.capabilities)
    for told, names in (
        ("the target no longer offers", baseline.capabilities - here),
        ("the target now offers", here - baseline.capabilities),
    ):
        if names:
            yield f"{told} {', '.join(sorted(names))}"
    if run.tool != baseline.tool:
        before = f"{baseline.tool.name} {baseline.tool.version}"
        yield f"the tool was {before} and is {run.tool.name} {run.tool.version}"
    if run.strict and not baseline.strict:
        yield "it is strict, and the baseline is not"
    if run.selection == Selection() != baseline.selection:
        yield f"it is of everything, and the baseline is {selected(baseline.selection)}"
    if _SMALLEST_FIRST.index(run.profile) > _SMALLEST_FIRST.index(baseline.profile):
        yield f"its profile is {run.profile}, and the baseline's is {baseline.profile}"
