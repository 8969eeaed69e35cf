"""What the acceptor says of an exchange."""

from __future__ import annotations

from dataclasses import dataclass

from mhsm_model.clauses import Clause, Severity
from mhsm_model.state import Estate

__all__ = ["Breach", "Judgement"]


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

    @property
    def accepted(self) -> bool:
        """Whether the exchange is lawful."""
        return not self.breaches

    @property
    def strong(self) -> bool:
        """Whether something was tested that could have come out otherwise."""
        return bool(self.held or self.refused)
