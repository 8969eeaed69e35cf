"""`mhsm serve` and `mhsm token` from the command line: how they start, end, and refuse."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mhsm_targets.server import environment, read_ready
from mhsm_targets.server.complaints import complaint_in
from mhsm_targets.tests.token_instances import needs_softhsm

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra `server`)")

MHSM = (sys.executable, "-m", "mhsm_conformance.entry")


def mhsm(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, carried out; without what would name a server."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("IDENTITY_")}
    return subprocess.run(
        [*MHSM, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**inherited, **environment},
    )


class Running:
    """A server that was started from the command line."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.ready_file = folder / "ready.json"
        self.process = subprocess.Popen(
            [*MHSM, "serve", "--port", "0", "--ready-file", str(self.ready_file), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not self.ready_file.exists():
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.02)
        self.ready: dict[str, Any] = json.loads(self.ready_file.read_text("utf-8"))

    def ended(self, number: signal.Signals) -> tuple[int, str, str]:
        """Status, output and errors after a signal."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        assert complaint_in(err) is None
        return self.process.returncode, out, err


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    server = Running(tmp_path, "--instance", "one", "--instance", "two")
    yield server
    if server.process.poll() is None:
        server.ended(signal.SIGTERM)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_server_with_all_cleared(running: Running, number: signal.Signals) -> None:
    ca_file = Path(running.ready["ca_file"])
    assert ca_file.exists()
    status, out, err = running.ended(number)
    assert (status, err) == (0, "")
    assert not ca_file.parent.exists()
    assert not running.ready_file.exists()
    assert "Do not use it for real keys" in out
    for name, url in running.ready["urls"].items():
        assert f"  {name}  {url}" in out
    exported = dict(
        line.strip().removeprefix("export ").split("=", 1)
        for line in out.splitlines()
        if line.startswith("  export ")
    )
    assert exported["REQUESTS_CA_BUNDLE"] == exported["SSL_CERT_FILE"] == str(ca_file)
    assert exported["IDENTITY_ENDPOINT"] == running.ready["token_url"]


def test_the_environment_leaves_this_machine_out_of_a_proxy(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = read_ready(running.ready_file.read_text("utf-8"))
    assert not {"NO_PROXY", "no_proxy"} & environment(ready, {}).keys()
    set_here = {"HTTPS_PROXY": "http://127.0.0.1:1", "no_proxy": "intranet, 127.0.0.1"}
    told = environment(ready, set_here)
    assert told["NO_PROXY"] == "intranet,127.0.0.1,127.0.0.2,localhost,.localhost"
    for name, value in (set_here | told).items():
        monkeypatch.setenv(name, value)
    for url in (*ready.urls.values(), *ready.named_urls.values()):
        assert urllib.request.proxy_bypass(urlsplit(url).hostname or "")
    assert not urllib.request.proxy_bypass("managedhsm.azure.net")
    # What is ours asks without a proxy in any case.
    result = mhsm("token", "--ready-file", str(running.ready_file), HTTP_PROXY="http://127.0.0.1:1")
    assert (result.returncode, result.stderr) == (0, "")


def test_the_ready_file_of_a_server_that_began_later_stays(running: Running) -> None:
    later = {**running.ready, "pid": running.ready["pid"] + 1}
    running.ready_file.write_text(json.dumps(later), "utf-8")
    assert running.ended(signal.SIGTERM)[0] == 0
    assert json.loads(running.ready_file.read_text("utf-8")) == later


def test_a_ready_file_is_for_its_owner_alone(running: Running) -> None:
    assert running.ready_file.stat().st_mode & 0o777 == 0o600


def test_a_token_comes_from_the_ready_file_the_environment_or_the_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = Running(tmp_path, "--data", str(data))
    try:
        ready = server.ready
        environment = {
            "IDENTITY_ENDPOINT": ready["token_url"],
            "IDENTITY_HEADER": ready["token_secret"],
        }
        results = (
            mhsm("token", "--ready-file", str(server.ready_file), "--principal", "alice"),
            mhsm("token", **environment),
            mhsm("token", "--data", str(data)),
        )
        for result in results:
            assert (result.returncode, result.stderr) == (0, "")
            _read_keys(ready, result.stdout.strip())
    finally:
        server.ended(signal.SIGTERM)
    assert mhsm("token", "--data", str(data)).returncode == 0


def _read_keys(ready: dict[str, Any], token: str) -> None:
    url = f"{next(iter(ready['urls'].values()))}/keys?api-version=7.4"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    context = ssl.create_default_context(cafile=ready["ca_file"])
    with urllib.request.urlopen(request, timeout=30, context=context) as response:
        assert json.load(response) == {"value": []}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["serve", "nope"], "no target is called 'nope'"),
        (["serve", "mutant:nope"], "no mutant is called 'nope'"),
        (["serve", "--instance", "UPPER", "--port", "0"], "'UPPER' is no name of an instance"),
        (["serve", "--port", "70000"], "70000 is not in the range"),
        (["serve", "--data", "/dev/null/x"], "cannot use the data folder /dev/null/x"),
        (["serve", "--port", "0", "--ready-file", "/dev/null/x"], "cannot write the ready file"),
        (["serve", "--port", "0", "--ready-file", "/"], "cannot write the ready file /"),
        (["serve", "--ready-file", ""], "'--ready-file': it is empty"),
        (["serve", "--data", ""], "'--data': it is empty"),
        (["serve", "--insecure-static-token", ""], "a static token is 1 to 4096"),
        (["serve", "--insecure-static-token", "a b"], "a static token is 1 to 4096"),
        (["serve", "--instance", "a", "--instance", "a"], "an instance is named twice"),
        (["token", "--ready-file", ""], "'--ready-file': it is empty"),
        (["run", "https", "--ready-file", ""], "'--ready-file': it is empty"),
        (["run", "model", "--clause", "NO-*"], "no clause matches 'NO-*'; the areas are ALG, "),
        (["run", "model", "--clause", "KEY-999"], "no clause is called 'KEY-999'; did you mean"),
        (["judge", "/nowhere"], "/nowhere: no such file or directory"),
        (["token"], "no server is named"),
        (["token", "--ready-file", "/nowhere"], "cannot read /nowhere"),
        (["token", "--data", "/nowhere"], "/nowhere is not the data folder of a server"),
        (["token", "--ready-file", "a", "--data", "b"], "not both"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_2(words: list[str], told: str) -> None:
    result = mhsm(*words)
    assert result.returncode == 2
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("mhsm: ")
    assert result.stdout == ""


def test_what_is_a_service_already_is_not_served() -> None:
    url = "https://hsm.managedhsm.azure.net"
    result = mhsm("serve", "https", "--port", "0", MHSM_HTTPS_URLS=url, MHSM_HTTPS_TOKEN="t")
    assert result.returncode == 2
    assert result.stderr == ("mhsm: target https is served already: let clients use its own URL\n")


@needs_softhsm
def test_a_seed_is_refused_by_what_draws_its_keys_itself() -> None:
    result = mhsm("serve", "softhsm", "--seed", "1", "--port", "0")
    told = "mhsm: target softhsm draws its keys itself: leave --seed out\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", told)


def test_a_run_of_no_clause_leaves_no_folder(tmp_path: Path) -> None:
    out = tmp_path / "results"
    assert mhsm("run", "model", "--clause", "NO-*", "--out", str(out)).returncode == 2
    assert not out.exists()


@pytest.mark.parametrize("target", ["nope", "mutant:times-in-milliseconds", "pkcs11"])
def test_what_is_not_served_leaves_no_folder(tmp_path: Path, target: str) -> None:
    data = tmp_path / "data"
    assert mhsm("serve", target, "--port", "0", "--data", str(data)).returncode == 2
    assert not data.exists()


def test_a_ready_file_that_cannot_be_written_leaves_no_draft(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    assert mhsm("serve", "--port", "0", "--ready-file", str(taken)).returncode == 2
    assert list(tmp_path.iterdir()) == [taken]


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = mhsm("serve", "--port", str(port))
    assert result.returncode == 2
    assert result.stderr == f"mhsm: port {port} of 127.0.0.1 is in use\n"


def test_a_token_of_a_server_that_is_gone_is_told(running: Running, tmp_path: Path) -> None:
    copy = tmp_path / "copy.json"
    copy.write_text(running.ready_file.read_text("utf-8"), "utf-8")
    running.ended(signal.SIGTERM)
    result = mhsm("token", "--ready-file", str(copy))
    assert result.returncode == 2
    assert "no server hands out tokens at" in result.stderr
    copy.write_text("{}", "utf-8")
    result = mhsm("token", "--ready-file", str(copy))
    assert result.stderr == f"mhsm: {copy} is not the ready file of a server\n"


def test_a_folder_of_a_running_server_and_one_of_another_version_are_told(
    tmp_path: Path,
) -> None:
    data = str(tmp_path / "data")
    server = Running(tmp_path, "--data", data)
    result = mhsm("serve", "--port", "0", "--data", data)
    assert (result.returncode, result.stderr) == (
        2,
        f"mhsm: another server uses the data folder {data}\n",
    )
    server.ended(signal.SIGTERM)
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "mhsm.sqlite3")) as database:
        database.execute("PRAGMA user_version = 2")
    for words in (["serve", "--port", "0"], ["token"]):
        result = mhsm(*words, "--data", data)
        assert result.returncode == 2
        assert "use the version that made it, or another folder" in result.stderr


def test_a_data_folder_of_another_target_is_refused(tmp_path: Path) -> None:
    Running(tmp_path, "--data", str(tmp_path / "data")).ended(signal.SIGTERM)
    result = mhsm("serve", "softhsm", "--port", "0", "--data", str(tmp_path / "data"))
    assert result.returncode == 2
    assert "is of target model: serve that" in result.stderr
