"""The clauses of a run as rows: what supports each, and by area how far the support goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mhsm_reports.evidence import Evidence, EvidenceKind
from mhsm_reports.results import ClauseResult

LETTERS: Final[Mapping[EvidenceKind, str]] = {
    EvidenceKind.SELF: "S",
    EvidenceKind.MUTANT: "M",
    EvidenceKind.SECOND: "2",
    EvidenceKind.RECORDED: "R",
    EvidenceKind.LIVE: "L",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of evidence in a row: its letter, and what there is of it (None: nothing)."""

    kind: EvidenceKind
    letter: str
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """One clause with its evidence, a place for each kind."""

    clause: ClauseResult
    places: tuple[Place, ...]

    @property
    def held_kinds(self) -> str:
        """The kinds that support it, as the filter knows them."""
        return " ".join(
            place.letter for place in self.places if place.evidence and place.evidence.holds
        )


@dataclass(frozen=True, slots=True)
class AreaRow:
    """How many clauses of an area each kind of evidence supports; "" is all areas."""

    area: str
    clauses: int
    by_kind: tuple[tuple[EvidenceKind, int], ...]
    weak: int


def clause_rows(
    clauses: Sequence[ClauseResult], evidence: Mapping[str, Sequence[Evidence]]
) -> tuple[ClauseRow, ...]:
    """Join clauses with their evidence."""
    rows: list[ClauseRow] = []
    for clause in clauses:
        found = {item.kind: item for item in evidence.get(clause.id, ())}
        places = tuple(Place(kind, LETTERS[kind], found.get(kind)) for kind in EvidenceKind)
        rows.append(ClauseRow(clause, places))
    return tuple(rows)


def area_rows(rows: Sequence[ClauseRow]) -> tuple[AreaRow, ...]:
    """Count by area, areas in the order of the clauses; the last row counts all."""
    areas: dict[str, list[ClauseRow]] = {}
    for row in rows:
        areas.setdefault(row.clause.area, []).append(row)
    return (*(_area(name, members) for name, members in areas.items()), _area("", rows))


def _area(name: str, rows: Sequence[ClauseRow]) -> AreaRow:
    by_kind: list[tuple[EvidenceKind, int]] = []
    for index, kind in enumerate(EvidenceKind):
        places = [row.places[index].evidence for row in rows]
        by_kind.append((kind, sum(item is not None and item.holds for item in places)))
    weak = sum(row.held_kinds in ("", LETTERS[EvidenceKind.SELF]) for row in rows)
    return AreaRow(name, len(rows), tuple(by_kind), weak)
