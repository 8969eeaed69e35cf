"""Where the time of a run went: by suite, and the slowest checks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mhsm_reports.results import CheckResult
from mhsm_reports.totals import by_outcome
from mhsm_reports.vocabulary import Outcome

SLOWEST: Final = 12


@dataclass(frozen=True, slots=True)
class SuiteTime:
    """A suite: its checks by outcome, their seconds and their exchanges together."""

    name: str
    checks: int
    outcomes: dict[Outcome, int]
    seconds: float
    exchanges: int


def suite_times(checks: Sequence[CheckResult]) -> tuple[SuiteTime, ...]:
    """Add up by suite, the slowest first."""
    suites: dict[str, list[CheckResult]] = {}
    for check in checks:
        suites.setdefault(check.suite, []).append(check)
    times = (
        SuiteTime(
            name,
            len(members),
            by_outcome(check.outcome for check in members),
            sum(check.seconds for check in members),
            sum(check.exchanges for check in members),
        )
        for name, members in suites.items()
    )
    return tuple(sorted(times, key=lambda suite: -suite.seconds))


def slowest(checks: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    """Return the checks that took the longest, the slowest first."""
    return tuple(sorted(checks, key=lambda check: -check.seconds)[:SLOWEST])
