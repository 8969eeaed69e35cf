"""Holding a run to a baseline."""

from itertools import chain

from mhsm_reports.baseline import Baseline
from mhsm_reports.gate.checks import check_findings, untried
from mhsm_reports.gate.circumstances import is_partial, run_findings
from mhsm_reports.gate.clauses import clause_findings
from mhsm_reports.gate.findings import Gate, Weight
from mhsm_reports.results import RunResult
from mhsm_reports.vocabulary import Outcome

_HEAVIEST_FIRST = tuple(Weight)


def compared(baseline: Baseline, result: RunResult, *, exact: bool = False) -> Gate:
    """Hold a run to a baseline; `exact` lets nothing differ.

    Of a run that was interrupted, is invalid or was asked for a part alone, only what failed is
    looked at: what it does not tell of may be there all the same.
    """
    whole = not is_partial(baseline, result.run)
    findings = chain(
        run_findings(baseline, result, untried(baseline, result)),
        clause_findings(baseline, result, whole=whole),
        check_findings(baseline, result, whole=whole),
    )
    # The sort is stable: within a weight the run comes first, then clauses, then checks.
    ordered = sorted(findings, key=lambda finding: _HEAVIEST_FIRST.index(finding.weight))
    failed = {clause.id for clause in result.clauses if clause.outcome is Outcome.FAILED}
    failed |= {check.id for check in result.checks if check.outcome is Outcome.FAILED}
    before = {name: item.outcome for name, item in baseline.clauses.items()}
    before |= {name: item.outcome for name, item in baseline.checks.items()}
    known = sorted(name for name in failed if before.get(name) is Outcome.FAILED)
    return Gate(baseline, result.run, tuple(ordered), tuple(known), exact)
