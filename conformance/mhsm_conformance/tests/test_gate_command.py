"""The gate on real runs: of the emulator, of a broken one, interrupted, of another target."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mhsm_conformance.commands.baseline import baseline
from mhsm_conformance.commands.gate import gate
from mhsm_conformance.commands.run import run
from mhsm_conformance.progress import progress_to
from mhsm_conformance.running import RunOptions, conducted
from mhsm_model.catalogue import catalogue
from mhsm_reports import Outcome, RunResult, RunState, Selection, load, save
from mhsm_reports.baseline_file import baseline_text, load_baseline

ROOT = Path(__file__).resolve().parents[3]
SUITE = "signing"


def suite_run(target: str = "model", seed: int = 0) -> RunResult:
    """What a small run of that target found out."""
    return conducted(
        RunOptions(target, "smoke", suite=SUITE, seed=seed), progress_to(io.StringIO())
    )


@pytest.fixture(scope="module")
def healthy() -> RunResult:
    return suite_run()


@pytest.fixture
def folder(tmp_path: Path, healthy: RunResult) -> Path:
    """A folder with `run.json`, a run of one suite, and `base.json`, its baseline."""
    save(healthy, tmp_path / "run.json")
    made = CliRunner().invoke(
        baseline, [str(tmp_path / "run.json"), "--out", str(tmp_path / "base.json")]
    )
    assert made.exit_code == 0, made.output
    return tmp_path


def held(folder: Path, result: RunResult | None = None, *words: str) -> Result:
    """Hold the result, or the run of the folder, to the folder's baseline."""
    if result is not None:
        save(result, folder / "run.json")
    return CliRunner().invoke(gate, [str(folder / "base.json"), str(folder / "run.json"), *words])


def weights(done: Result) -> dict[str, int]:
    totals: dict[str, int] = json.loads(done.stdout)["totals"]
    return {weight: number for weight, number in totals.items() if number}


def test_a_run_is_held_to_its_own_baseline(folder: Path) -> None:
    done = held(folder, None, "--exact")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1].startswith("GATE HELD: none of ")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_another_seed_makes_no_difference(folder: Path, seed: int) -> None:
    done = held(folder, suite_run(seed=seed), "--exact", "--json")
    assert (done.exit_code, weights(done)) == (0, {})


def test_two_runs_of_one_seed_give_the_same_baseline(folder: Path) -> None:
    save(suite_run(), folder / "again.json")
    again = CliRunner().invoke(baseline, [str(folder / "again.json")])
    assert again.stdout == (folder / "base.json").read_text("utf-8")


def test_a_broken_target_is_a_regression_of_its_clause(folder: Path) -> None:
    broken = suite_run("mutant:no-signature-is-right")
    refused = held(folder, broken)
    assert refused.exit_code == 2
    assert "is of target model" in refused.stderr
    assert refused.stderr.count("\n") == 1
    done = held(folder, broken, "--any-target", "--json")
    assert done.exit_code == 1
    findings = json.loads(done.stdout)["findings"]
    regressions = {one["id"] for one in findings if one["weight"] == "regression"}
    assert "ALG-010" in regressions
    told = next(one for one in findings if one["id"] == "ALG-010")
    assert told["details"][0].startswith("expected: ")


def test_a_known_failure_passes_the_gate_and_a_mended_one_is_told(folder: Path) -> None:
    broken = suite_run("mutant:no-signature-is-right")
    save(broken, folder / "run.json")
    words = [str(folder / "run.json"), "--out", str(folder / "base.json")]
    refused = CliRunner().invoke(baseline, words)
    assert refused.exit_code == 2
    assert "--with-failures takes it all the same" in refused.stderr
    assert CliRunner().invoke(baseline, [*words, "--with-failures"]).exit_code == 0
    assert held(folder).exit_code == 0
    mended = held(folder, suite_run(), "--any-target", "--json")
    assert mended.exit_code == 0
    assert weights(mended)["fixed"] >= 2


def test_a_check_that_was_deleted_vanished(folder: Path, healthy: RunResult) -> None:
    done = held(folder, replace(healthy, checks=healthy.checks[1:]))
    assert done.exit_code == 1
    told = " ".join(done.stdout.split())
    gone = f"check {healthy.checks[0].id}: passed in the baseline, and the run does not have it"
    assert gone in told
    assert "VANISHED (1)" in done.stdout
    assert f"mhsm baseline {folder / 'run.json'} --out {folder / 'base.json'}" in done.stdout


def test_an_expected_failure_that_passes_is_stale(folder: Path, healthy: RunResult) -> None:
    clauses = tuple(
        replace(clause, expected_failure="a finding") if clause.id == "ALG-004" else clause
        for clause in healthy.clauses
    )
    whole = replace(healthy.run, selection=Selection())
    done = held(folder, replace(healthy, run=whole, clauses=clauses), "--json")
    assert done.exit_code == 1
    assert weights(done)["stale"] == 1


