"""The summary of a run in Markdown: the outcome first, breaches folded, never too long."""

from dataclasses import replace

from hypothesis import given, settings

from mhsm_reports import Outcome, RunResult
from mhsm_reports.comparison import named_runs
from mhsm_reports.render.markdown import LARGEST, MOST_FOLDED, render, render_comparison
from mhsm_reports.tests.large_result import large_result
from mhsm_reports.tests.samples import (
    BREACH,
    FAILING,
    INTERRUPTED,
    PASSING,
    REFUSES_SIGNING,
    results,
)


def test_the_first_line_is_the_verdict() -> None:
    assert render(PASSING).startswith("## ✅ model: PASSED: 2 clauses")
    assert render(FAILING).startswith("## ❌ model: FAILED: 1 failure")
    assert render(INTERRUPTED).startswith("## ⚠️ model: INTERRUPTED after 12.3 s")


def test_the_circumstances_and_the_counts_are_told() -> None:
    text = render(PASSING)
    assert "profile smoke, seed 20250101, 2025-03-01T09:30:00Z, 12.3 s, 1,234 exchanges" in text
    assert "| clauses | 2 | 0 | 0 | 0 | 1 |" in text
    assert "| checks | 1 | 0 | 0 | 1 | 0 |" in text
    assert "2 of 3 MUST and SHOULD clauses that apply were exercised" in text


def test_a_failure_is_folded_with_all_that_explains_it() -> None:
    text = render(FAILING)
    for part in (BREACH.prose, BREACH.expected, BREACH.observed, *BREACH.steps, BREACH.script):
        assert part in text
    assert text.count("<details>") == text.count("</details>") >= 2
    assert "### 1 failure" in text
    assert "### 1 warning" in text


def test_what_failed_without_a_breach_and_what_was_declared_is_told() -> None:
    failed = replace(REFUSES_SIGNING, outcome=Outcome.FAILED)
    declared = replace(REFUSES_SIGNING, id="SIGN-4", expected_failure="MODULE-1", declared=3)
    text = render(replace(PASSING, clauses=(failed, declared)))
    assert "### Failed without an explanation" in text
    assert "MODULE-1; broken 3 times" in text


def test_what_is_too_much_is_counted() -> None:
    text = render(large_result(breaches=500))
    assert len(text.encode("utf-8")) <= LARGEST
    assert f"{500 - MOST_FOLDED} more" in text
    long = tuple(
        replace(BREACH, observed="x" * 30_000, steps=("y" * 300,) * 200) for _ in range(99)
    )
    many = replace(FAILING, failures=tuple(replace(b, script="z" * 9_000) for b in long))
    assert len(render(many).encode("utf-8")) <= LARGEST


def test_a_comparison_has_a_league_and_the_differences() -> None:
    text = render_comparison(named_runs([("a.json", PASSING), ("b.json", FAILING)]))
    assert text.startswith("## 2 runs compared")
    assert "### Differences in 1 clause" in text
    assert "| passed | failed |" in text
    same = render_comparison(named_runs([("a.json", PASSING), ("b.json", PASSING)]))
    assert "Every clause has one outcome in all runs." in same


def test_a_comparison_of_many_differences_is_bounded_row_by_row() -> None:
    runs = named_runs(
        [("a.json", large_result(clauses=3000)), ("b.json", replace(PASSING, clauses=()))]
    )
    text = render_comparison(runs)
    assert len(text.encode("utf-8")) <= LARGEST
    assert "| ALG-000: " in text
    assert "more clauses" in text


@given(results())
@settings(deadline=None)
def test_any_result_gives_a_summary_that_is_not_too_long(result: RunResult) -> None:
    text = render(result)
    assert text.startswith("## ")
    assert text.endswith("\n")
    assert len(text.encode("utf-8")) <= LARGEST
