"""How a change of outcome weighs."""

from mhsm_reports.gate.findings import Weight
from mhsm_reports.vocabulary import Outcome


def weight_of_change(before: Outcome, after: Outcome) -> Weight | None:
    """Return how a change of outcome weighs, None where there is none.

    What passed must pass; a failure that is known and that nobody looked at is stale, because no
    run can say any more that it is there.
    """
    if before is after:
        return None
    if Outcome.FAILED is after or before is Outcome.PASSED:
        return Weight.REGRESSION
    if before is Outcome.FAILED:
        return Weight.FIXED if after is Outcome.PASSED else Weight.STALE
    return Weight.CHANGED
