"""The names of an instance in the order of its lists, sorted once for a list of many pages."""

from __future__ import annotations

from collections import deque
from typing import Final

from immutables import Map

from mhsm_model.state import Factor

__all__ = ["names_in_order"]

_LATEST: Final[deque[tuple[Map[str, Factor], list[str]]]] = deque(maxlen=4)
"""The maps that were listed last, each with its names. A map never changes in place."""


def names_in_order(factors: Map[str, Factor]) -> list[str]:
    """The names, ascending. The list is shared: it is not to be changed."""
    for known, names in tuple(_LATEST):
        if known is factors:
            return names
    names = sorted(factors)
    _LATEST.append((factors, names))
    return names
