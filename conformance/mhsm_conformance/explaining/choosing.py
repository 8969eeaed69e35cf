"""What people mean by what they type: clauses by identifier or glob, operations in any spelling."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Final

from mhsm_model.catalogue import catalogue
from mhsm_model.clauses import Clause
from mhsm_model.operations import OPERATIONS
from mhsm_model.operations.operation import Operation

__all__ = ["UnknownNameError", "chosen_clauses", "chosen_operation", "operation_names"]

_GLOB: Final = frozenset("*?[")
_NEAR: Final = 3


class UnknownNameError(ValueError):
    """Nothing has the name; the text says what is like it."""


def chosen_clauses(patterns: Sequence[str]) -> tuple[Clause, ...]:
    """The clauses that the identifiers and globs name, each once, in the order asked.

    Case does not count. Raises UnknownNameError for the first that names none.
    """
    found: dict[str, Clause] = {}
    for pattern in patterns:
        wanted = pattern.strip().upper()
        matching = [row for row in catalogue() if fnmatchcase(row.identifier, wanted)]
        if not matching:
            raise UnknownNameError(_no_clause(pattern, wanted))
        found |= {row.identifier: row for row in matching}
    return tuple(found.values())


def _no_clause(pattern: str, wanted: str) -> str:
    known = [row.identifier for row in catalogue()]
    if _GLOB & set(wanted):
        areas = sorted({row.area for row in catalogue()})
        return f"no clause matches {pattern!r}; the areas are {', '.join(areas)}"
    near = get_close_matches(wanted, known, _NEAR, 0.6)
    area = wanted.partition("-")[0]
    of_area = [name for name in known if name.partition("-")[0] == area]
    if of_area and not near:
        near = of_area[:_NEAR]
    told = f"; did you mean {_listed(near)}?" if near else "; `mhsm clauses` lists them all"
    return f"no clause is called {pattern!r}{told}"


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def operation_names() -> tuple[str, ...]:
    """The names of all operations, in reading order."""
    return tuple(row.name for row in OPERATIONS)


def chosen_operation(name: str) -> Operation[Any, Any]:
    """The operation of that name: CreateKey, create-key, create_key and "create key" are one.

    Lists have two names, ListKeys and the service's GetKeys. Raises UnknownNameError for a name
    that is none.
    """
    spelt = _spelt(name)
    named = {_spelt(row.name): row for row in OPERATIONS}
    named |= {_spelt(row.request.__name__): row for row in OPERATIONS}
    if spelt in named:
        return named[spelt]
    longer = [key for key in named if spelt and spelt in key]
    if len({named[key].name for key in longer}) == 1:
        return named[longer[0]]
    near = dict.fromkeys(named[key].name for key in get_close_matches(spelt, named, _NEAR, 0.5))
    told = f"did you mean {_listed(list(near))}?" if near else f"there is {_all_operations()}"
    raise UnknownNameError(f"no operation is called {name!r}; {told}")


def _all_operations() -> str:
    return _listed(operation_names())


def _spelt(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
