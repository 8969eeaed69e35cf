from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from mhsm_reports import Outcome, ReportFileError, RunResult, exit_status
from mhsm_reports.render import junit
from mhsm_reports.tests.samples import (
    BREACH,
    FAILING,
    HOSTILE,
    INTERRUPTED,
    PASSING,
    REFUSES_SIGNING,
    SIGNS,
    results,
)
from mhsm_reports.vocabulary import RunState


def parsed(result: RunResult) -> ET.Element:
    return ET.fromstring(junit.render(result).encode("utf-8"))


def case(root: ET.Element, name: str) -> ET.Element:
    found = root.findall(f".//testcase[@name='{name}']")
    assert len(found) == 1
    return found[0]


def text(parent: ET.Element, tag: str) -> str:
    element = parent.find(tag)
    assert element is not None
    return element.text or ""


def test_a_failure_holds_its_whole_explanation() -> None:
    shown = text(case(parsed(FAILING), BREACH.check), "failure")
    for part in (
        BREACH.clause,
        BREACH.prose,
        *BREACH.sources,
        BREACH.expected,
        BREACH.observed,
        BREACH.exchange,
        *BREACH.steps,
        BREACH.script,
    ):
        assert part in shown


def test_a_warning_is_a_note_and_no_failure() -> None:
    result = replace(PASSING, failures=(FAILING.failures[1],))
    shown = case(parsed(result), BREACH.check)
    assert shown.find("failure") is None
    assert "SIGN-010" in text(shown, "system-out")


@pytest.mark.parametrize("outcome", [Outcome.INCONCLUSIVE, Outcome.INAPPLICABLE, Outcome.UNTESTED])
def test_what_found_nothing_out_is_skipped_with_its_reason(outcome: Outcome) -> None:
    check = replace(SIGNS, outcome=outcome, reason="a prerequisite is missing")
    skipped = case(parsed(replace(PASSING, checks=(check,))), check.id).find("skipped")
    assert skipped is not None
    assert skipped.get("message") == f"{outcome}: a prerequisite is missing"


def test_every_suite_has_the_properties_that_repeat_the_run() -> None:
    suites = parsed(PASSING).findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["sign", "domain"]
    for suite in suites:
        properties = {item.get("name"): item.get("value") for item in suite.iter("property")}
        assert properties["seed"] == "20250101"
        assert properties["target"] == "model"
        assert properties["tool.version"] == "0.1.0"


def test_a_breach_of_a_check_that_did_not_finish_is_not_lost() -> None:
    result = replace(INTERRUPTED, checks=(), failures=(BREACH,))
    assert case(parsed(result), BREACH.check).find("failure") is not None


def test_a_failed_clause_that_no_failure_names_is_not_lost() -> None:
    clause = replace(REFUSES_SIGNING, outcome=Outcome.FAILED)
    assert case(parsed(replace(PASSING, clauses=(clause,))), clause.id).find("failure") is not None


def test_a_run_that_did_not_do_its_work_is_an_error() -> None:
    error = case(parsed(INTERRUPTED), "the run is interrupted").find("error")
    assert error is not None
    assert "stopped from the keyboard" in (error.get("message") or "")


def test_illegal_characters_become_visible() -> None:
    result = replace(FAILING, failures=(replace(BREACH, observed=HOSTILE),))
    shown = text(case(parsed(result), BREACH.check), "failure")
    assert r"\x1b[2J" in shown
    assert r"\x00 \ud800 \u202e ]]> <b>&amp;" in shown


@given(results())
@settings(deadline=None)
def test_any_result_gives_xml_that_agrees_with_the_exit_status(result: RunResult) -> None:
    root = parsed(result)
    assert (len(root.findall(".//failure")) > 0) == (exit_status(result) != 0)
    assert (len(root.findall(".//error")) > 0) == (result.run.state is not RunState.COMPLETE)
    cases = root.findall(".//testcase")
    assert root.get("tests") == str(len(cases))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert root.get(attribute) == str(len(root.findall(f".//{tag}")))
        for suite in root.findall("testsuite"):
            assert suite.get(attribute) == str(len(suite.findall(f".//{tag}")))
    for found in cases:
        assert sum(found.find(tag) is not None for tag in ("failure", "error", "skipped")) <= 1


def test_the_report_is_written_or_refused_in_one_sentence(tmp_path: Path) -> None:
    junit.write(PASSING, tmp_path / "junit.xml")
    content = (tmp_path / "junit.xml").read_text("utf-8")
    assert content == junit.render(PASSING)
    assert content.startswith("<?xml")
    with pytest.raises(ReportFileError, match=r"junit\.xml cannot be written: there is no folder"):
        junit.write(PASSING, tmp_path / "absent" / "junit.xml")
