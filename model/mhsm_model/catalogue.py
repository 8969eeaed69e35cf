"""The catalogue: every clause of the specification, gathered from all chapters."""

from __future__ import annotations

from functools import cache
from typing import Final

from mhsm_model.clauses import Clause, registered
from mhsm_model.operations import OPERATIONS
from mhsm_model.staleness import LAG
from mhsm_model.wire.judge import WIRE_RULES

__all__ = ["catalogue", "clause"]

CHAPTERS: Final = (OPERATIONS, WIRE_RULES, LAG)
"""Importing the chapters enters their clauses; these reach every one of them."""


@cache
def catalogue() -> tuple[Clause, ...]:
    """All clauses, ordered by area and serial."""
    return registered()


@cache
def _by_identifier() -> dict[str, Clause]:
    return {row.identifier: row for row in catalogue()}


def clause(identifier: str) -> Clause:
    """The clause of that identifier; raises KeyError where there is none."""
    return _by_identifier()[identifier]
