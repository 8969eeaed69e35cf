import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings

from mhsm_reports import RunResult
from mhsm_reports.baseline import baseline_of
from mhsm_reports.gate import compared
from mhsm_reports.gate.document import gate_document
from mhsm_reports.gate.markdown import gate_markdown
from mhsm_reports.gate.text import gate_text
from mhsm_reports.tests.samples import (
    BREACH,
    FAILING,
    HOSTILE,
    NAMES_VERSION,
    PASSING,
    SIGNS,
    results,
)

BASELINE = baseline_of([PASSING])


def test_the_text_tells_the_heaviest_first_and_the_verdict_last() -> None:
    lines = gate_text(compared(BASELINE, FAILING)).splitlines()
    assert lines == [
        "REGRESSION (3): worse than in the baseline (fails the gate)",
        "  clause SIGN-003: passed before, failed now",
        "      Refuse to sign with a version whose `key_ops` lacks `sign`.",
        "      expected: 403 Forbidden",
        "      observed: 200 OK with a signature",
        "      in: sign.lacks_permission",
        "  clause SIGN-010: newly broken: the run warns of it",
        "      Name the version that made the signature.",
        "      expected: a version",
        "      observed: 200 OK with a signature",
        "      in: sign.lacks_permission",
        "  check sign.lacks_permission: passed before, failed now",
        "      A key without the sign permission does not sign",
        "",
        "GATE FAILED: 3 regressions.",
    ]


def test_a_held_gate_says_so_and_what_failed_before() -> None:
    text = gate_text(compared(baseline_of([FAILING]), FAILING))
    assert text.splitlines() == [
        "Failed as in the baseline: SIGN-003, sign.lacks_permission.",
        "",
        "GATE HELD: none of 3 clauses and 2 checks is worse than in the baseline.",
    ]


def test_an_exact_gate_says_that_news_fail_it() -> None:
    result = replace(PASSING, clauses=(*PASSING.clauses, replace(NAMES_VERSION, id="NEW-001")))
    assert gate_text(compared(BASELINE, result)).endswith("in the baseline; 1 new.\n")
    told = gate_text(compared(BASELINE, result, exact=True))
    assert "NEW (1): not in the baseline (fails the gate)" in told
    assert told.endswith("GATE FAILED: 1 new.\n")


def test_of_many_findings_the_first_are_told_and_the_rest_counted() -> None:
    checks = tuple(replace(SIGNS, id=f"sign.{number}") for number in range(1000))
    gate = compared(baseline_of([replace(PASSING, checks=checks)]), PASSING)
    text, page = gate_text(gate), gate_markdown(gate)
    assert "and 980 more: --json has them all" in text
    assert "- and 980 more" in page
    assert len(text.splitlines()) < 60
    document: Any = gate_document(gate)
    assert len(document["findings"]) == 1002


def test_what_a_target_said_acts_on_nobody() -> None:
    hostile = replace(BREACH, observed=HOSTILE, expected="| a `b` <script> [x](y) # *z*")
    gate = compared(BASELINE, replace(FAILING, failures=(hostile,)))
    text, page = gate_text(gate), gate_markdown(gate)
    assert text.replace("\n", "").isprintable()
    assert "<script>" not in page
    assert r"\<script\>" in page
    assert r"\[x\]\(y\)" in page
    assert json.loads(json.dumps(gate_document(gate)))["held"] is False


@given(results(), results())
@settings(deadline=None, max_examples=50)
def test_any_two_results_can_be_shown(before: RunResult, after: RunResult) -> None:
    gate = compared(baseline_of([before]), after)
    assert gate_text(gate).rstrip("\n").splitlines()[-1].startswith("GATE ")
    assert gate_markdown(gate).startswith("## ")
    document = json.loads(json.dumps(gate_document(gate)))
    assert document["held"] is gate.is_held
    assert sum(document["totals"].values()) == len(document["findings"])
