"""Coverage: which clauses were exercised, how often, and how open questions were answered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, cast

from mhsm_model.clauses import Clause, Kind, Level
from mhsm_model.exchange import (
    Call,
    Decrypt,
    Encrypt,
    Reply,
    Request,
    Sign,
    UnwrapKey,
    Verify,
    WrapKey,
)
from mhsm_model.judgement import Judgement
from mhsm_model.replies import Refused

__all__ = ["CRYPTOGRAPHIC", "Cell", "Coverage"]

Cell = tuple[str, str, str, str]
"""Key kind, algorithm, operation, and what came of it: `passed`, `failed` or `refused`."""


_COLUMNS: Final[dict[type[Request], str]] = {
    Sign: "sign",
    Verify: "verify",
    Encrypt: "encrypt",
    Decrypt: "decrypt",
    WrapKey: "wrap",
    UnwrapKey: "unwrap",
}
CRYPTOGRAPHIC: Final = (Sign, Verify, Encrypt, Decrypt, WrapKey, UnwrapKey)
"""Requests that use a key with an algorithm, each a column of the key matrix."""


def _counter() -> Counter[str]:
    return Counter[str]()


@dataclass(slots=True)
class Coverage:
    """Counts by clause identifier; `cells` counts kinds by algorithms by operations.

    `declared` counts breaches that the target's profile declares as expected failures.
    """

    exchanges: int = 0
    held: Counter[str] = field(default_factory=_counter)
    refused: Counter[str] = field(default_factory=_counter)
    alone: Counter[str] = field(default_factory=_counter)
    satisfied: Counter[str] = field(default_factory=_counter)
    vacuous: Counter[str] = field(default_factory=_counter)
    violated: Counter[str] = field(default_factory=_counter)
    warned: Counter[str] = field(default_factory=_counter)
    declared: Counter[str] = field(default_factory=_counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    cells: Counter[Cell] = field(default_factory=Counter[Cell])

    def add(self, call: Call, reply: Reply, judgement: Judgement, kind: str | None) -> None:
        """Count one judged exchange; `kind` is the kind of the key used, where it is known."""
        self.exchanges += 1
        self.held.update(_names(judgement.held))
        self.refused.update(_names(judgement.refused))
        if judgement.alone:
            self.alone.update(_names(judgement.refused))
        self.satisfied.update(_names(judgement.satisfied))
        self.vacuous.update(_names(judgement.vacuous))
        self.violated.update(b.clause.identifier for b in judgement.breaches)
        self.warned.update(b.clause.identifier for b in judgement.warnings)
        self.answers.update((clause.identifier, told) for clause, told in judgement.answers)
        request = call.request
        if kind is not None and isinstance(request, CRYPTOGRAPHIC):
            outcome = "refused" if isinstance(reply, Refused) else "passed"
            outcome = "failed" if judgement.breaches else outcome
            self.cells[kind, request.algorithm, _COLUMNS[type(request)], outcome] += 1

    def exercised(self, clause: Clause) -> bool:
        """Whether the clause was exercised in a way that could have come out otherwise."""
        name = clause.identifier
        if clause.level in (Level.MAY, Level.OPEN):
            answered = any(identifier == name for identifier, _ in self.answers)
            return answered or bool(self.held[name] or self.refused[name])
        if clause.kind is Kind.GUARD:
            return bool(self.refused[name] or self.violated[name] or self.warned[name])
        return bool(self.held[name] or self.violated[name] or self.warned[name])

    def merge(self, other: Coverage) -> None:
        """Add another coverage's counts."""
        self.exchanges += other.exchanges
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))

    def as_json(self) -> dict[str, Any]:
        """The counts as JSON values, for the way from a worker to its controller."""
        document: dict[str, Any] = {"exchanges": self.exchanges}
        for name in _COUNTERS:
            document[name] = [[key, count] for key, count in getattr(self, name).items()]
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Coverage:
        """The coverage that `as_json` wrote."""
        coverage = cls(exchanges=document["exchanges"])
        for name in _COUNTERS:
            counter: Counter[Any] = getattr(coverage, name)
            for key, count in document[name]:
                counter[tuple(cast("list[str]", key)) if isinstance(key, list) else key] += count
        return coverage


_COUNTERS = (
    "held",
    "refused",
    "alone",
    "satisfied",
    "vacuous",
    "violated",
    "warned",
    "declared",
    "answers",
    "cells",
)


def _names(clauses: tuple[Clause, ...]) -> list[str]:
    return [clause.identifier for clause in clauses]
