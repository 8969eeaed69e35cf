"""What a postcondition or a wire rule finds when it looks at an exchange."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

__all__ = ["HELD", "VACUOUS", "Finding", "Mismatch", "Verdict", "expect"]


class Verdict(Enum):
    """The two findings that are no breach."""

    HELD = "held"
    VACUOUS = "vacuous"


HELD: Final = Verdict.HELD
"""The rule was satisfied where it could have been broken."""

VACUOUS: Final = Verdict.VACUOUS
"""The rule does not speak of this exchange, or nothing is known that could contradict it."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A breach: what the rule demands and what was seen instead, each as a phrase for a reader."""

    expected: str
    observed: str


Finding = Literal[Verdict.HELD, Verdict.VACUOUS] | Mismatch


def expect(condition: bool, expected: str, observed: object) -> Finding:
    """HELD where the condition is true, else the mismatch in the words given."""
    return HELD if condition else Mismatch(expected, str(observed))
