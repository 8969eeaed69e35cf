"""Operators that write a member as a value of another JSON type, or a time in another unit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, cast

from mhsm_conformance.corruption.absences import at_path
from mhsm_conformance.corruption.operator import Alteration, Operator, Seen, altered
from mhsm_conformance.corruption.session import Document, Place

__all__ = ["TYPES"]

_TIMES: Final = frozenset({"created", "updated", "nbf", "exp", "deletedDate", "scheduledPurgeDate"})
_SCHEMA: Final = ("WIRE-001", "API-004", "API-005", "ERR-101")


def _members(document: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all members and elements of a JSON document."""
    steps: list[Any] = []
    if isinstance(document, dict):
        steps = list(cast("dict[str, Any]", document))
    elif isinstance(document, list):
        steps = list(range(len(cast("Sequence[Any]", document))))
    for step in steps:
        yield (*path, step)
        yield from _members(document[step], (*path, step))


def _retyped(
    name: str,
    sentence: str,
    applies: Callable[[str, Any], bool],
    change: Callable[[Any], Any],
    clauses: tuple[str, ...] = _SCHEMA,
) -> Operator:
    """The operator that changes one member of those to which it applies, by name and value."""

    def corrupts(place: Place) -> Alteration | None:
        shown = place.shown
        if shown is None:
            return None
        fitting = [path for path in _members(shown) if _fits(shown, path, applies)]
        if not fitting:
            return None
        path = fitting[place.draw(name, len(fitting))]
        document = place.document()
        at_path(document, path[:-1])[path[-1]] = change(at_path(document, path))
        return altered(place, place.with_document(document), Seen(clauses))

    return Operator(name, sentence, corrupts)


def _fits(
    shown: Document, path: tuple[str | int, ...], applies: Callable[[str, Any], bool]
) -> bool:
    named = [step for step in path if isinstance(step, str)]
    return applies(named[-1] if named else "", at_path(shown, path))


def _is_number(name: str, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_time(name: str, value: Any) -> bool:
    return name in _TIMES and _is_number(name, value)


def _iso(value: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(value))


TYPES: Final[tuple[Operator, ...]] = (
    _retyped("number-to-text", "Write a number as a string.", _is_number, str),
    _retyped("text-to-number", "Write a string as a number.", lambda n, v: isinstance(v, str), len),
    _retyped(
        "boolean-to-text",
        "Write true or false as a string.",
        lambda n, v: isinstance(v, bool),
        lambda value: str(value).lower(),
    ),
    _retyped(
        "boolean-to-number",
        "Write true or false as 1 or 0.",
        lambda n, v: isinstance(v, bool),
        int,
    ),
    _retyped(
        "list-to-text",
        "Write a list as a string of its elements.",
        lambda n, v: isinstance(v, list),
        lambda value: ",".join(str(element) for element in value),
    ),
    _retyped(
        "object-to-list",
        "Write an object as the list of its values.",
        lambda n, v: isinstance(v, dict),
        lambda value: list(value.values()),
    ),
    _retyped(
        "time-in-milliseconds",
        "Write a time in milliseconds.",
        _is_time,
        lambda value: 1000 * value,
        ("API-005",),
    ),
    _retyped("time-as-text", "Write a time as ISO 8601 text.", _is_time, _iso, ("API-005",)),
    _retyped(
        "time-as-fraction",
        "Write a time with a fraction of a second.",
        _is_time,
        lambda value: value + 0.5,
        ("API-005",),
    ),
)
