"""What the acceptor says of an exchange."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from mhsm_model.clauses import Clause, Severity, severity
from mhsm_model.exchange import Refused, Unauthenticated
from mhsm_model.state import Estate

__all__ = ["LENIENT", "Breach", "Judgement", "Strictness", "shown"]


@dataclass(frozen=True, slots=True)
class Strictness:
    """How breaches count: see `clauses.severity`."""

    strict: bool = False
    live: bool = False

    def of(self, clause: Clause) -> Severity:
        """The severity of a breach of the clause."""
        return severity(clause.level, clause.basis, strict=self.strict, live=self.live)


LENIENT: Final = Strictness()
"""Inferred clauses warn; what was only observed counts."""


def shown(reply: Refused | Unauthenticated) -> str:
    """An error answer in a few words."""
    if isinstance(reply, Unauthenticated):
        return "401 with a challenge"
    words = [str(reply.status), reply.code or "without a code"]
    return " ".join(words) + (f' "{reply.message}"' if reply.message else "")


@dataclass(frozen=True, slots=True)
class Breach:
    """A clause that an exchange does not keep: what it demands, what was seen, how it counts."""

    clause: Clause
    expected: str
    observed: str
    severity: Severity = Severity.FAILURE

    def __str__(self) -> str:
        return f"{self.clause.identifier}: expected {self.expected}, observed {self.observed}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one exchange, and the estate afterwards.

    `held` clauses were satisfied where they could have been broken; `refused` ones explain a
    refusal, `alone` where no other could; `satisfied` guards let a success pass; `vacuous` ones did
    not speak of it. `answers` are open questions and choices with the outcome taken.
    """

    estate: Estate
    breaches: tuple[Breach, ...] = ()
    warnings: tuple[Breach, ...] = ()
    held: tuple[Clause, ...] = ()
    refused: tuple[Clause, ...] = ()
    alone: bool = False
    satisfied: tuple[Clause, ...] = ()
    vacuous: tuple[Clause, ...] = ()
    answers: tuple[tuple[Clause, str], ...] = ()
    inconclusive: str | None = None

    def with_breach(self, breach: Breach) -> Judgement:
        """The judgement with a breach added where its severity has it."""
        match breach.severity:
            case Severity.FAILURE:
                return replace(self, breaches=(*self.breaches, breach))
            case Severity.WARNING:
                return replace(self, warnings=(*self.warnings, breach))
            case Severity.NONE:
                return self

    @property
    def accepted(self) -> bool:
        """Whether the exchange is lawful."""
        return not self.breaches

    @property
    def strong(self) -> bool:
        """Whether something was tested that could have come out otherwise."""
        return bool(self.held or self.refused)
