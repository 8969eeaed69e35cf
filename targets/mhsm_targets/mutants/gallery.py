"""The gallery: every mutant there is.

Each guard that demands a refusal has a mutant made from it, which does not ask it. The others are
written by hand in the modules beside this one, each with the clause it breaks.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Final

from mhsm_model.catalogue import catalogue
from mhsm_model.clauses import Kind
from mhsm_model.operations import OPERATIONS
from mhsm_targets.mutants.mutant import IgnoredGuard, Mutant, register, registered_mutants

__all__ = ["gallery", "mutant"]

_WRITTEN: Final = (
    "backups",
    "bodies",
    "births",
    "bundles",
    "canaries",
    "ciphertexts",
    "deletions",
    "frames",
    "headers",
    "instances",
    "lists",
    "paths",
    "random_values",
    "refusals",
    "signatures",
    "versions",
    "wrapped_keys",
)


@cache
def gallery() -> tuple[Mutant, ...]:
    """All mutants, by clause and name."""
    for module in _WRITTEN:
        importlib.import_module(f"mhsm_targets.mutants.{module}")
    asked = {guard.clause.identifier for row in OPERATIONS for guard in row.guards}
    for clause in catalogue():
        if clause.kind is Kind.GUARD and clause.demands and clause.identifier in asked:
            name = f"unguarded-{clause.identifier.lower()}"
            prose = f"Does not do what {clause.identifier} says: {clause.prose}"
            register(Mutant(name, clause.identifier, prose, IgnoredGuard(clause.identifier)))
    return registered_mutants()


def mutant(name: str) -> Mutant:
    """The mutant of that name; raises KeyError where there is none."""
    for row in gallery():
        if row.name == name:
            return row
    raise KeyError(name)
