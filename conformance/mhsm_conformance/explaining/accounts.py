"""The account of a clause: all that the specification, the suites and the evidence say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from mhsm_conformance.explaining.error_answers import ErrorAnswer, answers_of_clause
from mhsm_conformance.explaining.places import Place, places, presupposing, reach
from mhsm_conformance.explaining.recorded_examples import Example
from mhsm_conformance.explaining.run_evidence import RunEvidence, RunFile, evidence_in
from mhsm_conformance.explaining.suite_checks import SuiteCheck, checks_by_clause
from mhsm_conformance.listing_clauses import clause_document
from mhsm_model.clauses import Clause, Severity, severity
from mhsm_model.tables.recorded import recorded_exchanges
from mhsm_targets.mutants.gallery import gallery
from mhsm_targets.mutants.mutant import Mutant

__all__ = ["ClauseAccount", "account_of", "breach_counts_as", "in_force_text"]


@dataclass(frozen=True, slots=True)
class ClauseAccount:
    """A clause with its places, checks, mutants, error answers and evidence.

    `reach` is what a clause speaks of that stands in no operation's table. `recorded` counts the
    exchanges of the real service that exercised it.
    """

    clause: Clause
    places: tuple[Place, ...]
    reach: str | None
    presupposed_by: tuple[str, ...]
    checks: tuple[SuiteCheck, ...]
    mutants: tuple[Mutant, ...]
    answers: tuple[ErrorAnswer, ...]
    recorded: int
    runs: tuple[RunEvidence, ...] = ()
    examples: tuple[Example, ...] = ()

    @property
    def presupposes(self) -> tuple[str, ...]:
        """The clauses whose guards must not refuse before this one is asked."""
        needed = (name for place in self.places for name in place.presupposes)
        return tuple(dict.fromkeys(needed))

    def as_json(self) -> dict[str, Any]:
        """The account as JSON values."""
        row = self.clause
        return {
            **clause_document(row),
            "breach": breach_counts_as(row),
            "operations": [asdict(place) for place in self.places],
            "reach": self.reach,
            "presupposed_by": list(self.presupposed_by),
            "errors": [asdict(answer) for answer in self.answers],
            "checks": [asdict(check) for check in self.checks],
            "mutants": [{"name": m.name, "prose": m.prose} for m in self.mutants],
            "runs": [_run_json(evidence) for evidence in self.runs],
            "examples": [example.as_json() for example in self.examples],
        }


def _run_json(evidence: RunEvidence) -> dict[str, Any]:
    told = {"file": evidence.run.path, "target": evidence.run.result.run.target.name}
    return {**told, "result": None if evidence.clause is None else asdict(evidence.clause)}


def account_of(
    clause: Clause,
    runs: Sequence[RunFile] = (),
    examples: Mapping[str, tuple[Example, ...]] | None = None,
) -> ClauseAccount:
    """The account of a clause, with what the runs say of it and recorded exchanges of it."""
    name = clause.identifier
    return ClauseAccount(
        clause,
        places().get(name, ()),
        reach(clause),
        presupposing().get(name, ()),
        checks_by_clause().get(name, ()),
        _mutants().get(name, ()),
        answers_of_clause(name),
        recorded_exchanges(name),
        evidence_in(runs, name),
        (examples or {}).get(name, ()),
    )


@cache
def _mutants() -> Mapping[str, tuple[Mutant, ...]]:
    found: dict[str, list[Mutant]] = {}
    for mutant in gallery():
        found.setdefault(mutant.clause, []).append(mutant)
    return {identifier: tuple(mutants) for identifier, mutants in found.items()}


def breach_counts_as(clause: Clause) -> str:
    """How a breach counts, in words: plain, with --strict, and on a live service."""
    plain = severity(clause.level, clause.basis)
    if plain is Severity.NONE:
        return "none: both outcomes are lawful, and the one taken is reported"
    told = f"a {plain}"
    if severity(clause.level, clause.basis, strict=True) is not plain:
        told += f"; with --strict a {severity(clause.level, clause.basis, strict=True)}"
    live = severity(clause.level, clause.basis, live=True)
    if live is not plain:
        told += f"; on a live HSM a {live}"
    return told


def in_force_text(clause: Clause) -> str:
    """The api-versions that a clause holds in, in words."""
    match clause.since, clause.until:
        case None, None:
            return "every api-version"
        case since, None:
            return f"from api-version {since} on"
        case None, until:
            return f"before api-version {until}"
        case since, until:
            return f"from api-version {since} on, before {until}"
