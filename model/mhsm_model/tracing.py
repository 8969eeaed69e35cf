"""trace(): what each guard of an operation says of a call, one after the other.

The acceptor asks the same guards and keeps what it needs for a verdict. Here every answer is kept,
for people who want to see how a call was decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from mhsm_model.alternatives import situations
from mhsm_model.belief import objections
from mhsm_model.exchange import Call, Refused, Reply, Unauthenticated
from mhsm_model.operations import BY_REQUEST
from mhsm_model.operations.operation import Operation
from mhsm_model.rules import Guard, Objection
from mhsm_model.situation import Situation
from mhsm_model.state import Estate
from mhsm_model.tables.errors import Refusal

__all__ = ["Answer", "Asked", "Trace", "trace"]


class Answer(Enum):
    """What a guard says."""

    PASSES = "passes"
    REFUSES = "refuses"
    MAY_REFUSE = "may refuse"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Asked:
    """One guard and its answer.

    `objection` is what it demands of an error answer, where it objects; `closed_by` are the guards
    it presupposes that leave nothing to ask it of. `decides` tells that the reply is an error
    answer which this objection allows.
    """

    guard: Guard[Any]
    answer: Answer
    objection: Objection = None
    closed_by: tuple[Guard[Any], ...] = ()
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """The guards of an operation in their order, as one situation answers them.

    `situations` is how many the call may have met: this is the first in which the guards allow the
    reply, or the first of all.
    """

    operation: Operation[Any, Any]
    situation: Situation[Any]
    asked: tuple[Asked, ...]
    situations: int

    @property
    def deciding(self) -> tuple[Asked, ...]:
        """The guards that explain the error answer; empty for a success."""
        return tuple(row for row in self.asked if row.decides)

    @property
    def objecting(self) -> tuple[Asked, ...]:
        """The guards that refuse, or may."""
        return tuple(row for row in self.asked if row.objection is not None)


def trace(estate: Estate, call: Call, reply: Reply) -> Trace | None:
    """What the guards say of a call that was answered so, before which `estate` was known.

    None for what no operation carries out: see `misfits`. Raises KeyError for a host that the
    estate lacks.
    """
    operation = BY_REQUEST.get(type(call.request))
    if operation is None:
        return None
    traces = [
        (situation, tuple(_answers(operation, situation, reply)))
        for situation in situations(estate, call, reply)
    ]
    allowing = (found for found in traces if _allow(found[1], reply))
    situation, asked = next(allowing, traces[0])
    return Trace(operation, situation, asked, len(traces))


def _answers(
    operation: Operation[Any, Any], situation: Situation[Any], reply: Reply
) -> Iterator[Asked]:
    found = {id(guard): objection for guard, objection in objections(operation.guards, situation)}
    closed: set[int] = set()
    for guard in operation.guards:
        closing = tuple(needed for needed in guard.presupposes if id(needed) in closed)
        objection = found.get(id(guard))
        if closing:
            closed.add(id(guard))
            yield Asked(guard, Answer.NOT_ASKED, closed_by=closing)
        elif objection is None:
            yield Asked(guard, Answer.PASSES)
        elif isinstance(objection, Refusal):
            closed.add(id(guard))
            yield Asked(
                guard, Answer.REFUSES, objection, decides=_admits(objection, situation, reply)
            )
        else:
            decides = _admits(objection.refusal, situation, reply)
            yield Asked(guard, Answer.MAY_REFUSE, objection, decides=decides)


def _admits(refusal: Refusal, situation: Situation[Any], reply: Reply) -> bool:
    if not isinstance(reply, Refused | Unauthenticated):
        return False
    return refusal.admits(reply, host_masked=situation.call.host_masked)


def _allow(asked: tuple[Asked, ...], reply: Reply) -> bool:
    """Whether the guards allow the reply: one explains an error, none refuses a success."""
    if isinstance(reply, Refused | Unauthenticated):
        return any(row.decides for row in asked)
    return not any(row.answer is Answer.REFUSES for row in asked)