@pytest.mark.parametrize("part", [0, 0.1, 0.5, 0.999])
def test_a_file_that_was_cut_off_is_one_sentence(folder: Path, part: float) -> None:
    for name in ("run.json", "base.json"):
        text = (folder / name).read_text("utf-8")
        (folder / name).write_text(text[: int(len(text) * part)], "utf-8")
        done = held(folder)
        assert done.exit_code == 2
        assert done.stdout == ""
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") == 1
        (folder / name).write_text(text, "utf-8")


def test_an_interrupted_run_is_too_small(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "mhsm_conformance.entry", "run", "model", "--profile", "nightly"]
    with subprocess.Popen(
        [*words, "--out", str(tmp_path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()  # how many checks there are: it has begun
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.stderr.read()
    assert process.returncode == 2
    left = load(tmp_path / "run.json")
    assert left.run.state is RunState.INTERRUPTED
    done = CliRunner().invoke(
        gate, [str(ROOT / "baselines" / "model.json"), str(tmp_path / "run.json"), "--json"]
    )
    assert done.exit_code == 1
    found = weights(done)
    assert found["too small"] >= 1
    assert not {"regression", "vanished", "weaker"} & found.keys()
    refused = CliRunner().invoke(baseline, [str(tmp_path / "run.json")])
    assert refused.exit_code == 2
    assert "--partial takes it all the same" in refused.stderr


def test_markdown_goes_to_the_page_of_a_step_beside_what_is_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = folder / "summary.md"
    page.write_text("before\n", "utf-8")
    assert held(folder, None, "--markdown", str(page)).exit_code == 0
    assert page.read_text("utf-8").startswith("## ✅ GATE HELD")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert held(folder, None, "--markdown", str(page)).exit_code == 0
    assert page.read_text("utf-8").count("GATE HELD") == 2


@pytest.mark.parametrize("bad", ["", "missing/page.md"])
def test_markdown_that_cannot_be_written_is_one_sentence(folder: Path, bad: str) -> None:
    done = held(folder, None, "--markdown", str(folder / bad))
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr
    assert done.stderr.count("\n") == 1


def ran(*words: str) -> Result:
    return CliRunner().invoke(run, ["model", "--profile", "smoke", "--suite", SUITE, *words])


def test_a_run_with_a_baseline_ends_as_the_gate_does(folder: Path) -> None:
    out = str(folder / "out")
    done = ran("--out", out, "--baseline", str(folder / "base.json"), "--exact")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1].startswith("GATE HELD: ")
    known = load_baseline(folder / "base.json")
    more = {**known.checks, "gone": replace(next(iter(known.checks.values())), id="gone")}
    (folder / "base.json").write_text(baseline_text(replace(known, checks=more)), "utf-8")
    done = ran("--out", out, "--baseline", str(folder / "base.json"))
    assert done.exit_code == 1
    assert "VANISHED (1)" in done.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--clause", "ALG-*"), "this run is too small for"),
        (("--exact",), ""),
    ],
)
def test_a_run_that_is_too_small_for_its_baseline_does_not_begin(
    folder: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = ran("--out", str(folder / "out"), "--baseline", str(folder / "base.json"), *words)
    assert done.exit_code == (2 if sentence else 0)
    assert sentence in done.stderr
    assert (folder / "out").exists() is not bool(sentence)


def test_a_run_of_another_target_does_not_begin(folder: Path) -> None:
    words = [
        "mutant:no-signature-is-right",
        "--baseline",
        str(folder / "base.json"),
        "--out",
        str(folder / "o"),
    ]
    done = CliRunner().invoke(run, words)
    assert done.exit_code == 2
    assert "is a baseline of target model, not of mutant:no-signature-is-right" in done.stderr
    assert not (folder / "o").exists()


def test_exact_needs_a_baseline() -> None:
    done = ran("--exact")
    assert done.exit_code == 2
    assert "give --baseline" in done.stderr


@pytest.mark.parametrize("name", ["model", "softhsm"])
def test_the_baselines_of_this_project_know_every_clause(name: str) -> None:
    path = ROOT / "baselines" / f"{name}.json"
    kept = load_baseline(path)
    assert kept.target == name
    assert baseline_text(kept) == path.read_text("utf-8"), "mended by hand"
    here = {clause.identifier: (clause.prose, str(clause.basis)) for clause in catalogue()}
    there = {clause.id: (clause.prose, str(clause.basis)) for clause in kept.clauses.values()}
    assert here == there, f"renew {path.name}: CONTRIBUTING.md, Renew a baseline"
    assert not [one.id for one in kept.clauses.values() if one.outcome is Outcome.FAILED]
    assert not [one.id for one in kept.checks.values() if one.outcome is Outcome.FAILED]
