"""Guards and postconditions: clauses with the function that decides them.

A guard looks at a situation and objects, or not; a postcondition looks at a success. The docstring
of the function is the clause's prose.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from mhsm_model.clauses import Basis, Clause, Kind, Level, Source, declare
from mhsm_model.exchange import Request
from mhsm_model.findings import Finding
from mhsm_model.situation import Situation
from mhsm_model.tables.errors import Refusal

__all__ = ["Guard", "Objection", "Perhaps", "Postcondition", "guard", "postcondition"]

Q_contra = TypeVar("Q_contra", bound=Request, contravariant=True)
R_contra = TypeVar("R_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Perhaps:
    """A refusal that is lawful and not demanded: an open question, a choice, or knowledge lacking.

    `emulated` says what the emulator does.
    """

    refusal: Refusal
    emulated: bool = False


Objection = Refusal | Perhaps | None


@dataclass(frozen=True, slots=True, eq=False)
class Guard(Generic[Q_contra]):
    """A clause that may refuse a call.

    It is asked only where none of the guards it presupposes refuses: an absent key has no
    permitted operations to look at.
    """

    clause: Clause
    objects: Callable[[Situation[Q_contra]], Objection]
    presupposes: tuple[Guard[Any], ...] = ()

    def presupposing(self, *needed: Guard[Any]) -> Guard[Q_contra]:
        """The same clause for an operation in which it presupposes other guards."""
        return replace(self, presupposes=needed)


@dataclass(frozen=True, slots=True, eq=False)
class Postcondition(Generic[Q_contra, R_contra]):
    """A clause about the replies of successful calls."""

    clause: Clause
    finds: Callable[[Situation[Q_contra], R_contra], Finding]


def guard(
    identifier: str,
    *,
    level: Level = Level.MUST,
    basis: Basis,
    sources: tuple[Source, ...],
    presupposes: tuple[Guard[Any], ...] = (),
    since: str | None = None,
) -> Callable[[Callable[[Situation[Q_contra]], Objection]], Guard[Q_contra]]:
    """Declare the decorated function as the guard of a clause."""

    def declared(function: Callable[[Situation[Q_contra]], Objection]) -> Guard[Q_contra]:
        kind = Kind.QUESTION if level is Level.OPEN else Kind.GUARD
        clause = declare(
            identifier,
            inspect.getdoc(function) or "",
            level=level,
            basis=basis,
            sources=sources,
            kind=kind,
            since=since,
        )
        return Guard(clause, function, presupposes)

    return declared


def postcondition(
    identifier: str,
    *,
    level: Level = Level.MUST,
    basis: Basis,
    sources: tuple[Source, ...],
    kind: Kind = Kind.POSTCONDITION,
    since: str | None = None,
) -> Callable[
    [Callable[[Situation[Q_contra], R_contra], Finding]], Postcondition[Q_contra, R_contra]
]:
    """Declare the decorated function as the postcondition of a clause."""

    def declared(
        function: Callable[[Situation[Q_contra], R_contra], Finding],
    ) -> Postcondition[Q_contra, R_contra]:
        clause = declare(
            identifier,
            inspect.getdoc(function) or "",
            level=level,
            basis=basis,
            sources=sources,
            kind=kind,
            since=since,
        )
        return Postcondition(clause, function)

    return declared
