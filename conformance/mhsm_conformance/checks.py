"""What became of a check: the record that travels from where it ran to where it is reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mhsm_conformance.coverage import Coverage
from mhsm_conformance.steps import Step
from mhsm_model.clauses import Severity
from mhsm_model.configuration import Configuration
from mhsm_model.judgement import Breach

if TYPE_CHECKING:
    from mhsm_conformance.cases.case import Case, TargetContext

__all__ = ["CheckRecord", "FailureRecord", "failure_records", "records_of"]


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """One breach with what explains it: `curl` and `az` do the steps, `case` is their document."""

    clause: str
    severity: str
    expected: str
    observed: str
    exchange: str
    steps: tuple[str, ...]
    script: str
    curl: str
    az: str | None
    case: dict[str, Any]


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
        curl=told["curl"],
        az=told["az"],
        case=told["case"],
    )


def failure_records(
    breaches: Sequence[Breach],
    steps: Sequence[Step],
    check: str,
    seed: int,
    target: TargetContext,
    instances: Mapping[str, Configuration],
    *,
    strict: bool,
) -> list[FailureRecord]:
    """The records of breaches that the last of the steps showed, each with its case."""
    from mhsm_conformance.cases.recording import recorded_case  # noqa: PLC0415 - as below

    if not breaches:
        return []
    first = breaches[0].clause.identifier
    case = recorded_case(steps, first, check, seed, target, instances, strict=strict)
    return records_of(case, breaches, tuple(str(step) for step in steps))


def records_of(
    case: Case, breaches: Sequence[Breach], told: tuple[str, ...]
) -> list[FailureRecord]:
    """The records of breaches that the last step of a case showed; `told` are its steps."""
    # Loaded only here: most runs have nothing to explain.
    from mhsm_conformance.cases.az_form import az_commands  # noqa: PLC0415
    from mhsm_conformance.cases.curl_form import curl_lines  # noqa: PLC0415
    from mhsm_conformance.cases.document import case_to_document  # noqa: PLC0415
    from mhsm_conformance.replaying import script_of  # noqa: PLC0415

    script = script_of(case, breaches)
    exchange = told[-1] if told else ""
    records: list[FailureRecord] = []
    for breach in breaches:
        own = replace(case, clause=breach.clause.identifier)
        severity = breach.severity if breach.severity is not Severity.NONE else Severity.WARNING
        records.append(
            FailureRecord(
                clause=breach.clause.identifier,
                severity=str(severity),
                expected=breach.expected,
                observed=breach.observed,
                exchange=exchange,
                steps=told,
                script=script,
                curl=curl_lines(own),
                az=az_commands(own),
                case=case_to_document(own),
            )
        )
    return records
