"""`mhsm replay` and the cases of `mhsm run` from the command line: verdicts, statuses, refusals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from mhsm_conformance.cases.case_file import load_case, save_case
from mhsm_conformance.cases.recording import context_of, recorded_case
from mhsm_conformance.commands.baseline import baseline
from mhsm_conformance.commands.gate import gate
from mhsm_conformance.commands.replay import replay
from mhsm_conformance.commands.report import report
from mhsm_conformance.commands.run import run
from mhsm_conformance.session import Session
from mhsm_conformance.tests.drawn_cases import HOSTS
from mhsm_conformance.tests.mutant_cases import recorded_cases
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import CreateKey, GetKey, ListKeys, RestoreKey
from mhsm_reports import load
from mhsm_targets.registry import target_factory
from mhsm_targets.server import Served, serving

BROKEN: Final = "mutant:unguarded-alg-004"
MHSM: Final = (sys.executable, "-m", "mhsm_conformance.entry")


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that failed."""
    out = tmp_path_factory.mktemp("failed")
    words = [BROKEN, "--profile", "smoke", "--suite", "refusals", "--clause", "ALG-004"]
    done = CliRunner().invoke(run, [*words, "--out", str(out)])
    assert done.exit_code == 1, done.output
    return out


@pytest.fixture
def case(failed: Path, tmp_path: Path) -> str:
    """A case of that run, in a folder of its own."""
    (found,) = (failed / "cases").glob("*-Sign-101-ALG-004-1.json")
    path = tmp_path / "case.json"
    path.write_bytes(found.read_bytes())
    return str(path)


def replayed(*words: str) -> Result:
    return CliRunner().invoke(replay, list(words))


def stored(folder: Path, name: str, *requests: Any) -> str:
    """A case of a lawful session on the model, whose clause is said to be ALG-004."""
    hosts = {HOSTS[0]: Configuration()}
    factory = target_factory("model")
    session = Session(factory.open(hosts, 5), factory.profile, hosts, strict=True)
    for request in requests:
        session.send(HOSTS[0], request)
    case = recorded_case(
        session.steps, "ALG-004", "x", 5, context_of("model", factory.profile), hosts, strict=True
    )
    save_case(case, folder / name)
    return str(folder / name)


# --- verdicts ------------------------------------------------------------------------------------


def test_a_failure_is_stored_and_its_file_is_in_the_result(failed: Path) -> None:
    failures = load(failed / "run.json").failures
    assert failures
    for failure in failures:
        assert failure.case is not None
        case = load_case(failed / failure.case)
        assert (case.clause, case.check, case.seed) == (
            failure.clause,
            failure.check,
            failure.seed,
        )
        assert case.target.name == BROKEN
        assert "curl " in failure.curl
    assert {f"cases/{path.name}" for path in (failed / "cases").iterdir()} == {
        failure.case for failure in failures
    }
    assert any(failure.az for failure in failures)


def test_fixed_failed_and_error_have_a_status_each(case: str, tmp_path: Path) -> None:
    lost = stored(tmp_path, "lost.json", RestoreKey(b"a blob." * 40))
    fixed = replayed(case, "model")
    assert (fixed.exit_code, fixed.output.splitlines()[0]) == (0, f"FIXED   {case}")
    failing = replayed(case, BROKEN)
    assert failing.exit_code == 1
    assert f"FAILED  {case}\n        ALG-004, ERR-202 are broken at step 2\n" in failing.output
    error = replayed(lost, "model")
    assert error.exit_code == 2
    assert "step 1 needs a backup blob, which no case holds" in error.output
    both = replayed(case, lost, BROKEN)
    assert both.exit_code == 1
    assert both.output.endswith(f"2 cases on {BROKEN}: 0 FIXED, 1 FAILED, 1 ERROR\n")
    assert replayed(case, lost, "model").exit_code == 2


def test_all_cases_of_a_run_are_fixed_on_the_model(failed: Path) -> None:
    files = sorted(str(path) for path in (failed / "cases").iterdir())
    done = replayed(*files, "model", "--json")
    assert done.exit_code == 0
    told = json.loads(done.output)
    assert {row["verdict"] for row in told["cases"]} == {"FIXED"}
    assert [row["case"] for row in told["cases"]] == files


def test_json_tells_what_was_expected_and_observed(case: str) -> None:
    done = replayed(case, BROKEN, "--json")
    assert done.exit_code == 1
    (row,) = json.loads(done.output)["cases"]
    assert row["verdict"] == "FAILED"
    assert row["breaches"][0]["clause"] == "ALG-004"
    assert row["breaches"][0]["expected"] == "a 4xx answer"
    assert len(row["steps"]) == 2


# --- printing and shortening ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "told"),
    [("python", "def test_alg_004(open_session):"), ("curl", "curl -gsS"), ("az", "az keyvault")],
)
def test_a_case_is_printed_without_a_target_and_with_one(case: str, form: str, told: str) -> None:
    done = replayed(case, "--as", form)
    assert (done.exit_code, told in done.output) == (0, True)
    assert replayed(case, "model", "--as", form).output == done.output


def test_what_az_cannot_say_is_told(tmp_path: Path) -> None:
    path = stored(tmp_path, "a.json", GetKey("a", "x" * 9), CreateKey("a", None))
    done = replayed(path, "--as", "az")
    assert done.exit_code == 2
    assert "az has no command for the last call" in done.output


