"""An interrupt ends a run as one, wherever it is raised and whatever becomes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from mhsm_conformance.commands.run import run as run_command
from mhsm_conformance.interruption import Interruption
from mhsm_conformance.running import RunOptions, conducted
from mhsm_reports import RunResult, RunState
from mhsm_reports.render import junit

Telling = Callable[[], None]


@pytest.fixture(autouse=True)
def signals_that_raise() -> Iterator[None]:
    """As in a process that nobody told to ignore Ctrl-C, which shells do in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Pressing:
    """Progress that presses Ctrl-C at an exchange, and does with the exception as it is told."""

    def __init__(self, at: int, press: Telling) -> None:
        self._left = at
        self._press = press
        self.total = 0

    def begin(self, total: int) -> None:
        self.total = total

    def trying(self, title: str) -> None:
        pass

    def exchanged(self, count: int = 1) -> None:
        self._left -= 1
        if self._left == 0:
            self._press()

    def finished(self, outcome: str, title: str) -> None:
        pass

    def close(self) -> None:
        pass


def plainly() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def swallowed() -> None:
    try:
        plainly()
    except KeyboardInterrupt:
        return


def taken_for_a_failure() -> None:
    try:
        plainly()
    except KeyboardInterrupt:
        raise AssertionError("what was read is not what was written") from None


def in_a_group() -> None:
    try:
        plainly()
    except KeyboardInterrupt as error:
        raise BaseExceptionGroup("two things", [error, ValueError()]) from None


@pytest.mark.parametrize("press", [plainly, swallowed, taken_for_a_failure, in_a_group])
@pytest.mark.parametrize("at", [1, 30])
def test_a_run_that_is_interrupted_says_so_and_tells_no_failure(
    press: Telling, at: int, capfd: pytest.CaptureFixture[str]
) -> None:
    progress = Pressing(at, press)
    result = conducted(RunOptions("model", "smoke", suite="lifecycle"), progress)
    assert result.run.state is RunState.INTERRUPTED
    assert result.failures == ()
    assert len(result.checks) < progress.total
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("pressed", [True, False])
def test_what_an_interrupt_left_half_begun_is_no_error(
    monkeypatch: pytest.MonkeyPatch, pressed: bool
) -> None:
    def main(words: list[str], plugins: list[object]) -> int:
        if pressed:
            swallowed()
        raise ExceptionGroup("warnings", [ResourceWarning("a worker is still running")])

    monkeypatch.setattr(pytest, "main", main)
    told = conducted_or_raised(RunOptions("model", "smoke", suite="lifecycle"))
    assert isinstance(told, ExceptionGroup) is not pressed
    assert told is RunState.INTERRUPTED or not pressed


def conducted_or_raised(options: RunOptions) -> RunState | ExceptionGroup[Exception]:
    try:
        return conducted(options, Pressing(0, plainly)).run.state
    except ExceptionGroup as group:
        return group


def test_a_machine_that_looks_over_all_at_its_end_is_interrupted_there_too() -> None:
    progress = Pressing(40, taken_for_a_failure)
    result = conducted(RunOptions("model", "smoke", suite="machines"), progress)
    assert result.run.state is RunState.INTERRUPTED
    assert result.failures == ()


def test_what_somebody_asked_for_is_raised_again_until_it_is_heeded() -> None:
    interruption = Interruption()
    interruption.check()
    with interruption.heeded():
        swallowed()
    assert interruption.asked
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            interruption.check()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_that_is_postponed_is_raised_when_all_is_done() -> None:
    done: list[str] = []

    def at_work() -> None:
        with Interruption().postponed():
            plainly()
            done.append("all")

    with pytest.raises(KeyboardInterrupt):
        at_work()
    assert done == ["all"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_reports_of_a_run_are_written_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_and_write(result: RunResult, path: Path) -> None:
        plainly()
        path.write_text("written", "utf-8")

    monkeypatch.setattr(junit, "write", press_and_write)
    words = ["model", "--suite", "random_bytes", "--profile", "smoke", "--out", str(tmp_path)]
    with pytest.raises(click.Abort):
        run_command.main(words, standalone_mode=False)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"run.json", "junit.xml", "summary.md", "report.html"}


def test_an_interrupt_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interruption = Interruption()
    with interruption.heeded():
        plainly()
    assert not interruption.asked
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


COMMAND = """
from mhsm_conformance import cli, entry

def run_command(words):
    exec("raise KeyboardInterrupt")

cli.run_command = run_command
entry.main()
"""


def test_an_interrupt_in_code_of_a_string_is_no_other(tmp_path: Path) -> None:
    (tmp_path / "command.py").write_text(COMMAND, "utf-8")
    words = [sys.executable, "-m", "command"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "interrupted\n")
