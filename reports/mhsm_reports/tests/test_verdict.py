from dataclasses import replace

import pytest

from mhsm_reports import (
    Coverage,
    Outcome,
    RunResult,
    RunState,
    Severity,
    coverage,
    exit_status,
    totals,
    verdict,
)
from mhsm_reports.tests.samples import (
    BREACH,
    FAILING,
    INTERRUPTED,
    KEEPS_OTHERS,
    PASSING,
    REFUSES_SIGNING,
    RUN,
    SIGNS,
)

WARNED = replace(PASSING, failures=(replace(BREACH, severity=Severity.WARNING),))
INVALID = replace(PASSING, run=replace(RUN, state=RunState.INVALID, state_reason="too little."))
EMPTY = RunResult(RUN, (KEEPS_OTHERS,), (), (), (), ())


def test_totals_name_every_outcome() -> None:
    count = totals(FAILING)
    assert count.clauses == {
        Outcome.PASSED: 1,
        Outcome.FAILED: 1,
        Outcome.INCONCLUSIVE: 0,
        Outcome.INAPPLICABLE: 0,
        Outcome.UNTESTED: 1,
    }
    assert count.checks[Outcome.FAILED] == 1
    assert count.checks[Outcome.INAPPLICABLE] == 1
    assert (count.failures, count.warnings) == (1, 1)


def test_coverage_counts_what_obliges_and_applies() -> None:
    one_sided = replace(REFUSES_SIGNING, id="SIGN-004", refused_alone=0)
    elsewhere = replace(REFUSES_SIGNING, id="SIGN-005", outcome=Outcome.INAPPLICABLE)
    vacuous = replace(REFUSES_SIGNING, id="SIGN-006", held=0, refused=0, refused_alone=0, vacuous=9)
    result = replace(PASSING, clauses=(*PASSING.clauses, one_sided, elsewhere, vacuous))
    assert coverage(result) == Coverage(exercised=3, applicable=5, guards_both_ways=1, guards=3)


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (PASSING, 0),
        (WARNED, 0),
        (EMPTY, 0),
        (FAILING, 1),
        (replace(PASSING, failures=(BREACH,)), 1),
        (replace(PASSING, checks=(replace(SIGNS, outcome=Outcome.FAILED),)), 1),
        (replace(PASSING, clauses=(replace(REFUSES_SIGNING, outcome=Outcome.FAILED),)), 1),
    ],
)
def test_exit_status(result: RunResult, status: int) -> None:
    assert exit_status(result) == status


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (PASSING, "PASSED: 2 clauses and 1 check passed, 0 warnings."),
        (WARNED, "PASSED: 2 clauses and 1 check passed, 1 warning."),
        (FAILING, "FAILED: 1 failure, 1 clause and 1 check failed, 1 warning."),
        (EMPTY, "EMPTY: nothing passed and nothing failed, so this run shows nothing."),
        (
            INTERRUPTED,
            "INTERRUPTED after 12.3 s: stopped from the keyboard; no failure until then.",
        ),
        (
            INVALID,
            "INVALID: too little; no failure.",
        ),
        (
            replace(FAILING, run=replace(RUN, state=RunState.INVALID)),
            "INVALID: no reason was recorded; 1 failure, 1 clause and 1 check failed, 1 warning.",
        ),
    ],
)
def test_verdict(result: RunResult, sentence: str) -> None:
    assert verdict(result) == sentence
