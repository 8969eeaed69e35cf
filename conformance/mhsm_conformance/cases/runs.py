"""Runs: a value in pieces, where a byte or a letter of it stands many times in a row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

__all__ = ["runs"]

_LONG: Final = 64
"""A byte or letter that stands so often in a row is a piece of its own."""


def runs(value: str | bytes) -> Iterator[tuple[str | bytes, int]]:
    """Pieces of the value, each with how often it stands there in a row; none for an empty one."""
    told = place = 0
    for _, run in groupby(value):
        times = sum(1 for _ in run)
        if times >= _LONG:
            if told < place:
                yield value[told:place], 1
            yield value[place : place + 1], times
            told = place + times
        place += times
    if told < place:
        yield value[told:place], 1
