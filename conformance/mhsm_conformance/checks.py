"""What became of a check: the record that travels from where it ran to where it is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mhsm_conformance.coverage import Coverage
from mhsm_conformance.replaying import script_of
from mhsm_conformance.steps import Step
from mhsm_model.clauses import Severity
from mhsm_model.configuration import Configuration
from mhsm_model.judgement import Breach

__all__ = ["CheckRecord", "FailureRecord", "failure_records"]


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """One breach with what explains it."""

    clause: str
    severity: str
    expected: str
    observed: str
    exchange: str
    steps: tuple[str, ...]
    script: str


@dataclass(slots=True)
class CheckRecord:
    """One check: outcome (passed, failed, inconclusive, inapplicable, untested) and its reason.

    `seconds` is its wall time, `seed` what its target was opened with.
    """

    identifier: str
    suite: str
    title: str
    clauses: tuple[str, ...]
    outcome: str = "untested"
    reason: str | None = None
    seconds: float = 0.0
    seed: int = 0
    failures: list[FailureRecord] = field(default_factory=list[FailureRecord])
    coverage: Coverage = field(default_factory=Coverage)

    def as_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return {
            "identifier": self.identifier,
            "suite": self.suite,
            "title": self.title,
            "clauses": list(self.clauses),
            "outcome": self.outcome,
            "reason": self.reason,
            "seconds": self.seconds,
            "seed": self.seed,
            "failures": [asdict(failure) for failure in self.failures],
            "coverage": self.coverage.as_json(),
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> CheckRecord:
        """The record that `as_json` wrote."""
        return cls(
            identifier=document["identifier"],
            suite=document["suite"],
            title=document["title"],
            clauses=tuple(document["clauses"]),
            outcome=document["outcome"],
            reason=document["reason"],
            seconds=document["seconds"],
            seed=document["seed"],
            failures=[_failure(told) for told in document["failures"]],
            coverage=Coverage.from_json(document["coverage"]),
        )


def _failure(told: dict[str, Any]) -> FailureRecord:
    return FailureRecord(
        clause=told["clause"],
        severity=told["severity"],
        expected=told["expected"],
        observed=told["observed"],
        exchange=told["exchange"],
        steps=tuple(told["steps"]),
        script=told["script"],
    )


def failure_records(
    breaches: tuple[Breach, ...],
    steps: tuple[Step, ...],
    target: str,
    seed: int,
    hosts: Mapping[str, Configuration],
) -> list[FailureRecord]:
    """The records of breaches that the last of the steps showed."""
    if not breaches:
        return []
    script = script_of(steps, target, seed, hosts, breaches)
    told = tuple(str(step) for step in steps)
    exchange = told[-1] if told else ""
    return [
        FailureRecord(
            breach.clause.identifier,
            str(breach.severity if breach.severity is not Severity.NONE else Severity.WARNING),
            breach.expected,
            breach.observed,
            exchange,
            told,
            script,
        )
        for breach in breaches
    ]
