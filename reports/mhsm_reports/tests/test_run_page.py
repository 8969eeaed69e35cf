"""The page of a run: all that it must hold is there, it needs nothing else, and it stays small."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings

from mhsm_reports import (
    Outcome,
    ReportFileError,
    RunResult,
    TargetDescription,
    load,
    save,
)
from mhsm_reports.render.html import run_page, write
from mhsm_reports.tests.large_result import FINDINGS, MUTANTS, breach, large_result
from mhsm_reports.tests.page_structure import LOADING, PageStructure
from mhsm_reports.tests.samples import (
    BREACH,
    FAILING,
    INTERRUPTED,
    PASSING,
    REFUSES_SIGNING,
    RESTORES,
    RUN,
    SIGNS,
    results,
)

LARGEST: Final = 2_000_000


def page_of(result: RunResult) -> PageStructure:
    return PageStructure(run_page(result))


def words(page: PageStructure, name: str) -> str:
    return page.by_id(name).words


def test_the_verdict_stands_first_and_in_the_title() -> None:
    page = page_of(FAILING)
    assert next(e.text for e in page.elements if e.tag == "title") == "Failed: model, smoke"
    assert "FAILED: 1 failure" in words(page, "summary")
    assert "PASSED: " in words(page_of(PASSING), "summary")


def test_what_a_pass_proves_stands_beside_the_verdict() -> None:
    assert "the specification itself, run forwards" in words(page_of(PASSING), "summary")
    broken = replace(RUN, target=TargetDescription("mutant:x", (), "self"))
    assert "broken on purpose" in words(page_of(replace(PASSING, run=broken)), "summary")


def test_an_interrupted_run_says_that_it_is_partial_and_why() -> None:
    summary = words(page_of(INTERRUPTED), "summary")
    assert "INTERRUPTED" in summary
    assert "stopped from the keyboard" in summary
    assert "This report is partial" in summary


def test_a_failure_is_told_in_full() -> None:
    told = words(page_of(FAILING), "failures")
    for part in (
        BREACH.clause,
        BREACH.prose,
        BREACH.expected,
        BREACH.observed,
        BREACH.exchange,
        *BREACH.steps,
        *BREACH.sources,
        *(" ".join(line.split()) for line in BREACH.script.splitlines()),
    ):
        assert part in told


def test_a_warning_is_no_failure() -> None:
    page = page_of(replace(PASSING, failures=(FAILING.failures[1],)))
    assert "SIGN-010" in words(page, "warnings")
    assert "failures" not in page.ids()


def test_what_failed_without_a_breach_is_named_all_the_same() -> None:
    clause = replace(REFUSES_SIGNING, outcome=Outcome.FAILED)
    check = replace(SIGNS, outcome=Outcome.FAILED, reason="the suite has a defect")
    told = words(page_of(replace(PASSING, clauses=(clause,), checks=(check,))), "failures")
    assert clause.id in told
    assert "the suite has a defect" in told


def test_every_clause_has_its_outcome_its_coverage_and_its_evidence() -> None:
    page = page_of(PASSING)
    for clause in PASSING.clauses:
        row = words(page, clause.id)
        assert clause.prose in row
        assert clause.outcome in row
        assert f"refused {clause.refused} ({clause.refused_alone} alone)" in row
        assert clause.sources[0] in row
    assert "self: passed on model" in words(page, "SIGN-003")
    assert "recorded: 7 recorded exchanges" in words(page, "SIGN-003")


def test_the_matrix_is_told_in_words_and_marks_what_resists_quantum_computers() -> None:
    told = words(page_of(FAILING), "matrix")
    assert "sign failed; verify refused" in told
    assert "wrap untested; quantum-resistant" in told


def test_isolation_has_a_view_of_its_own() -> None:
    clause = replace(REFUSES_SIGNING, id="ISO-001", prose="Nothing crosses.")
    check = replace(SIGNS, id="isolation.a", suite="isolation", clauses=("ISO-001",), title="Aside")
    result = replace(PASSING, clauses=(clause,), checks=(check, RESTORES))
    told = words(page_of(result), "isolation")
    assert "1 check of 1 passed" in told
    assert "ISO-001 Nothing crosses." in told
    leaking = replace(result, checks=(replace(check, outcome=Outcome.FAILED),))
    assert "1 check of 1 found a leak" in words(page_of(leaking), "isolation")
    assert "isolation" not in page_of(PASSING).ids()


def test_answers_findings_and_times_are_there() -> None:
    page = PageStructure(run_page(PASSING, (), [FINDINGS]))
    assert "Is an empty tag name kept? refused, 400 3 times" in words(page, "questions")
    assert "MODULE-13" in words(page, "findings")
    assert "500 ms" in words(page, "checks")
    assert "1inapplicablethe target does not offer security domains" in words(page, "checks")


def test_many_findings_are_folded_and_counted() -> None:
    many = replace(FINDINGS, findings=FINDINGS.findings * 20)
    told = PageStructure(run_page(PASSING, (), [many])).by_id("findings").words
    assert "260 more findings" in told
    assert "and 80 more, in the file of findings." in told
    assert (
        "more finding"
        not in PageStructure(run_page(PASSING, (), [FINDINGS])).by_id("findings").words
    )


def test_mutants_are_claimed_only_where_they_were_tried() -> None:
    result = large_result(clauses=10, checks=10)
    assert "No file of mutants was given" in run_page(result)
    page = PageStructure(run_page(result, [MUTANTS]))
    assert "mutant: 1 of 1 mutants killed" in words(page, "ALG-000")
    assert "mutant (against it)" in words(page, "AUTH-003")


@pytest.mark.parametrize("breaches", [0, 5, 500])
def test_a_page_of_400_clauses_and_2000_checks_stays_below_2_mb(breaches: int) -> None:
    page = run_page(large_result(breaches=breaches), [MUTANTS], [FINDINGS])
    assert len(page.encode("utf-8")) < LARGEST


def test_long_texts_and_sequences_are_cut_and_say_so() -> None:
    long = replace(BREACH, observed="x" * 3_000_000, steps=("a step",) * 5_000)
    page = run_page(replace(FAILING, failures=(long, *map(breach, range(3)))))
    assert len(page.encode("utf-8")) < LARGEST
    assert "more characters in the result file" in page
    assert "and 4,960 more steps, in the result file" in page


def test_what_is_left_out_is_counted() -> None:
    page = page_of(large_result(breaches=700))
    assert "that are told nowhere here" in words(page, "failures")
    assert "700" in words(page, "failures")


def test_nothing_is_loaded_and_only_own_style_and_script_are_permitted() -> None:
    page = PageStructure(run_page(large_result(breaches=3), [MUTANTS], [FINDINGS]))
    for element in page.elements:
        assert not LOADING & element.attributes.keys()
        assert not [name for name in element.attributes if name.startswith("on") or name == "style"]
        assert not (element.attributes.get("href") or "#").startswith(("http:", "https:", "//"))
        assert element.tag not in {"iframe", "object", "embed", "img", "base", "form:"}
    (policy,) = (
        e.attributes["content"] or ""
        for e in page.elements
        if e.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (text,) = (e.text for e in page.elements if e.tag == tag)
        digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
        assert f"{directive} 'sha256-{digest}'" in policy
        assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp|WebSocket|import\(", text)


def test_the_links_of_the_page_lead_somewhere() -> None:
    page = PageStructure(run_page(large_result(breaches=9), [MUTANTS], [FINDINGS]))
    ids = page.ids()
    assert len(ids) == len(set(ids))
    for element in page.elements:
        for name in ("href", "aria-labelledby", "for"):
            for target in (element.attributes.get(name) or "").split():
                place = target.removeprefix("#")
                # Samples name clauses that no run made up here knows.
                if target != "data:," and not re.fullmatch(r"[A-Z]+-\d+", place):
                    assert place in ids, target


def test_one_run_gives_one_page(tmp_path: Path) -> None:
    result = large_result(clauses=30, checks=30, breaches=3)
    save(result, tmp_path / "run.json")
    assert run_page(load(tmp_path / "run.json"), [MUTANTS]) == run_page(result, [MUTANTS])
    write(result, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text("utf-8") == run_page(result)
    with pytest.raises(ReportFileError, match=r"there is no folder"):
        write(result, tmp_path / "absent" / "report.html")


def test_times_without_end_are_shown_all_the_same() -> None:
    page = page_of(replace(PASSING, checks=(replace(SIGNS, seconds=1e308),) * 2))
    assert "∞ s" in words(page, "checks")


@given(results())
@settings(deadline=None)
def test_any_result_gives_a_well_nested_page(result: RunResult) -> None:
    page = page_of(result)
    assert "summary" in page.ids()
    page.source.encode("utf-8")


@pytest.mark.parametrize(
    ("section", "result"),
    [
        ("clauses", replace(PASSING, clauses=())),
        ("checks", replace(PASSING, checks=())),
        ("matrix", replace(PASSING, matrix=())),
        ("questions", replace(PASSING, open_questions=())),
    ],
)
def test_an_empty_part_has_no_empty_section(section: str, result: RunResult) -> None:
    assert section in page_of(PASSING).ids()
    page = page_of(result)
    assert section not in page.ids()
    assert f"#{section}" not in [e.attributes.get("href") for e in page.elements]
