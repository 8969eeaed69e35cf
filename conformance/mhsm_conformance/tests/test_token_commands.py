"""The commands on targets of tokens: what cannot be had is one sentence and exit status 2."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from mhsm_conformance.commands.findings import findings
from mhsm_conformance.progress import LineProgress
from mhsm_conformance.running import RunOptions, conducted
from mhsm_model.wire.http import HttpRequest
from mhsm_reports import RunState, verdict
from mhsm_targets.emulator import Emulator, EmulatorFactory
from mhsm_targets.protocol import Finding, FindingState, TargetUnavailableError
from mhsm_targets.tests.token_instances import needs_softhsm


def words(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mhsm_conformance.entry", *arguments]


def ran(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MHSM_")}
    return subprocess.run(
        words(*arguments),
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "no PKCS#11 module is named"),
        (("--module", "/nowhere.so"), "the PKCS#11 module /nowhere.so is not there"),
        (("--module", sys.executable), "no token is named"),
        (("--module", sys.executable, "--token", "t"), "there is no PIN"),
        (
            ("--module", sys.executable, "--token", "t", "--pin-file", "/nowhere"),
            "cannot read the PIN file /nowhere",
        ),
    ],
)
def test_what_is_missing_is_one_sentence_and_status_2(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    done = ran("run", "pkcs11", "--profile", "smoke", "--out", str(tmp_path / "out"), *arguments)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"mhsm: {sentence}")
    assert not (tmp_path / "out" / "run.json").exists()


def test_a_file_that_is_no_module_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    module = tmp_path / "module.so"
    module.write_text("no module")
    arguments = ("--module", str(module), "--token", "t", "--out", str(tmp_path / "out"))
    done = ran("run", "pkcs11", *arguments, MHSM_PKCS11_PIN="1234")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"mhsm: cannot load the PKCS#11 module {module}: ")


@needs_softhsm
def test_a_folder_that_cannot_be_written_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    # A folder that nothing can be made in, also for a superuser.
    done = ran("run", "softhsm", "--out", str(tmp_path / "out"), TMPDIR="/proc/self")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("mhsm: cannot make a temporary folder")


def test_a_target_without_findings_says_so() -> None:
    done = ran("findings", "model")
    assert done.returncode == 2
    assert "has a list of findings" in done.stderr


class Listing(EmulatorFactory):
    """A target with findings of these states."""

    def __init__(self, *states: FindingState) -> None:
        self._states = states

    def findings(self) -> Iterator[Finding]:
        for number, state in enumerate(self._states, 1):
            texts = ("title", "standard", "expected", "observed")
            yield Finding(f"F-{number}", *texts, state, ("step",), (), "handled", "script.py")


SEEN, NOT_SEEN, UNTRIED = FindingState


@pytest.mark.parametrize(
    ("states", "status", "told"),
    [
        ((SEEN, SEEN), 0, "2 findings: 2 seen, 0 not seen again, 0 could not be tried"),
        ((SEEN, NOT_SEEN), 1, "2 findings: 1 seen, 1 not seen again, 0 could not be tried"),
        ((UNTRIED, SEEN), 2, "1 of 2 findings could not be tried: F-1"),
        ((NOT_SEEN, UNTRIED), 2, "1 of 2 findings could not be tried: F-2"),
    ],
)
def test_a_finding_that_could_not_be_tried_is_not_one_that_is_gone(
    states: tuple[FindingState, ...], status: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def factory(_: str) -> Listing:
        return Listing(*states)

    monkeypatch.setattr("mhsm_conformance.commands.findings.target_factory", factory)
    done = CliRunner().invoke(findings, ["any"])
    assert done.exit_code == status
    assert told in (done.output + done.stderr).replace("Error: ", "").splitlines()
    for number, state in enumerate(states, 1):
        mark = "" if state is SEEN else f" ({state.upper()})"
        assert f"F-{number}  title{mark}\n" in done.output


@needs_softhsm
def test_a_run_says_who_answers_for_a_clause(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    done = ran("run", "softhsm", "--suite", "random_bytes", "--profile", "smoke", "--out", out)
    assert done.returncode == 0, done.stdout
    assert "answered for by: " in done.stdout
    result = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    answers = {row["id"]: row["answered_by"] for row in result["clauses"]}
    assert (answers["RNG-001"], answers["RNG-002"]) == ("token", "adapter")


def on_tokens(tmp_path: Path) -> tuple[subprocess.Popen[bytes], Path]:
    """A run in a session of its own that has begun, and the folder that it makes tokens in."""
    tokens = tmp_path / "tokens"
    tokens.mkdir()
    running = subprocess.Popen(
        words("run", "softhsm", "--profile", "smoke", "--out", str(tmp_path / "out")),
        env={**os.environ, "TMPDIR": str(tokens)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not any(tokens.glob("mhsm-softhsm-*/*/ready")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    return running, tokens


@needs_softhsm
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_a_partial_result_and_no_token(
    tmp_path: Path, number: signal.Signals
) -> None:
    running, tokens = on_tokens(tmp_path)
    os.killpg(running.pid, number)
    assert running.wait(60) == 2
    result = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert result["run"]["state"] == "interrupted"
    assert list(tokens.iterdir()) == []


@needs_softhsm
def test_a_run_that_was_killed_leaves_no_token(tmp_path: Path) -> None:
    running, tokens = on_tokens(tmp_path)
    os.killpg(running.pid, signal.SIGKILL)
    assert running.wait(60) == -signal.SIGKILL
    deadline = time.monotonic() + 60
    while list(tokens.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(tokens.iterdir()) == []


def test_a_run_whose_target_went_away_is_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(self: Emulator, request: HttpRequest) -> None:
        raise TargetUnavailableError("the target is gone")

    monkeypatch.setattr(Emulator, "exchange", gone)
    options = RunOptions("model", "smoke", suite="random_bytes")
    result = conducted(options, LineProgress(io.StringIO()))
    assert (result.run.state, result.run.state_reason) == (RunState.INVALID, "the target is gone")
    assert verdict(result).startswith("INVALID: the target is gone")
