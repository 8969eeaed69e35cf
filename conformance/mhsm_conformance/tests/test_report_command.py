"""`mhsm report`: what it writes, where, and what it says of files that are no results."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from mhsm_conformance.commands.report import report
from mhsm_reports import save
from mhsm_reports.finding_results import findings_document
from mhsm_reports.mutant_results import mutants_document
from mhsm_reports.render import html, junit, markdown, terminal
from mhsm_reports.result_file import serialised
from mhsm_reports.tests.hostile_results import HOSTILE_TEXTS, with_texts
from mhsm_reports.tests.large_result import FINDINGS, MUTANTS, large_result
from mhsm_reports.tests.samples import FAILING, PASSING, RUN

VALID = serialised(PASSING)

FOREIGN = {
    "empty": (b"", "is empty"),
    "cut off": (VALID[: len(VALID) // 2].encode(), ": "),
    "of a later format": (VALID.replace("mhsm-run/1", "mhsm-run/2").encode(), "mhsm-run/2"),
    "of another program": (b'{"tests": [], "summary": {}}', "not a result file"),
    "a JUnit report": (junit.render(PASSING).encode(), "this is not JSON"),
    "a page": (html.run_page(PASSING).encode(), "this is not JSON"),
    "binary": (bytes(range(256)), "is not UTF-8 text"),
    "of another encoding": (VALID.encode("utf-16"), "is not UTF-8 text"),
    "deep": (b'{"format":' * 100_000, "nested too deeply"),
    "a huge list": (b"[" + b"1," * 500_000 + b"1]", "not a result file"),
    "a member of another type": (
        VALID.replace('"seed": 20250101', '"seed": "x"').encode(),
        "/seed",
    ),
    "a number without end": (VALID.replace("12.34", "9" * 5000).encode(), ""),
    "a hostile member": (
        VALID.replace('"format"', json.dumps("\x1b[2J\u202e</script>") + ': 1, "format"').encode(),
        "is not known",
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `passing.json`, `failing.json`, `mutants.json` and `findings.json`."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    save(PASSING, tmp_path / "passing.json")
    save(FAILING, tmp_path / "failing.json")
    (tmp_path / "mutants.json").write_text(json.dumps(mutants_document(MUTANTS)), "utf-8")
    (tmp_path / "findings.json").write_text(json.dumps(findings_document(FINDINGS)), "utf-8")
    return tmp_path


def reported(*words: str | Path) -> Result:
    return CliRunner().invoke(report, list(map(str, words)), env={"COLUMNS": "80"})


def refused(done: Result) -> str:
    """The one sentence of a command that was not carried out."""
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert all(character.isprintable() for character in done.stderr.rstrip("\n"))
    return done.stderr


def test_without_a_destination_the_report_is_shown(folder: Path) -> None:
    done = reported(folder / "failing.json")
    # The run failed; that the report was made is another matter.
    assert done.exit_code == 0
    assert done.stdout == terminal.render(FAILING)


def test_all_reports_are_made_of_one_file_at_once(folder: Path) -> None:
    places = [folder / name for name in ("r.html", "r.md", "r.xml")]
    done = reported(
        folder / "failing.json",
        *("--html", places[0], "--markdown", places[1], "--junit", places[2]),
    )
    assert (done.exit_code, done.output) == (0, "")
    made = [place.read_text("utf-8") for place in places]
    assert made == [html.run_page(FAILING), markdown.render(FAILING), _junit_of(folder)]


def _junit_of(folder: Path) -> str:
    return reported(folder / "failing.json", "--junit", "-").stdout


def test_mutants_and_findings_stand_among_the_files_in_any_order(folder: Path) -> None:
    files = [folder / name for name in ("mutants.json", "passing.json", "findings.json")]
    page = reported(*files, "--html", "-").stdout
    assert page == html.run_page(PASSING, [MUTANTS], [FINDINGS])


def test_several_runs_are_compared(folder: Path) -> None:
    files = [folder / "passing.json", folder / "failing.json"]
    assert "Of 2 runs 1 passed, 1 failed." in reported(*files, "--html", "-").stdout
    assert reported(*files, "--markdown", "-").stdout.startswith("## 2 runs compared")
    suites = ET.fromstring(reported(*files, "--junit", "-").stdout.encode("utf-8"))
    assert len({suite.get("name") for suite in suites}) == len(suites)
    shown = reported(*files).stdout.splitlines()
    assert len(shown) == 2
    assert "PASSED: " in shown[0]
    assert "FAILED: " in shown[1]


def test_runs_that_know_other_clauses_are_compared_all_the_same(folder: Path) -> None:
    newer = replace(PASSING, clauses=(*PASSING.clauses[:1], replace(PASSING.clauses[1], id="A-1")))
    save(replace(newer, run=replace(RUN, seed=9)), folder / "newer.json")
    page = reported(folder / "passing.json", folder / "newer.json", "--html", "-").stdout
    assert "not known to it" in page


def test_summaries_are_added_to_the_page_of_a_step(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = folder / "step.md"
    page.write_text("before\n", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    for name in ("passing.json", "failing.json"):
        assert reported(folder / name, "--markdown", page).exit_code == 0
    text = page.read_text("utf-8")
    assert text == f"before\n\n{markdown.render(PASSING)}\n{markdown.render(FAILING)}"
    # Any other file is replaced.
    reported(folder / "passing.json", "--markdown", folder / "other.md")
    reported(folder / "failing.json", "--markdown", folder / "other.md")
    assert (folder / "other.md").read_text("utf-8") == markdown.render(FAILING)


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_that_is_no_result_is_refused_in_one_sentence(name: str, folder: Path) -> None:
    content, told = FOREIGN[name]
    bad = folder / "bad.json"
    bad.write_bytes(content)
    sentence = refused(reported(folder / "passing.json", bad, "--html", folder / "page.html"))
    assert str(bad) in sentence
    assert told in sentence
    assert len(sentence) < 600
    assert not (folder / "page.html").exists()


def test_what_is_not_there_and_what_is_no_file(folder: Path) -> None:
    assert "absent.json does not exist" in refused(reported(folder / "absent.json"))
    assert "is a folder, not a result file" in refused(reported(folder))
    assert "Not a directory" in refused(reported(folder / "passing.json" / "run.json"))
    (folder / "loop").symlink_to(folder / "loop")
    assert "loop cannot be read" in refused(reported(folder / "loop"))


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_what_may_not_be_read_or_written(folder: Path) -> None:
    (folder / "passing.json").chmod(0)
    assert "cannot be read: Permission denied" in refused(reported(folder / "passing.json"))
    folder.chmod(0o500)
    place = folder / "page.html"
    assert "permission denied" in refused(reported(folder / "failing.json", "--html", place))


def test_mutants_alone_are_no_run(folder: Path) -> None:
    assert "no run is among the files" in refused(reported(folder / "mutants.json"))


def test_nothing_is_written_where_one_place_takes_no_file(folder: Path) -> None:
    page = folder / "page.html"
    for place in (folder / "absent" / "r.md", folder):
        done = reported(folder / "passing.json", "--html", page, "--markdown", place)
        assert "cannot be written" in refused(done)
        assert not page.exists()


def test_a_file_is_neither_given_twice_nor_overwritten(folder: Path) -> None:
    run = folder / "passing.json"
    assert "is given twice" in refused(reported(run, run))
    assert "is read and would be overwritten" in refused(reported(run, "--html", run))
    (folder / "link").symlink_to(run)
    assert "would be overwritten" in refused(reported(run, "--html", folder / "link"))
    one = folder / "r"
    assert "two reports would go to" in refused(reported(run, "--html", one, "--junit", one))
    assert "standard output" in refused(reported(run, "--html", "-", "--junit", "-"))
    assert run.read_text("utf-8") == VALID


def test_files_of_any_size_are_reported(folder: Path) -> None:
    save(large_result(checks=4_000, breaches=300), folder / "large.json")
    done = reported(folder / "large.json", "--html", folder / "p.html", "--markdown", folder / "m")
    assert done.exit_code == 0
    assert (folder / "p.html").stat().st_size < 4_000_000
    assert (folder / "m").stat().st_size < 1_000_000


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_hostile_results_are_reported_in_all_ways(text: str, folder: Path) -> None:
    result = with_texts(FAILING, text)
    # What the schema holds to a form is not free.
    clauses = zip(result.clauses, FAILING.clauses, strict=True)
    result = replace(
        result,
        run=replace(result.run, started_at=RUN.started_at),
        clauses=tuple(replace(clause, id=was.id) for clause, was in clauses),
        failures=tuple(replace(failure, clause="SIGN-003") for failure in result.failures),
        open_questions=tuple(replace(a, clause="CREATE-090") for a in result.open_questions),
    )
    save(result, folder / "hostile.json")
    for option in ("--html", "--markdown", "--junit"):
        done = reported(folder / "hostile.json", option, folder / "out")
        assert (done.exit_code, done.output) == (0, "")
    done = reported(folder / "hostile.json")
    assert done.exit_code == 0
    assert all(character.isprintable() or character == "\n" for character in done.stdout)
