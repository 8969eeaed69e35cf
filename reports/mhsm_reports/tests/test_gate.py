from dataclasses import replace

import pytest
from hypothesis import given, settings

from mhsm_reports import (
    Basis,
    CheckResult,
    ClauseResult,
    Level,
    Outcome,
    Profile,
    Run,
    RunResult,
    RunState,
    Selection,
    Severity,
    Tool,
)
from mhsm_reports.baseline import baseline_of
from mhsm_reports.gate import Gate, Subject, Weight, compared
from mhsm_reports.tests.samples import (
    BREACH,
    FAILING,
    INTERRUPTED,
    KEEPS_OTHERS,
    NAMES_VERSION,
    PASSING,
    REFUSES_SIGNING,
    RESTORES,
    RUN,
    SIGNS,
    results,
)

BASELINE = baseline_of([PASSING])


def found(gate: Gate) -> list[tuple[Weight, str]]:
    return [(finding.weight, finding.id) for finding in gate.findings]


def with_clause(clause: ClauseResult) -> RunResult:
    kept = (old if old.id != clause.id else clause for old in PASSING.clauses)
    return replace(PASSING, clauses=tuple(kept))


def with_check(check: CheckResult) -> RunResult:
    kept = (old if old.id != check.id else check for old in PASSING.checks)
    return replace(PASSING, checks=tuple(kept))


def of(check: CheckResult, outcome: Outcome) -> CheckResult:
    return replace(check, outcome=outcome, reason=f"it is {outcome}")


@given(results())
@settings(deadline=None)
def test_a_run_is_not_otherwise_than_itself_but_for_stale_declarations(result: RunResult) -> None:
    # Identifiers are drawn, and may come twice: a run of the suites has each once.
    clauses = {clause.id: clause for clause in result.clauses}.values()
    checks = {check.id: check for check in result.checks}.values()
    one = replace(result, clauses=tuple(clauses), checks=tuple(checks))
    gate = compared(baseline_of([one]), one, exact=True)
    assert {finding.weight for finding in gate.findings} <= {Weight.TOO_SMALL, Weight.STALE}
    if one.run.state is RunState.COMPLETE and one.checks:
        assert not gate.of(Weight.TOO_SMALL)


@pytest.mark.parametrize(
    "after", [Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.INAPPLICABLE, Outcome.UNTESTED]
)
def test_what_passed_and_does_not_pass_is_a_regression(after: Outcome) -> None:
    for result, name in (
        (with_clause(replace(REFUSES_SIGNING, outcome=after)), "SIGN-003"),
        (with_check(of(SIGNS, after)), SIGNS.id),
    ):
        gate = compared(BASELINE, result)
        assert found(gate) == [(Weight.REGRESSION, name)]
        assert gate.findings[0].told == f"passed before, {after} now"
        assert not gate.is_held


def test_a_regression_is_explained_by_the_first_breach() -> None:
    gate = compared(BASELINE, replace(FAILING, failures=(BREACH, BREACH)))
    clause = gate.findings[0]
    assert clause.title == REFUSES_SIGNING.prose
    assert clause.details == (
        "expected: 403 Forbidden",
        "observed: 200 OK with a signature",
        "in:       sign.lacks_permission, and in 1 more",
    )


def test_what_nobody_tested_and_fails_is_a_regression() -> None:
    gate = compared(BASELINE, with_clause(replace(KEEPS_OTHERS, outcome=Outcome.FAILED)))
    assert found(gate) == [(Weight.REGRESSION, "STATE-001")]


def test_what_the_baseline_does_not_know_is_new_and_where_it_fails_a_regression() -> None:
    for outcome, weight in ((Outcome.PASSED, Weight.NEW), (Outcome.FAILED, Weight.REGRESSION)):
        result = replace(
            PASSING,
            clauses=(*PASSING.clauses, replace(NAMES_VERSION, id="NEW-001", outcome=outcome)),
            checks=(*PASSING.checks, replace(SIGNS, id="sign.new", outcome=outcome)),
        )
        gate = compared(BASELINE, result)
        assert found(gate) == [(weight, "NEW-001"), (weight, "sign.new")]
        assert gate.is_held == (weight is Weight.NEW)


def test_a_new_warning_is_a_regression_and_one_that_is_gone_is_fixed() -> None:
    warned = with_clause(replace(NAMES_VERSION, warnings=2))
    warning = replace(BREACH, clause="SIGN-010", severity=Severity.WARNING)
    gate = compared(BASELINE, replace(warned, failures=(warning,)))
    assert found(gate) == [(Weight.REGRESSION, "SIGN-010")]
    assert gate.findings[0].details[0] == "expected: 403 Forbidden"
    assert found(compared(baseline_of([warned]), PASSING)) == [(Weight.FIXED, "SIGN-010")]


