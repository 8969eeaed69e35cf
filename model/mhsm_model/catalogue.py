"""The catalogue: every clause of the specification, gathered from all chapters."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import mhsm_model
from mhsm_model.clauses import Clause, registered

__all__ = ["catalogue", "clause"]


@cache
def catalogue() -> tuple[Clause, ...]:
    """All clauses, ordered by area and serial."""
    for module in pkgutil.walk_packages(mhsm_model.__path__, f"{mhsm_model.__name__}."):
        if ".tests" not in module.name:
            importlib.import_module(module.name)
    return registered()


def clause(identifier: str) -> Clause:
    """The clause of that identifier; raises KeyError where there is none."""
    for row in catalogue():
        if row.identifier == identifier:
            return row
    raise KeyError(identifier)