def test_a_shorter_case_is_written_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    # One as it was found: what a run on a target of this machine stores is short already.
    whole = next(c for c in recorded_cases(BROKEN, "ALG-004") if len(c.steps) > 2)
    save_case(whole, path)
    done = replayed(str(path), BROKEN, "--minimise")
    assert done.exit_code == 1
    short = path.with_name("case.shorter.json")
    assert f"a shorter case: {short}" in done.output
    assert load_case(short).shortened_from == "case.json"
    assert len(load_case(short).instances) == 1
    assert replayed(str(short), BROKEN).exit_code == 1
    again = replayed(str(short), BROKEN, "--minimise")
    assert "a shorter case" not in again.output


def test_what_is_fixed_is_not_shortened(case: str) -> None:
    done = replayed(case, "model", "--minimise")
    assert done.exit_code == 0
    assert not Path(case).with_name("case.shorter.json").exists()


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("{case}",), "name a TARGET after the cases"),
        (("{case}", "nobody"), "no target is called 'nobody'"),
        (("{case}", "mutant:nobody"), "no mutant is called 'nobody'"),
        (("none.json", "model"), "none.json does not exist"),
        (("{case}", "none.json", "--as", "curl"), "none.json does not exist"),
        (("{case}", "model", "--as", "c"), "'c' is not one of"),
        (("{case}", "--as", "curl", "--json"), "--as prints and tries nothing"),
        (("{case}", "--as", "curl", "--minimise"), "--as prints and tries nothing"),
        (("{case}", "https"), "--url"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(
    case: str, words: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        if name.startswith("MHSM_HTTPS"):
            monkeypatch.delenv(name)
    done = replayed(*(word.format(case=case) for word in words))
    assert done.exit_code == 2
    assert told in done.output
    assert "Traceback" not in done.output


def test_a_bad_file_among_good_ones_is_found_before_anything_is_tried(
    case: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text('{"format": "mhsm-case/2"}', "utf-8")
    done = replayed(case, str(tmp_path / "bad.json"), "model")
    assert done.exit_code == 2
    assert "FIXED" not in done.output
    assert 'the member "clause" is missing' in done.output


# --- the folder of a run, reports and the gate ---------------------------------------------------


def test_a_run_removes_the_cases_of_the_run_before(failed: Path, tmp_path: Path) -> None:
    words = ["--profile", "smoke", "--suite", "refusals", "--clause", "ALG-004"]
    for target, status in ((BROKEN, 1), ("model", 0)):
        done = CliRunner().invoke(run, [target, *words, "--out", str(tmp_path)])
        assert done.exit_code == status, done.output
        assert (tmp_path / "cases").is_dir() is (status == 1)


def test_a_run_that_cannot_store_cases_does_not_begin(tmp_path: Path) -> None:
    (tmp_path / "cases").write_text("", "utf-8")
    done = CliRunner().invoke(run, ["model", "--suite", "signing", "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert "is to be the folder of the cases, and is a file" in done.output
    assert not (tmp_path / "run.json").exists()


def test_reports_and_the_gate_read_a_result_with_cases(failed: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = CliRunner().invoke(report, [str(failed / "run.json"), "--html", str(page)])
    assert done.exit_code == 0, done.output
    text = page.read_text("utf-8")
    failure = load(failed / "run.json").failures[0]
    assert failure.case is not None
    assert failure.case in text
    assert "Replay: curl" in text
    assert "Replay: az" in text
    known = str(tmp_path / "base.json")
    made = CliRunner().invoke(
        baseline, [str(failed / "run.json"), "--out", known, "--with-failures"]
    )
    assert made.exit_code == 0, made.output
    held = CliRunner().invoke(gate, [known, str(failed / "run.json")])
    assert held.exit_code == 0, held.output


# --- over HTTPS, and interrupted -----------------------------------------------------------------


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    pytest.importorskip("uvicorn", reason="untested: uvicorn is not installed (extra `server`)")
    pytest.importorskip("requests", reason="untested: requests is not installed (extra `https`)")
    for name in list(os.environ):
        if name.startswith("MHSM_HTTPS"):
            monkeypatch.delenv(name)
    with serving("model", ("hsm-a", "hsm-b"), static_token="test-token") as server:
        yield server


def mhsm(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MHSM, *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


def test_a_case_is_tried_over_https_and_what_it_makes_is_cleared(
    case: str, served: Served, tmp_path: Path
) -> None:
    words = [word for url in served.urls.values() for word in ("--url", url)]
    words += ["--ca-file", served.ca_file]
    token = {"MHSM_HTTPS_TOKEN": "test-token"}
    made = stored(tmp_path, "made.json", CreateKey("a", "EC"), GetKey("a"), ListKeys(1))
    done = mhsm("replay", case, made, "https", *words, **token)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("2 cases on https: 2 FIXED, 0 FAILED, 0 ERROR\n")
    assert "makes keys under the names" in done.stderr
    assert "test-token" not in done.stdout + done.stderr
    live = mhsm("replay", case, "https", "--minimise", *words, **token)
    assert live.returncode == 2
    assert "https is live" in live.stderr


def test_ctrl_c_ends_a_replay_with_status_2(tmp_path: Path) -> None:
    requests = [CreateKey(f"a{n}", "RSA", 4096) for n in range(3)]
    path = stored(tmp_path, "slow.json", *requests)
    command = [*MHSM, "replay", *[path] * 400, "model"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("FIXED")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert errors == "interrupted\n"
