"""From how a test ended to what became of its check."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis.errors import Flaky

from mhsm_conformance.checks import CheckRecord, failure_records
from mhsm_conformance.faults import ConformanceFailure
from mhsm_conformance.opening import Bench
from mhsm_conformance.session import InapplicableError, InconclusiveError
from mhsm_model.catalogue import clause
from mhsm_targets.protocol import NotOfferedError, TargetUnavailableError

__all__ = ["concluded", "is_of_the_target"]

_OF_THE_TARGET = (
    ConformanceFailure,
    InapplicableError,
    InconclusiveError,
    NotOfferedError,
    TargetUnavailableError,
)


def is_of_the_target(error: BaseException) -> bool:
    """Whether the error tells of the target, also where it comes up before the check begins."""
    return isinstance(error, _OF_THE_TARGET)


def concluded(
    node: str, title: str, clauses: tuple[str, ...], bench: Bench, call: pytest.CallInfo[Any]
) -> CheckRecord:
    """The record of a check that has run.

    A check that passed without exercising every clause it names did not do its work: on a target
    that claims everything, this is the suite's own failure.
    """
    path, _, name = node.partition("::")
    suite = PurePosixPath(path).stem.removeprefix("test_")
    record = CheckRecord(f"{suite}::{name}", suite, title, clauses, seed=bench.seed)
    record.seconds = call.duration
    record.coverage = bench.coverage
    error = call.excinfo.value if call.excinfo is not None else None
    if isinstance(error, Flaky) and bench.ended_by is not None:
        # Tried again, the sequence came out otherwise; what it came to first stands.
        error = bench.ended_by
    record.outcome, record.reason = _outcome(error)
    session = bench.session
    told = (bench.target, bench.seed, {} if session is None else session.configurations)
    if isinstance(error, ConformanceFailure):
        record.failures = failure_records(error.breaches, error.steps, *told)
    elif session is not None and session.warnings:
        warnings, steps = tuple(session.warnings), tuple(session.steps)
        record.failures = failure_records(warnings, steps, *told)
    if record.outcome == "passed":
        _complete(record, bench)
    return record


def _complete(record: CheckRecord, bench: Bench) -> None:
    """Let a check that came to its end be one that passed, where it did its work."""
    if bench.lost:
        record.outcome = "inconclusive"
        replies = "a reply was" if bench.lost == 1 else f"{bench.lost} replies were"
        record.reason = f"{replies} lost, and what the request came to is not known"
        return
    idle = [name for name in record.clauses if not bench.coverage.exercised(clause(name))]
    if idle:
        # A target that claims everything was to exercise them: else the suite is at fault. One in
        # use may refuse, lawfully, what the check was to go on from.
        record.outcome = "inconclusive" if bench.factory.profile.live else "failed"
        record.reason = f"the check names {', '.join(idle)} and did not exercise it"


def _outcome(error: BaseException | None) -> tuple[str, str | None]:
    match error:
        case None:
            return "passed", None
        case InapplicableError() | NotOfferedError():
            return "inapplicable", str(error)
        case InconclusiveError():
            return "inconclusive", str(error)
        case TargetUnavailableError():
            return "untested", str(error)
        case ConformanceFailure():
            return "failed", str(error).partition("\n")[0]
        case _:
            return "failed", f"{type(error).__name__}: {error}"
