"""Runs against a Managed HSM over HTTPS: judged on the wire, safe, honest about what was lost."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mhsm_conformance.progress import LineProgress
from mhsm_conformance.running import RunOptions, conducted
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import CreateKey
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.wire.request_encoding import encode_request
from mhsm_reports import Outcome, RunResult, RunState
from mhsm_targets.https.endpoint import endpoint
from mhsm_targets.https.factory import HttpsFactory
from mhsm_targets.https.options import EndpointOptions, enter
from mhsm_targets.server import Served, serving
from mhsm_targets.server.control_client import Controls
from mhsm_targets.server.ready import write_ready

URL = "https://hsm-a.managedhsm.azure.net"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving("model", ("hsm-a", "hsm-b", "hsm-c"), controls=True) as server:
        yield server


@pytest.fixture
def ready_file(served: Served, tmp_path: Path) -> Path:
    Controls(served.ready.controls_url or "").reset()
    path = tmp_path / "ready.json"
    write_ready(path, served.ready)
    return path


def entered(monkeypatch: pytest.MonkeyPatch, options: EndpointOptions) -> None:
    for name in [name for name in os.environ if name.startswith("MHSM_HTTPS_")]:
        monkeypatch.delenv(name)
    # The processes of these tests are not those of a run.
    monkeypatch.delenv("PYTEST_XDIST_WORKER_COUNT", raising=False)
    told: dict[str, str] = {}
    enter(options, told)
    for name, value in told.items():
        monkeypatch.setenv(name, value)


def run(suite: str, told: list[str] | None = None) -> RunResult:
    kept = [] if told is None else told
    options = RunOptions("https", "smoke", suite=suite)
    return conducted(options, LineProgress(io.StringIO()), kept.append)


def outcomes(result: RunResult) -> Counter[Outcome]:
    return Counter(check.outcome for check in result.checks)


def words(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mhsm_conformance.entry", *arguments]


def plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MHSM_")}


def left_on(ready_file: Path, run_id: str) -> list[str]:
    told: dict[str, str] = {}
    enter(EndpointOptions(ready_file=str(ready_file), run_id=run_id), told)
    shown = endpoint(told)
    cleaners = HttpsFactory(shown).cleaners()
    return [name for cleaner in cleaners for name in cleaner.under(shown.prefix)]


def test_an_hsm_in_use_is_judged_by_what_it_shows(
    ready_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered(monkeypatch, EndpointOptions(ready_file=str(ready_file)))
    told: list[str] = []
    result = run("lifecycle", told)
    counted = outcomes(result)
    assert counted[Outcome.FAILED] == 0
    assert counted[Outcome.PASSED] > 5
    # What needs a clock or a configuration of its own is not for an HSM in use.
    assert counted[Outcome.INAPPLICABLE] > 0
    assert result.run.state is RunState.COMPLETE
    run_id = os.environ["MHSM_HTTPS_RUN_ID"]
    assert f"mhsm-{run_id}-" in told[0]
    assert "2000 keys and versions, 120 minutes" in told[1]
    assert left_on(ready_file, run_id) == []
    held = {row.id for row in result.clauses if row.outcome is Outcome.PASSED}
    assert {"API-003", "API-204", "WIRE-203", "ERR-100"} <= held


def test_a_test_server_under_its_controls_offers_what_the_emulator_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server of its own: its clock will be years ahead.
    with serving("model", ("hsm-a", "hsm-b", "hsm-c"), controls=True) as server:
        path = tmp_path / "ready.json"
        write_ready(path, server.ready)
        entered(monkeypatch, EndpointOptions(ready_file=str(path), controls=True))
        for suite in ("lifecycle", "losses", "limits"):
            assert set(outcomes(run(suite))) == {Outcome.PASSED}


@pytest.mark.parametrize("kind", ["reset-before", "reset-after"])
def test_what_a_lost_reply_leaves_open_neither_passes_nor_fails(
    ready_file: Path, served: Served, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    entered(monkeypatch, EndpointOptions(ready_file=str(ready_file)))
    controls = Controls(served.ready.controls_url or "")
    controls.fault(kind, count=10, method="DELETE", path="/keys/mhsm-")
    result = run("lifecycle")
    controls.no_faults()
    counted = outcomes(result)
    assert counted[Outcome.FAILED] == 0
    assert counted[Outcome.PASSED] > 0
    reasons = [c.reason or "" for c in result.checks if c.outcome is Outcome.INCONCLUSIVE]
    assert len(reasons) > 1
    assert all("lost" in reason for reason in reasons)


def test_an_overloaded_hsm_is_waited_for(
    ready_file: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered(monkeypatch, EndpointOptions(ready_file=str(ready_file)))
    controls = Controls(served.ready.controls_url or "")
    controls.fault("throttle", count=40, seconds=0, path="/keys/mhsm-")
    controls.fault("unavailable", count=40, seconds=0)
    assert outcomes(run("random_bytes"))[Outcome.FAILED] == 0
    counted = outcomes(run("updating"))
    controls.no_faults()
    assert counted[Outcome.FAILED] == 0
    assert counted[Outcome.INCONCLUSIVE] == 0
    assert counted[Outcome.PASSED] > 5


def test_replicas_that_lag_are_believed_within_the_window_alone(
    ready_file: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    controls = Controls(served.ready.controls_url or "")
    controls.lag(3)
    results: list[RunResult] = []
    for staleness in (10, 0):
        entered(monkeypatch, EndpointOptions(ready_file=str(ready_file), staleness=staleness))
        results.append(run("lifecycle"))
    controls.lag(0)
    lenient, exact = results
    assert outcomes(lenient)[Outcome.FAILED] == 0
    assert outcomes(lenient)[Outcome.PASSED] > 0
    assert "API-013" in {answer.clause for answer in lenient.open_questions}
    assert outcomes(exact)[Outcome.FAILED] > 0


def test_a_budget_that_is_used_up_leaves_the_rest_untested(
    ready_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered(monkeypatch, EndpointOptions(ready_file=str(ready_file), max_keys=3))
    result = run("updating")
    assert result.run.state is RunState.INVALID
    assert "the budget of 3 keys is used up" in (result.run.state_reason or "")
    assert outcomes(result)[Outcome.UNTESTED] > 0
    assert outcomes(result)[Outcome.FAILED] == 0


def test_one_url_is_enough_for_what_needs_one_instance(
    ready_file: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = EndpointOptions(ready_file=str(ready_file), urls=(URL,))
    entered(monkeypatch, options)
    result = run("edges")
    by_id = {check.id: check for check in result.checks}
    two = by_id["edges::test_deletions_of_two_instances"]
    assert (two.outcome, two.reason) == (
        Outcome.INAPPLICABLE,
        "a second instance needs a second --url",
    )
    assert outcomes(result)[Outcome.FAILED] == 0


def test_a_broken_service_fails_over_the_wire(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving("mutant:times-in-milliseconds@model", ("hsm-a", "hsm-b")) as server:
        path = tmp_path / "ready.json"
        write_ready(path, server.ready)
        entered(monkeypatch, EndpointOptions(ready_file=str(path)))
        token = server.token()
        result = run("lifecycle")
    assert outcomes(result)[Outcome.FAILED] > 0
    failure = next(iter(result.failures))
    shown = json.dumps([failure.script, failure.observed, [*failure.steps]])
    assert "mhsm-" not in shown.replace("mhsm-conformance", "")
    assert token not in shown


def test_no_token_is_in_a_result(
    ready_file: Path, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = served.token()
    file = tmp_path / "token"
    file.write_text(token)
    out = tmp_path / "out"
    done = subprocess.run(
        words(
            *("run", "https", "--ready-file", str(ready_file), "--token-file", str(file)),
            *("--suite", "reading", "--profile", "smoke", "--out", str(out)),
        ),
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for text in (done.stdout, done.stderr, *(path.read_text() for path in out.iterdir())):
        assert token not in text
        assert token.split(".")[2] not in text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_clears_what_it_made(
    ready_file: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    running = subprocess.Popen(
        words("run", "https", "--ready-file", str(ready_file), "--out", str(out)),
        env=plain_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    run_id = begun(running)
    running.send_signal(number)
    assert running.wait(60) == 2
    assert running.stderr is not None
    running.stderr.close()
    assert json.loads((out / "run.json").read_text("utf-8"))["run"]["state"] == "interrupted"
    assert left_on(ready_file, run_id) == []


def begun(running: subprocess.Popen[str]) -> str:
    """The id of a run that has told it and made keys since."""
    assert running.stderr is not None
    run_id = running.stderr.readline().split()[1]
    while "to try" not in running.stderr.readline():
        pass
    time.sleep(1.5)
    return run_id


def test_what_a_killed_run_left_is_cleared_by_its_id(ready_file: Path, tmp_path: Path) -> None:
    running = subprocess.Popen(
        words(
            *("run", "https", "--ready-file", str(ready_file)),
            *("--suite", "listing", "--out", str(tmp_path / "out")),
        ),
        env=plain_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    run_id = running.stderr.readline().split()[1]
    deadline = time.monotonic() + 30
    while not left_on(ready_file, run_id) and time.monotonic() < deadline:
        pass
    running.kill()
    running.wait()
    running.stderr.close()
    # As if it had been killed in the middle of a check.
    told: dict[str, str] = {}
    enter(EndpointOptions(ready_file=str(ready_file), run_id=run_id), told)
    target = HttpsFactory(endpoint(told)).open({"hsm-a.managedhsm.azure.net": Configuration()}, 0)
    request = CreateKey("left", "EC")
    target.exchange(encode_request(request, target.hosts[0], LATEST_RECORDED, target.token))
    assert left_on(ready_file, run_id)
    for sentence in ("that were left were cleared.", f"Nothing of run {run_id} is left."):
        done = subprocess.run(
            words("cleanup", "--run-id", run_id, "--ready-file", str(ready_file)),
            env=plain_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert sentence in done.stdout
        assert left_on(ready_file, run_id) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "https"), "no Managed HSM is named: use --url"),
        (("run", "https", "--url", "http://a.b"), "is no https URL"),
        (
            ("run", "https", "--url", "https://127.0.0.1:9", "--token-file", "f"),
            "is not reached",
        ),
        (("cleanup", "--run-id", "x", "--url", URL), "'x' is no run id"),
        (("cleanup", "--url", URL), "Missing option '--run-id'"),
    ],
)
def test_what_is_missing_is_one_sentence_and_status_2(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    out = ("--out", str(tmp_path / "out")) if arguments[0] == "run" else ()
    done = subprocess.run(
        words(*arguments, *out),
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
