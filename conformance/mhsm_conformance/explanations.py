"""The checked file of survivors: which corruptions may pass, why, and how many at most.

A survivor that is not in the file, or is there more often than it says, fails the examination, and
so does an entry that nothing survives for: the file says neither more nor less than what is true of
the recordings it is about.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from mhsm_conformance.scores import Survivor

__all__ = [
    "Allowance",
    "allowances",
    "as_toml",
    "class_explanations",
    "differences",
    "is_about",
]

Allowance = dict[tuple[str, str, str], int]
"""The most that may survive, by class, operator and operation."""


@cache
def _document() -> dict[str, Any]:
    text = files("mhsm_conformance").joinpath("survivors.toml").read_text("utf-8")
    return tomllib.loads(text)


def is_about(sessions: int, exchanges: int) -> bool:
    """Whether the file is about recordings of that many sessions and exchanges."""
    document = _document()
    return (sessions, exchanges) == (document["sessions"], document["exchanges"])


def class_explanations() -> dict[str, str]:
    """What each class of survivors is explained by."""
    return {row["class"]: row["explanation"] for row in _document()["survivors"]}


def allowances() -> Allowance:
    """The most that may survive, as the file says."""
    return {
        (row["class"], operator, operation): most
        for row in _document()["survivors"]
        for operator, operations in row["at_most"].items()
        for operation, most in operations.items()
    }


def differences(found: Sequence[Survivor], allowed: Allowance) -> list[str]:
    """Where the survivors are not those of the file, a sentence each."""
    told: list[str] = []
    seen: set[tuple[str, str, str]] = set()
    for survivor in found:
        key = (survivor.reason, survivor.operator, survivor.operation)
        seen.add(key)
        most = allowed.get(key)
        where = f"{survivor.operator} on {survivor.operation} ({survivor.reason})"
        example = f"for example {survivor.session}, {survivor.sequence}"
        if most is None:
            told.append(f"{where} survives {survivor.count} times and is not listed; {example}")
        elif survivor.count > most:
            told.append(f"{where} survives {survivor.count} times, {most} are listed; {example}")
    told += [
        f"{operator} on {operation} ({reason}) is listed, and none survives: the entry is stale"
        for reason, operator, operation in sorted(allowed.keys() - seen)
    ]
    return told


def as_toml(found: Iterable[Survivor]) -> str:
    """The tables of the file that would list these survivors, without the explanations."""
    lines: list[str] = []
    place: tuple[str, str] | None = None
    reason = ""
    for survivor in found:
        if survivor.reason != reason:
            reason = survivor.reason
            lines += ["", "[[survivors]]", f'class = "{reason}"']
        if (reason, survivor.operator) != place:
            place = (reason, survivor.operator)
            lines.append(f'[survivors.at_most."{survivor.operator}"]')
        lines.append(f"{survivor.operation} = {survivor.count}")
    return "\n".join(lines).lstrip() + "\n"
