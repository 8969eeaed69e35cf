"""Known defects of published recordings, with what explains each."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

__all__ = ["explained", "known_defects"]


@cache
def known_defects() -> Mapping[tuple[str, int], tuple[frozenset[str], str]]:
    """The clauses and the explanation of every known defect, by session and sequence number."""
    text = files("mhsm_targets.recordings").joinpath("defects.toml").read_text("utf-8")
    return {
        (row["session"], row["seq"]): (frozenset(row["clauses"]), row["explanation"])
        for row in tomllib.loads(text)["defect"]
    }


def explained(session: str, sequence: int, clauses: Iterable[str]) -> str | None:
    """What explains the rejection of an exchange by these clauses, or None.

    A rejection by any other clause than those listed is not explained.
    """
    known = known_defects().get((session, sequence))
    if known is None or not set(clauses) <= known[0]:
        return None
    return known[1]
