"""Durations as people type them: 90d, 1h30m, 45s, or a number of seconds."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["FORM", "seconds_in"]

FORM: Final = "90d, 12h, 30m, 45s, 1d12h, or seconds"
_UNITS: Final = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_PARTS: Final = re.compile(r"(?:[0-9]+[wdhms])+", re.ASCII)
_LONGEST: Final = 10
"""Digits: more seconds than a date of the service's has."""


def seconds_in(text: str) -> int | None:
    """The seconds of a duration, or None for a text that is none."""
    if re.fullmatch(rf"[0-9]{{1,{_LONGEST}}}", text, re.ASCII):
        return int(text)
    if not _PARTS.fullmatch(text) or len(text) > 2 * _LONGEST:
        return None
    parts = re.findall(r"([0-9]+)([wdhms])", text)
    return sum(int(count) * _UNITS[unit] for count, unit in parts)
