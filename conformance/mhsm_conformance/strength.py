"""The strength of the judge: corrupted sessions that it rejects, of those that a clause can see.

A judge that accepts everything is worthless. Each operator of `corruption.gallery` alters one reply
of a session; the whole session is then judged with that one alteration. It is found where an
exchange is rejected that was not before, at the altered place or later.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from mhsm_conformance.corruption.gallery import OPERATORS
from mhsm_conformance.corruption.operator import Alteration, Blindness, Operator, Seen
from mhsm_conformance.corruption.session import Place, RecordedSession
from mhsm_conformance.examination import RecordedVerdict, examined
from mhsm_conformance.progress import Progress

__all__ = ["EACH", "Outcome", "Trial", "trials"]

EACH: Final = 12
"""How often an operator is applied to one operation unless told otherwise."""


class Outcome(StrEnum):
    """What became of a corruption."""

    HERE = "here"
    LATER = "later"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Trial:
    """One corrupted session: what was foretold, and what the judge found.

    `why` is None where a clause of `foretold` can see the corruption, else the reason why none can.
    `by` are the clauses of the first rejection.
    """

    operator: str
    operation: str
    session: str
    sequence: int
    why: Blindness | None
    foretold: tuple[str, ...]
    outcome: Outcome
    by: tuple[str, ...] = ()

    @property
    def visible(self) -> bool:
        """Whether a clause can see the corruption."""
        return self.why is None

    @property
    def found(self) -> bool:
        """Whether the judge rejected an exchange because of it."""
        return self.outcome is not Outcome.MISSED

    def as_json(self) -> dict[str, Any]:
        """The trial as JSON values."""
        return {
            "operator": self.operator,
            "operation": self.operation,
            "session": self.session,
            "seq": self.sequence,
            "visible": self.visible,
            "why": None if self.why is None else self.why.value,
            "foretold": list(self.foretold),
            "outcome": self.outcome.value,
            "by": list(self.by),
        }


_OPERATORS: list[Operator] = []
_SESSIONS: list[RecordedSession] = []
_REJECTED: list[frozenset[int]] = []
"""What every worker needs; a fork inherits it, so only numbers are sent."""


def trials(
    sessions: Sequence[RecordedSession],
    each: int | None,
    workers: int,
    progress: Progress,
    operators: Sequence[Operator] = OPERATORS,
) -> Iterator[Trial]:
    """Corrupt and judge, operator by operator, in the order in which they are done.

    `each` is the most that one operator is applied to one operation, None for every place. Which
    places are chosen depends on names and numbers alone, so that the same files give the same
    trials.
    """
    _OPERATORS[:] = operators
    _SESSIONS[:] = sessions
    _REJECTED[:] = [_rejected(session) for session in sessions]
    progress.begin(len(operators))
    try:
        if workers == 1:
            for number, operator in enumerate(operators):
                yield from _told(progress, operator.name, _try(number, each))
            return
        # A fork starts with everything loaded.
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            running = {pool.submit(_try, n, each): o.name for n, o in enumerate(operators)}
            for done in as_completed(running):
                yield from _told(progress, running[done], done.result())
    finally:
        progress.close()


def _told(progress: Progress, name: str, found: list[Trial]) -> list[Trial]:
    progress.trying(name)
    progress.exchanged(len(found))
    progress.finished("passed", name)
    return found


def _rejected(session: RecordedSession) -> frozenset[int]:
    """The exchanges that are rejected as they were recorded."""
    verdicts = examined(session.file, session.header, session.exchanges)
    return frozenset(v.sequence for v in verdicts if v.verdict is RecordedVerdict.REJECTED)


def _try(chosen: int, each: int | None) -> list[Trial]:
    operator = _OPERATORS[chosen]
    by_operation: dict[str, list[tuple[int, int, Place]]] = {}
    for number, session in enumerate(_SESSIONS):
        for place in session.places:
            if place.exchange.sequence not in _REJECTED[number]:
                key = place.draw(f"chosen for {operator.name}", 1 << 62)
                by_operation.setdefault(place.operation, []).append((key, number, place))
    found: list[Trial] = []
    for operation in sorted(by_operation):
        done = 0
        for _, number, place in sorted(by_operation[operation], key=lambda row: row[:2]):
            alteration = operator.corrupts(place)
            if alteration is None:
                continue
            found.append(_trial(operator, place, alteration, _REJECTED[number]))
            done += 1
            if each is not None and done >= each:
                break
    return found


def _trial(
    operator: Operator, place: Place, alteration: Alteration, rejected: frozenset[int]
) -> Trial:
    session, sight = place.session, alteration.sight
    outcome, by = Outcome.MISSED, tuple[str, ...]()
    here = {session.exchanges[index].sequence for index in alteration.answers}
    for verdict in examined(session.file, session.header, session.altered(alteration.answers)):
        if verdict.verdict is RecordedVerdict.REJECTED and verdict.sequence not in rejected:
            outcome = Outcome.HERE if verdict.sequence in here else Outcome.LATER
            by = tuple(breach.clause.identifier for breach in verdict.breaches)
            break
    return Trial(
        operator=operator.name,
        operation=place.operation,
        session=session.header.session,
        sequence=place.exchange.sequence,
        why=None if isinstance(sight, Seen) else sight.why,
        foretold=sight.clauses if isinstance(sight, Seen) else (),
        outcome=outcome,
        by=by,
    )
