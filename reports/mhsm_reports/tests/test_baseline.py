import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from mhsm_reports import (
    Basis,
    ClauseKind,
    Level,
    Outcome,
    Profile,
    ResultFileError,
    Run,
    RunResult,
    RunState,
    Selection,
    Tool,
    save,
)
from mhsm_reports.baseline import BaselineError, Sight, baseline_of, unfit
from mhsm_reports.baseline_file import baseline_text, load_baseline, save_baseline
from mhsm_reports.schema import first_violation
from mhsm_reports.tests.samples import (
    FAILING,
    HOSTILE,
    INTERRUPTED,
    NAMES_VERSION,
    PASSING,
    REFUSES_SIGNING,
    RUN,
    SIGNS,
    results,
)


@given(results())
@settings(deadline=None)
def test_what_was_saved_is_loaded_and_satisfies_the_schema(result: RunResult) -> None:
    baseline = baseline_of([result])
    text = baseline_text(baseline)
    assert first_violation(json.loads(text), "mhsm-baseline/1") is None


def test_a_saved_baseline_is_loaded(tmp_path: Path) -> None:
    clause = replace(REFUSES_SIGNING, prose=HOSTILE, expected_failure="issue 7", declared=2)
    baseline = baseline_of([replace(FAILING, clauses=(clause, NAMES_VERSION))])
    save_baseline(baseline, tmp_path / "baseline.json")
    assert load_baseline(tmp_path / "baseline.json") == baseline


def test_a_result_file_is_taken_for_its_baseline(tmp_path: Path) -> None:
    save(PASSING, tmp_path / "run.json")
    assert load_baseline(tmp_path / "run.json") == baseline_of([PASSING])


def test_times_seeds_numbers_and_order_leave_no_trace() -> None:
    run = replace(
        RUN, seed=99, seconds=99.0, workers=9, exchanges=1999, started_at="2020-01-01T00:00:00Z"
    )
    often = replace(REFUSES_SIGNING, held=1, refused=999, refused_alone=999, vacuous=0, recorded=1)
    other = RunResult(
        run,
        (*reversed(PASSING.clauses[1:]), often),
        tuple(replace(check, seconds=9.0, exchanges=99) for check in reversed(PASSING.checks)),
        (),
        (),
        (),
    )
    assert baseline_text(baseline_of([other])) == baseline_text(baseline_of([PASSING]))


def test_every_clause_and_check_has_a_line_of_its_own() -> None:
    lines = baseline_text(baseline_of([PASSING])).splitlines()
    rows = [line for line in lines if line.startswith("  ")]
    assert [row.split('"')[1] for row in rows] == [
        "SIGN-003",
        "SIGN-010",
        "STATE-001",
        "domain.restore",
        "sign.lacks_permission",
    ]
    assert rows[4] == '  "sign.lacks_permission": {"outcome": "passed", "clauses": ["SIGN-003"]}'
    assert lines[2].startswith('"run": {"target": "model", ')


def test_a_clause_that_obliges_nobody_has_no_sights() -> None:
    for level in (Level.MAY, Level.OPEN):
        asked = replace(REFUSES_SIGNING, level=level, kind=ClauseKind.QUESTION)
        baseline = baseline_of([replace(PASSING, clauses=(asked,))])
        assert baseline.clauses["SIGN-003"].seen == frozenset()


def test_several_runs_have_in_common_what_all_of_them_show() -> None:
    luckier = replace(NAMES_VERSION, refused_alone=1, warnings=1)
    untested = replace(SIGNS, outcome=Outcome.UNTESTED, reason="the target was gone")
    other = replace(
        PASSING,
        run=replace(RUN, seed=2, exchanges=700),
        clauses=(REFUSES_SIGNING, luckier, PASSING.clauses[2]),
        checks=(untested, PASSING.checks[1]),
    )
    one_way, other_way = baseline_of([PASSING, other]), baseline_of([other, PASSING])
    assert baseline_text(one_way) == baseline_text(other_way)
    assert one_way.clauses["SIGN-010"].seen == {Sight.HELD, Sight.RECORDED, Sight.WARNED}
    assert one_way.checks[SIGNS.id].outcome is Outcome.UNTESTED
    assert one_way.exchanges == 500


@pytest.mark.parametrize(
    "run",
    [
        replace(RUN, profile=Profile.NIGHTLY),
        replace(RUN, selection=Selection("signing", None)),
        replace(RUN, strict=True),
        replace(RUN, tool=Tool("mhsm-conformance", "9")),
        replace(RUN, target=replace(RUN.target, name="other")),
    ],
)
def test_runs_that_were_asked_for_different_things_have_nothing_in_common(run: Run) -> None:
    with pytest.raises(BaselineError, match="not asked to do the same"):
        baseline_of([PASSING, replace(PASSING, run=run)])


def test_no_run_is_no_baseline() -> None:
    with pytest.raises(BaselineError, match="one run or more"):
        baseline_of([])


STALE = replace(REFUSES_SIGNING, expected_failure="issue 7")


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (PASSING, None),
        (INTERRUPTED, None),  # its state is asked of apart
        (FAILING, "it failed (SIGN-003 and 1 more)"),
        (replace(PASSING, checks=()), "nothing passed in it"),
        (replace(PASSING, clauses=(STALE,)), "it did not break SIGN-003, which is declared"),
        (replace(PASSING, clauses=(replace(STALE, declared=1),)), None),
        (
            replace(PASSING, run=replace(RUN, selection=Selection("x", None)), clauses=(STALE,)),
            None,
        ),
        (replace(PASSING, run=replace(RUN, state=RunState.INVALID), clauses=(STALE,)), None),
    ],
)
def test_a_run_is_unfit_for_a_reason(result: RunResult, reason: str | None) -> None:
    told = unfit(result)
    if reason is None:
        assert told is None
    else:
        assert told is not None
        assert told.startswith(reason)


TEXT = baseline_text(baseline_of([PASSING]))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (TEXT[:400], "the file ends before its JSON does"),
        ("", "is empty"),
        ("[]", '"format" is not "mhsm-baseline/1" or "mhsm-run/1"'),
        (TEXT.replace("baseline/1", "baseline/2"), "the file has format 'mhsm-baseline/2'"),
        (TEXT.replace('"passed"', '"great"', 1), '"great" is not one of passed, failed'),
        (TEXT.replace('"SIGN-010":', '"SIGN-003":'), 'has the member "SIGN-003" twice'),
        (TEXT.replace('"level": "MUST", ', "", 1), 'the member "level" is missing'),
    ],
)
def test_a_bad_file_is_told_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ResultFileError) as raised:
        load_baseline(path)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_weaker_basis_is_another_line() -> None:
    weaker = replace(REFUSES_SIGNING, basis=Basis.INFERRED)
    lines = baseline_text(baseline_of([replace(PASSING, clauses=(weaker,))])).splitlines()
    assert any('"SIGN-003"' in line and '"inferred"' in line for line in lines)