def test_a_known_failure_may_fail_and_is_told_once_it_passes() -> None:
    baseline = baseline_of([FAILING])
    again = compared(baseline, FAILING)
    assert found(again) == []
    assert again.known == ("SIGN-003", SIGNS.id)
    fixed = compared(baseline, PASSING)
    assert found(fixed) == [
        (Weight.FIXED, "SIGN-003"),
        (Weight.FIXED, "SIGN-010"),
        (Weight.FIXED, SIGNS.id),
    ]
    assert fixed.is_held
    assert not compared(baseline, PASSING, exact=True).is_held


def test_a_known_failure_that_nobody_looked_at_is_stale() -> None:
    baseline = baseline_of([FAILING])
    untested = replace(REFUSES_SIGNING, outcome=Outcome.UNTESTED, held=0, refused_alone=0)
    result = replace(
        FAILING, clauses=(untested, *FAILING.clauses[1:]), checks=(of(SIGNS, Outcome.UNTESTED),)
    )
    gate = compared(baseline, replace(result, checks=(*result.checks, RESTORES)))
    assert [one for one in found(gate) if one[0] is Weight.STALE] == [
        (Weight.STALE, "SIGN-003"),
        (Weight.STALE, SIGNS.id),
    ]
    assert not gate.is_held


DECLARED = replace(
    NAMES_VERSION, outcome=Outcome.INCONCLUSIVE, expected_failure="finding H-1", declared=3
)


def test_an_expected_failure_that_passes_is_stale() -> None:
    passes = replace(NAMES_VERSION, expected_failure="finding H-1")
    gate = compared(baseline_of([with_clause(DECLARED)]), with_clause(passes))
    assert found(gate) == [(Weight.STALE, "SIGN-010")]
    assert "finding H-1" in gate.findings[0].told
    assert not gate.is_held


def test_an_expected_failure_is_looked_for_in_whole_runs_alone() -> None:
    passes = replace(NAMES_VERSION, expected_failure="finding H-1")
    run = replace(RUN, selection=Selection("sign", None))
    part = replace(with_clause(passes), run=run)
    gate = compared(baseline_of([replace(with_clause(DECLARED), run=run)]), part)
    assert not gate.of(Weight.STALE)


def test_a_failure_cannot_be_declared_away() -> None:
    gate = compared(BASELINE, with_clause(DECLARED))
    assert found(gate) == [(Weight.REGRESSION, "SIGN-010")]
    assert gate.findings[0].told.endswith("it is now declared as an expected failure: finding H-1")


def test_a_declaration_that_is_withdrawn_and_passes_is_fixed() -> None:
    gate = compared(baseline_of([with_clause(DECLARED)]), PASSING)
    assert found(gate) == [(Weight.FIXED, "SIGN-010")]


def test_a_stale_declaration_hides_no_regression() -> None:
    broken = replace(
        NAMES_VERSION, outcome=Outcome.FAILED, violated=1, expected_failure="finding H-1"
    )
    gate = compared(BASELINE, with_clause(broken))
    assert (Weight.REGRESSION, "SIGN-010") in found(gate)


def test_a_check_that_is_gone_vanished_and_says_what_it_was_for() -> None:
    gate = compared(BASELINE, replace(PASSING, checks=PASSING.checks[1:]))
    assert found(gate) == [(Weight.VANISHED, SIGNS.id)]
    assert gate.findings[0].details == ("it was for: SIGN-003",)
    assert not gate.is_held


def test_a_renamed_check_vanished_and_is_new() -> None:
    gate = compared(BASELINE, with_check(SIGNS))
    assert gate.is_held
    renamed = replace(PASSING, checks=(replace(SIGNS, id="sign.renamed"), RESTORES))
    assert found(compared(BASELINE, renamed)) == [
        (Weight.VANISHED, SIGNS.id),
        (Weight.NEW, "sign.renamed"),
    ]


def test_a_clause_that_is_gone_vanished_with_its_prose() -> None:
    gate = compared(BASELINE, replace(PASSING, clauses=PASSING.clauses[1:]))
    assert found(gate) == [(Weight.VANISHED, "SIGN-003")]
    assert gate.findings[0].title == REFUSES_SIGNING.prose


@pytest.mark.parametrize(
    ("clause", "told"),
    [
        (
            replace(REFUSES_SIGNING, refused_alone=0),
            "never refused alone now, seen from both sides before",
        ),
        (replace(REFUSES_SIGNING, held=0), "never held now, seen from both sides before"),
        (
            replace(REFUSES_SIGNING, held=0, refused_alone=0),
            "never held nor refused alone now, seen from both sides before",
        ),
        (replace(NAMES_VERSION, held=0), "never held now, seen before"),
        (
            replace(REFUSES_SIGNING, recorded=0),
            "no recorded exchange of the service exercises it any more",
        ),
        (
            replace(REFUSES_SIGNING, basis=Basis.INFERRED),
            "its basis was documented and is inferred",
        ),
        (replace(REFUSES_SIGNING, level=Level.SHOULD), "its level was MUST and is SHOULD"),
    ],
)
def test_weaker_evidence_is_told_and_fails_an_exact_gate(clause: ClauseResult, told: str) -> None:
    gate = compared(BASELINE, with_clause(clause))
    assert found(gate) == [(Weight.WEAKER, clause.id)]
    assert gate.findings[0].told == told
    assert gate.is_held
    assert not compared(BASELINE, with_clause(clause), exact=True).is_held


