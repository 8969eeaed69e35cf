"""Where clauses stand in the tables of the operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mhsm_model.clauses import Clause, Kind
from mhsm_model.operations import OPERATIONS

__all__ = ["Place", "places", "presupposing", "reach"]


@dataclass(frozen=True, slots=True)
class Place:
    """A clause's row in the table of an operation.

    `part` is `guard` or `ensures`; `order` counts the rows of the part from 1, `rows` is how many
    it has. `presupposes` are the clauses whose guards must not refuse before this one is asked.
    """

    operation: str
    part: str
    order: int
    rows: int
    presupposes: tuple[str, ...] = ()


@cache
def places() -> Mapping[str, tuple[Place, ...]]:
    """The places of each clause that stands in a table, by its identifier."""
    found: dict[str, list[Place]] = {}
    for row in OPERATIONS:
        for order, guard in enumerate(row.guards, 1):
            needed = tuple(other.clause.identifier for other in guard.presupposes)
            place = Place(row.name, "guard", order, len(row.guards), needed)
            found.setdefault(guard.clause.identifier, []).append(place)
        for order, ensured in enumerate(row.ensures, 1):
            place = Place(row.name, "ensures", order, len(row.ensures))
            found.setdefault(ensured.clause.identifier, []).append(place)
    return {identifier: tuple(rows) for identifier, rows in found.items()}


@cache
def presupposing() -> Mapping[str, tuple[str, ...]]:
    """For each clause that is presupposed, the clauses whose guards do so."""
    found: dict[str, set[str]] = {}
    for identifier, rows in places().items():
        for needed in {name for row in rows for name in row.presupposes}:
            found.setdefault(needed, set()).add(identifier)
    return {identifier: tuple(sorted(others)) for identifier, others in found.items()}


def reach(clause: Clause) -> str | None:
    """What a clause speaks of that stands in no table, in words; None for one that does."""
    if clause.identifier in places():
        return None
    match clause.kind:
        case Kind.WIRE:
            return "the bytes of every response"
        case Kind.QUESTION:
            return "messages that clients do not send"
        case Kind.GUARD:
            return "requests that are no operation's, or have not its schema"
        case _:
            return "every exchange"
