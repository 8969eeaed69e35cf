"""Clauses: the numbered sentences of the specification, and how heavy a breach of each one is.

A clause has an identity that is never reused, one imperative sentence, the sources that it was
learnt from, a level (how binding the source makes it) and a basis (why we believe it). Functions
that decide a clause are declared beside it with the decorators of `rules`; a clause that no single
function decides (a frame condition, a lawful choice) is declared with `declare`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "Basis",
    "Clause",
    "Kind",
    "Level",
    "Severity",
    "Source",
    "declare",
    "registered",
    "severity",
]


class Level(StrEnum):
    """How binding a clause is, as its source puts it."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"
    OPEN = "OPEN"


class Basis(StrEnum):
    """Why a clause is believed."""

    DOCUMENTED = "documented"
    STANDARD = "standard"
    OBSERVED = "observed"
    INFERRED = "inferred"


class Kind(StrEnum):
    """What a clause speaks of."""

    GUARD = "guard"
    POSTCONDITION = "postcondition"
    FRAME = "frame"
    WIRE = "wire"
    CHOICE = "choice"
    QUESTION = "question"


class Severity(StrEnum):
    """How a breach of a clause counts."""

    FAILURE = "failure"
    WARNING = "warning"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was learnt: a document, a standard, recordings; and a place in it."""

    name: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.place}" if self.place else self.name


@dataclass(frozen=True, slots=True)
class Clause:
    """One numbered sentence of the specification.

    `since` is the first api-version that has the rule, `until` the first that has it no more.
    """

    identifier: str
    prose: str
    level: Level
    basis: Basis
    sources: tuple[Source, ...]
    kind: Kind
    since: str | None = None
    until: str | None = None

    @property
    def area(self) -> str:
        """The letters of the identifier, which name the part of the service it speaks of."""
        return self.identifier.rpartition("-")[0]

    @property
    def demands(self) -> bool:
        """True where a breach can count against an implementation (MUST and SHOULD)."""
        return self.level in (Level.MUST, Level.SHOULD)


_REGISTERED: dict[str, Clause] = {}


def declare(
    identifier: str,
    prose: str,
    *,
    level: Level,
    basis: Basis,
    sources: tuple[Source, ...],
    kind: Kind,
    since: str | None = None,
    until: str | None = None,
) -> Clause:
    """Enter a clause in the catalogue and return it.

    Raises ValueError for an identifier that is taken: identifiers are never reused.
    """
    if identifier in _REGISTERED:
        raise ValueError(f"clause {identifier} is declared twice")
    clause = Clause(identifier, " ".join(prose.split()), level, basis, sources, kind, since, until)
    _REGISTERED[identifier] = clause
    return clause


def registered() -> tuple[Clause, ...]:
    """All clauses declared so far, ordered by area and serial. See `catalogue` for the whole."""
    return tuple(sorted(_REGISTERED.values(), key=_order))


def _order(clause: Clause) -> tuple[str, int]:
    area, _, serial = clause.identifier.rpartition("-")
    return area, int(serial)


def severity(level: Level, basis: Basis, *, strict: bool = False, live: bool = False) -> Severity:
    """How a breach counts: the one table that every verdict uses.

    `strict` makes inferred demands count in full; `live` is set for a paid service in use, whose
    answer overrules what was only observed on another day.
    """
    if level in (Level.MAY, Level.OPEN):
        return Severity.NONE
    if basis is Basis.INFERRED:
        return Severity.FAILURE if strict else Severity.WARNING
    if level is Level.SHOULD:
        return Severity.WARNING if live and not strict else Severity.FAILURE
    return Severity.FAILURE
