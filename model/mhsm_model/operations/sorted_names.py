"""The names of an instance in the order of its lists, put in order once for all pages of a list."""

from __future__ import annotations

from collections import deque
from typing import Final

from immutables import Map

from mhsm_model.state import Active, Deleted, Factor

__all__ = ["Stage", "sorted_names"]

Stage = type[Active] | type[Deleted]

_SORTED: Final[deque[tuple[Map[str, Factor], Stage, list[str]]]] = deque(maxlen=8)
"""What was put in order last. Nothing but a change makes the factors of an instance others."""


def sorted_names(factors: Map[str, Factor], stage: Stage) -> list[str]:
    """The names of what stands at that stage, where each factor has one alternative."""
    for held, of, names in tuple(_SORTED):
        if held is factors and of is stage:
            return names
    names = sorted(name for name, f in factors.items() if isinstance(f.entries[0], stage))
    _SORTED.appendleft((factors, stage, names))
    return names
