"""What a gate finds between a baseline and a run, and which of it fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mhsm_reports.baseline import Baseline
from mhsm_reports.results import Run


class Weight(StrEnum):
    """What a finding is, the heaviest first."""

    TOO_SMALL = "too small"
    REGRESSION = "regression"
    STALE = "stale"
    VANISHED = "vanished"
    WEAKER = "weaker"
    FIXED = "fixed"
    CHANGED = "changed"
    NEW = "new"


#: What fails a gate. The others are told, and fail one that is to be exact.
FAILING = frozenset({Weight.TOO_SMALL, Weight.REGRESSION, Weight.STALE, Weight.VANISHED})

#: What each weight means, for the head of a section.
MEANINGS: Mapping[Weight, str] = {
    Weight.TOO_SMALL: "the run did too little to be held to the baseline",
    Weight.REGRESSION: "worse than in the baseline",
    Weight.STALE: "a failure that is expected, and was not seen",
    Weight.VANISHED: "in the baseline, and not in the run",
    Weight.WEAKER: "passed, with less to show for it",
    Weight.FIXED: "failed in the baseline, and passes now",
    Weight.CHANGED: "otherwise than in the baseline, and not worse",
    Weight.NEW: "not in the baseline",
}


class Subject(StrEnum):
    """What a finding is about."""

    RUN = "run"
    CLAUSE = "clause"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference: `title` is the prose of a clause or the title of a check, empty for a run.

    `told` is the difference in a line, `details` are lines that explain it (what was expected and
    observed, the reason of an outcome, the clauses that a check was written for).
    """

    weight: Weight
    subject: Subject
    id: str
    title: str
    told: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """A run held to a baseline: what was found, in order of weight; `exact` lets nothing differ.

    `known` are the failures of the run that the baseline has too.
    """

    baseline: Baseline
    run: Run
    findings: tuple[Finding, ...]
    known: tuple[str, ...]
    exact: bool = False

    def fails(self, finding: Finding) -> bool:
        """Whether the finding fails the gate."""
        return self.exact or finding.weight in FAILING

    @property
    def is_held(self) -> bool:
        """Whether nothing was found that fails the gate."""
        return not any(self.fails(finding) for finding in self.findings)

    def of(self, weight: Weight) -> tuple[Finding, ...]:
        """The findings of one weight."""
        return tuple(finding for finding in self.findings if finding.weight is weight)
