"""A run: pytest over the suites, with the records of its checks collected and told as they come."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from mhsm_conformance.checks import CheckRecord
from mhsm_conformance.interruption import Interruption
from mhsm_conformance.planned import as_planned
from mhsm_conformance.plugin import RECORD_PROPERTY
from mhsm_conformance.progress import Progress
from mhsm_conformance.results import RunFacts, run_result, unnamed
from mhsm_reports import RunResult, RunState
from mhsm_targets.protocol import PlannedFactory, TargetFactory
from mhsm_targets.registry import proven_factory

__all__ = ["NothingToRunError", "RunOptions", "conducted", "suite_names"]


class NothingToRunError(ValueError):
    """No check is left by the selection; the text says by which."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What to run: see `mhsm run --help`. `workers` 1 runs in this process.

    Without `shrinks` a failing sequence is told as it was found.
    """

    target: str
    profile: str = "ci"
    suite: str | None = None
    clause: str | None = None
    seed: int = 0
    strict: bool = False
    workers: int = 1
    stop_at_first: bool = False
    shrinks: bool = True


@dataclass(slots=True)
class _Collector:
    """A pytest plugin that keeps the records that reports carry, and tells the progress."""

    progress: Progress
    interruption: Interruption
    records: list[CheckRecord] = field(default_factory=list[CheckRecord])
    broken: list[str] = field(default_factory=list[str])
    counted: bool = False

    def pytest_configure(self, config: pytest.Config) -> None:
        """Let sessions of this process tell each exchange."""
        config.mhsm_on_exchange = self._exchanged  # type: ignore[attr-defined]

    def _exchanged(self) -> None:
        self.interruption.check()
        self.progress.exchanged()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """The number of checks is known, where this process collects."""
        if session.items:
            self.progress.begin(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """The number of checks is known to a worker; every worker has them all."""
        if not self.counted:
            self.progress.begin(len(ids))
        self.counted = True

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A check begins."""
        self.interruption.check()
        self.progress.trying(_short(nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A check, or a part of one, has ended."""
        if self.interruption.asked:
            # What an interrupt cut short may look like a failure.
            return
        carried: Mapping[str, Any] = {str(k): v for k, v in report.user_properties}
        document = carried.get(RECORD_PROPERTY)
        if document is not None:
            record = CheckRecord.from_json(document)
            self.records.append(record)
            if hasattr(report, "node"):
                self.progress.exchanged(record.coverage.exchanges)
            self.progress.finished(record.outcome, record.identifier)
        elif report.failed:
            self.broken.append(f"{_short(report.nodeid)}: {report.longreprtext.strip()[-300:]}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A suite could not be read."""
        if report.failed:
            self.broken.append(f"{_short(report.nodeid)}: {report.longreprtext.strip()[-300:]}")

    def pytest_keyboard_interrupt(self) -> None:
        """Somebody pressed Ctrl-C."""
        self.interruption.asked = True

    def pytest_internalerror(self) -> bool | None:
        """Whether the error is one that nobody needs to see: that of an interrupt in a hook."""
        return True if self.interruption.asked else None


def _short(node: str) -> str:
    return node.rpartition("/")[2].replace("test_", "", 1).replace(".py::", ": ")


def suite_names() -> tuple[str, ...]:
    """The names of the suites."""
    found = files("mhsm_conformance.suites").iterdir()
    names = (entry.name for entry in found)
    return tuple(sorted(n[5:-3] for n in names if n.startswith("test_") and n.endswith(".py")))


def _untold(line: str) -> None:
    """Nobody reads it."""


def conducted(
    options: RunOptions,
    progress: Progress,
    tell: Callable[[str], None] = _untold,
    named: Callable[[Mapping[str, Any]], str | None] = unnamed,
) -> RunResult:
    """Run the suites and return the result, also of a run that was interrupted.

    `tell` gets sentences: what the run will do where it costs something, and what it leaves.
    `named` gives the file name of the document of a case, None where it is not kept.

    Raises UnknownTargetError for a target that is none, TargetUnavailableError for one that cannot
    be opened at all, NothingToRunError where the selection leaves no check, and RuntimeError where
    a suite itself is broken.
    """
    factory = proven_factory(options.target)
    started, begun = datetime.now(UTC), time.monotonic()
    interruption = Interruption()
    collector = _Collector(progress, interruption)
    with (
        as_file(files("mhsm_conformance.suites")) as suites,
        interruption.heeded(),
        as_planned(factory, tell),
    ):
        try:
            code = _pytest(options, suites, collector)
            interrupted = interruption.asked or code == pytest.ExitCode.INTERRUPTED
            if not interrupted and options.shrinks and _may_be_asked_again(factory):
                _shorten(collector.records, factory, progress, interruption)
        finally:
            progress.close()
    broken = code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR)
    if broken and not interrupted:
        raise RuntimeError("pytest could not run the suites: see what it printed above")
    if collector.broken and not interrupted:
        raise RuntimeError(f"the suites are broken: {collector.broken[0]}")
    if not collector.records and not interrupted:
        raise NothingToRunError(_nothing(options))
    state, reason = _state(collector.records, interrupted=interrupted)
    facts = RunFacts(
        target=options.target,
        effort=options.profile,
        seed=options.seed,
        suite=options.suite,
        clause=options.clause,
        strict=options.strict,
        workers=options.workers,
        started_at=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        seconds=round(time.monotonic() - begun, 3),
        state=state,
        reason=reason,
    )
    return run_result(facts, factory.profile, collector.records, named)


def _may_be_asked_again(factory: TargetFactory) -> bool:
    """Whether to try a failing sequence again costs nothing and reaches nobody else's keys."""
    return not factory.profile.live and not isinstance(factory, PlannedFactory)


def _shorten(
    records: Sequence[CheckRecord],
    factory: TargetFactory,
    progress: Progress,
    interruption: Interruption,
) -> None:
    """Tell failures by fewer steps; an interrupt leaves the others as they are."""
    if not any(record.failures for record in records):
        return
    # Loaded only here: most runs have nothing to explain.
    from mhsm_conformance.cases.shorter_failures import shorten_failures  # noqa: PLC0415

    progress.trying("fewer steps that show the failures")
    with suppress(KeyboardInterrupt):
        shorten_failures(records, factory, interruption.check)


def _state(records: Sequence[CheckRecord], *, interrupted: bool) -> tuple[RunState, str | None]:
    """The state of the run and the reason why it is not complete.

    A check is untested where the target could not be had for it any more.
    """
    if interrupted:
        return RunState.INTERRUPTED, "it was interrupted, and some checks were not tried"
    gone = next((record for record in records if record.outcome == "untested"), None)
    return (RunState.COMPLETE, None) if gone is None else (RunState.INVALID, gone.reason)


def _nothing(options: RunOptions) -> str:
    chosen = [f"suite {options.suite!r}"] if options.suite is not None else []
    chosen += [f"clause {options.clause!r}"] if options.clause is not None else []
    return f"no check is left by {' and '.join(chosen) or 'the selection'}"


def _arguments(options: RunOptions, suites: Path) -> list[str]:
    chosen = suites if options.suite is None else suites / f"test_{options.suite}.py"
    arguments = [
        str(chosen),
        "-c",
        str(suites / "pytest.ini"),
        "--rootdir",
        str(suites),
        "-p",
        "no:terminal",
        "-p",
        "no:randomly",
        # Suites compare nothing themselves, and to rewrite them all takes a second.
        "--assert=plain",
        f"--mhsm-target={options.target}",
        f"--mhsm-seed={options.seed}",
        f"--mhsm-profile={options.profile}",
    ]
    if options.clause is not None:
        arguments.append(f"--mhsm-clause={options.clause}")
    if options.strict:
        arguments.append("--mhsm-strict")
    if not options.shrinks:
        arguments.append("--mhsm-no-shrinking")
    if options.stop_at_first:
        arguments.append("--maxfail=1")
    if options.workers > 1:
        arguments += ["-n", str(options.workers), "--dist", "worksteal"]
    return arguments


def _pytest(options: RunOptions, suites: Path, collector: _Collector) -> int:
    # A test of a user's own that runs the suites must not pass its own options on.
    kept = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    try:
        plugins: Sequence[object] = [collector]
        return int(pytest.main(_arguments(options, suites), plugins=plugins))
    except KeyboardInterrupt:
        collector.interruption.asked = True
        return int(pytest.ExitCode.INTERRUPTED)
    except Exception:
        # What it has begun is not ended properly then: workers that were just being started are
        # raised as warnings, all at once.
        if not collector.interruption.asked:
            raise
        return int(pytest.ExitCode.INTERRUPTED)
    finally:
        os.environ.update({name: value for name, value in kept.items() if value is not None})
        sys.stdout.flush()
