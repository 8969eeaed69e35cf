"""From how a test ended to what became of its check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis.errors import Flaky

from mhsm_conformance.checks import CheckRecord, FailureRecord, failure_records
from mhsm_conformance.faults import ConformanceFailure
from mhsm_conformance.opening import Bench
from mhsm_conformance.session import InapplicableError, InconclusiveError, Session
from mhsm_conformance.steps import Step
from mhsm_model.catalogue import clause
from mhsm_model.configuration import Configuration
from mhsm_model.judgement import Breach
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
    Where a declared expected failure was met, the check concludes nothing.
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
    if isinstance(error, ConformanceFailure):
        record.failures = _explained(record, bench, error.instances, error.breaches, error.steps)
    elif bench.session is not None and bench.session.warnings:
        record.failures = _warned(record, bench, bench.session)
    if record.outcome == "passed":
        _complete(record, bench)
    return record


def _explained(
    record: CheckRecord,
    bench: Bench,
    instances: Mapping[str, Configuration],
    breaches: Sequence[Breach],
    steps: Sequence[Step],
) -> list[FailureRecord]:
    # Loaded only here: most checks have nothing to explain.
    from mhsm_conformance.cases.recording import context_of  # noqa: PLC0415

    return failure_records(
        breaches,
        steps,
        record.identifier,
        bench.seed,
        context_of(bench.target, bench.factory.profile),
        instances,
        strict=bench.strict,
    )


def _warned(record: CheckRecord, bench: Bench, session: Session) -> list[FailureRecord]:
    """The records of warnings, each with the steps up to the one that gave it."""
    by_step: dict[int, list[Breach]] = {}
    for breach, count in zip(session.warnings, session.warned_at, strict=True):
        by_step.setdefault(count, []).append(breach)
    return [
        told
        for count, breaches in by_step.items()
        for told in _explained(
            record, bench, session.configurations, breaches, session.steps[:count]
        )
    ]


def _complete(record: CheckRecord, bench: Bench) -> None:
    """Let a check that came to its end be one that passed, where it did its work."""
    if bench.lost:
        record.outcome = "inconclusive"
        replies = "a reply was" if bench.lost == 1 else f"{bench.lost} replies were"
        record.reason = f"{replies} lost, and what the request came to is not known"
        return
    declared = bench.coverage.declared
    idle = [name for name in record.clauses if not bench.coverage.exercised(clause(name))]
    if declared and (idle or not declared.keys().isdisjoint(record.clauses)):
        record.outcome, record.reason = "inconclusive", _declaration(bench)
    elif idle:
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


def _declaration(bench: Bench) -> str:
    """Which clauses were broken as the target's profile declares, and by which references."""
    references = bench.factory.profile.expected_failures
    told = (f"{name} ({references.get(name)})" for name in sorted(bench.coverage.declared))
    return f"broken as the target's profile declares: {', '.join(told)}"
