"""Trials counted: by operator, by operation, and what survived by the reason why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mhsm_conformance.strength import Outcome, Trial

__all__ = ["LEAST_FOUND", "MISSED", "Score", "Survivor", "found_share", "scores", "survivors"]

LEAST_FOUND: Final = 0.95
"""The share of the corruptions that a clause can see which must be found."""

MISSED: Final = "missed"
"""The class of a survivor that a clause can see."""


@dataclass(slots=True)
class Score:
    """What became of some trials.

    `visible` is how many a clause can see, of which `here` were found where the reply was altered
    and `later` at a later exchange. `unforeseen` were found although none was thought to see them.
    `named` were found by a clause that the operator names.
    """

    name: str
    applied: int = 0
    visible: int = 0
    here: int = 0
    later: int = 0
    named: int = 0
    unforeseen: int = 0

    @property
    def missed(self) -> int:
        """The visible ones that were not found."""
        return self.visible - self.here - self.later

    @property
    def unseen(self) -> int:
        """Those that no clause can see, and none saw."""
        return self.applied - self.visible - self.unforeseen

    def add(self, trial: Trial) -> None:
        """Count one trial."""
        self.applied += 1
        if not trial.visible:
            self.unforeseen += trial.found
            return
        self.visible += 1
        self.here += trial.outcome is Outcome.HERE
        self.later += trial.outcome is Outcome.LATER
        self.named += trial.found and not {*trial.foretold}.isdisjoint(trial.by)

    def as_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {
            "name": self.name,
            "applied": self.applied,
            "visible": self.visible,
            "found_here": self.here,
            "found_later": self.later,
            "found_by_named_clause": self.named,
            "missed": self.missed,
            "unseen": self.unseen,
            "unforeseen": self.unforeseen,
        }


def scores(trials: Iterable[Trial], key: Callable[[Trial], str]) -> list[Score]:
    """The scores of the trials by a key, ordered by it."""
    found: dict[str, Score] = {}
    for trial in trials:
        found.setdefault(key(trial), Score(key(trial))).add(trial)
    return [found[name] for name in sorted(found)]


def found_share(trials: Iterable[Trial]) -> float:
    """The share of visible corruptions that were found; 1 where there were none."""
    visible = [trial.found for trial in trials if trial.visible]
    return sum(visible) / len(visible) if visible else 1.0


@dataclass(frozen=True, slots=True)
class Survivor:
    """Corruptions of one operator and operation that survived for the same reason.

    `session` and `sequence` are those of the first, as an example.
    """

    reason: str
    operator: str
    operation: str
    count: int
    session: str
    sequence: int

    def as_json(self) -> dict[str, Any]:
        """The survivor as JSON values."""
        return {
            "class": self.reason,
            "operator": self.operator,
            "operation": self.operation,
            "count": self.count,
            "session": self.session,
            "seq": self.sequence,
        }


def survivors(trials: Sequence[Trial]) -> list[Survivor]:
    """What was not found, ordered by reason, operator and operation."""
    found: dict[tuple[str, str, str], list[Trial]] = {}
    for trial in trials:
        if not trial.found:
            reason = MISSED if trial.why is None else trial.why.value
            found.setdefault((reason, trial.operator, trial.operation), []).append(trial)
    return [
        Survivor(*key, len(group), group[0].session, group[0].sequence)
        for key, group in sorted(found.items())
    ]