def test_a_check_for_fewer_clauses_is_weaker_and_for_more_changed() -> None:
    both = with_check(replace(SIGNS, clauses=("SIGN-003", "SIGN-010")))
    assert found(compared(baseline_of([both]), PASSING)) == [(Weight.WEAKER, SIGNS.id)]
    assert found(compared(BASELINE, both)) == [(Weight.CHANGED, SIGNS.id)]


def test_counts_that_are_not_zero_are_all_the_same() -> None:
    often = with_clause(replace(REFUSES_SIGNING, held=1, refused=900, refused_alone=1, recorded=99))
    assert found(compared(BASELINE, often, exact=True)) == []


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (INTERRUPTED.run, "it is interrupted: stopped from the keyboard"),
        (
            replace(RUN, state=RunState.INVALID, state_reason="the HSM was gone."),
            "it is invalid: the HSM was gone",
        ),
        (
            replace(RUN, selection=Selection("sign", "SIGN-*")),
            "it is of the suite sign and of the clauses SIGN-*, and the baseline is of everything",
        ),
        (replace(RUN, exchanges=499), "it sent 499 requests, and the baseline's at least 1,000"),
    ],
)
def test_a_run_that_did_too_little_fails(run: Run, told: str) -> None:
    gate = compared(BASELINE, replace(PASSING, run=run))
    assert [finding.told for finding in gate.of(Weight.TOO_SMALL)] == [told]
    assert not gate.is_held


def test_a_smaller_profile_is_too_small_and_a_larger_one_is_told() -> None:
    smoke = replace(PASSING, run=replace(RUN, profile=Profile.SMOKE))
    nightly = replace(PASSING, run=replace(RUN, profile=Profile.NIGHTLY))
    assert found(compared(baseline_of([nightly]), smoke)) == [(Weight.TOO_SMALL, "model")]
    assert found(compared(baseline_of([smoke]), nightly)) == [(Weight.CHANGED, "model")]


def test_a_run_that_is_not_strict_is_too_small_for_a_strict_baseline() -> None:
    strict = replace(PASSING, run=replace(RUN, strict=True))
    assert found(compared(baseline_of([strict]), PASSING)) == [(Weight.TOO_SMALL, "model")]
    assert found(compared(BASELINE, strict)) == [(Weight.CHANGED, "model")]


def test_a_run_without_checks_is_too_small() -> None:
    gate = compared(BASELINE, replace(PASSING, checks=()))
    assert gate.of(Weight.TOO_SMALL)
    assert len(gate.of(Weight.VANISHED)) == 2


def test_of_an_interrupted_run_only_failures_are_looked_at() -> None:
    left = replace(
        FAILING,
        run=INTERRUPTED.run,
        clauses=(FAILING.clauses[0], replace(NAMES_VERSION, outcome=Outcome.UNTESTED, held=0)),
        checks=FAILING.checks[:1],
    )
    gate = compared(BASELINE, left)
    assert found(gate) == [
        (Weight.TOO_SMALL, "model"),
        (Weight.REGRESSION, "SIGN-003"),
        (Weight.REGRESSION, SIGNS.id),
    ]
    assert gate.findings[0].details == ("1 of 2 checks of the baseline were not tried",)


def test_another_tool_target_and_capability_are_told() -> None:
    run = replace(
        RUN,
        tool=Tool(RUN.tool.name, "0.2.0"),
        target=replace(RUN.target, name="other", capabilities=("clock",), evidence="live"),
    )
    gate = compared(BASELINE, replace(PASSING, run=run))
    told = [finding.told for finding in gate.of(Weight.CHANGED)]
    assert "the target was model and is other" in told
    assert any(line.startswith("the tool was mhsm-conformance") for line in told)
    assert any(line.startswith("the evidence was") for line in told)
    assert gate.is_held


def test_other_words_of_a_clause_are_told() -> None:
    gate = compared(BASELINE, with_clause(replace(REFUSES_SIGNING, prose="Refuse.")))
    assert found(gate) == [(Weight.CHANGED, "SIGN-003")]
    assert gate.findings[0].told == f"it said before: {REFUSES_SIGNING.prose}"


def test_findings_stand_in_order_of_weight_the_run_first_then_clauses() -> None:
    result = replace(
        FAILING,
        run=replace(RUN, exchanges=1),
        clauses=(*FAILING.clauses[:2], replace(NAMES_VERSION, id="NEW-001")),
        checks=FAILING.checks[:1],
    )
    gate = compared(BASELINE, result)
    order = [list(Weight).index(finding.weight) for finding in gate.findings]
    assert order == sorted(order)
    regressions = [finding.subject for finding in gate.of(Weight.REGRESSION)]
    assert regressions == sorted(regressions, key=list(Subject).index)
    assert len(set(order)) >= 4
