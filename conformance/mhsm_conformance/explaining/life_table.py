"""The life of a key name: which operation leads from which stage to which, and what refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Final

from mhsm_conformance.guards.scenes import EC, SUBJECT, request_in_scene
from mhsm_conformance.opening import HOSTS, Bench
from mhsm_conformance.session import InstanceSession
from mhsm_model.alternatives import situations
from mhsm_model.belief import objections
from mhsm_model.exchange import Call, Credential, DeleteKey, PurgeDeletedKey, RecoverDeletedKey
from mhsm_model.moments import Interval
from mhsm_model.operations import BY_REQUEST
from mhsm_model.operations.operation import Operation
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.state import Absent, Active
from mhsm_model.tables.errors import Refusal
from mhsm_model.tables.lifecycle import LAPSES, TRANSITIONS, Stage

__all__ = ["LifeRow", "edges", "life_rows"]

_OPERATIONS: Final = {row.request.__name__: row for row in BY_REQUEST.values()}


@dataclass(frozen=True, slots=True)
class LifeRow:
    """An operation on a name: by stage, the stage afterwards, or the clauses that refuse it."""

    operation: str
    leads_to: Mapping[str, str]
    refused_by: Mapping[str, tuple[str, ...]]

    def as_json(self) -> dict[str, Any]:
        """The row as JSON values."""
        return asdict(self)


def edges() -> Mapping[tuple[Stage, Stage], tuple[str, ...]]:
    """From stage to stage, what leads there: names of operations, and of times that come."""
    found: dict[tuple[Stage, Stage], list[str]] = {}
    for row in TRANSITIONS:
        name = _OPERATIONS[row.operation].name
        found.setdefault((row.before, row.after), []).append(name)
    for lapse in LAPSES:
        found.setdefault((lapse.before, lapse.after), []).append(f"{lapse.operation} comes")
    return {ends: tuple(names) for ends, names in found.items()}


@cache
def life_rows() -> tuple[LifeRow, ...]:
    """Every operation on a name, at every stage of it."""
    named = dict.fromkeys(row.operation for row in TRANSITIONS)
    return tuple(_row(_OPERATIONS[name]) for name in named)


def _row(row: Operation[Any, Any]) -> LifeRow:
    own = [t for t in TRANSITIONS if t.operation == row.request.__name__]
    leads = {transition.before.value: transition.after.value for transition in own}
    refused = {s.value: _refusing(row, s) for s in Stage if s.value not in leads}
    return LifeRow(row.name, leads, refused)


def _refusing(row: Operation[Any, Any], stage: Stage) -> tuple[str, ...]:
    """The clauses that refuse a request of the operation, lawful elsewhere, at the stage."""
    bench = Bench("model", 0, "smoke")
    try:
        hsm = bench.open_default().at(HOSTS[0])
        request = request_in_scene(hsm, row.request)
        _bring(hsm, stage)
        now, estate = hsm.session.now(), hsm.session.estate
    finally:
        bench.close()
    time = Interval(now, now)
    call = Call(HOSTS[0], request, time, LATEST_RECORDED, Credential.TOKEN)
    found = (objections(row.guards, situation) for situation in situations(estate, call))
    told = (
        guard.clause.identifier
        for objecting in found
        for guard, objection in objecting
        if isinstance(objection, Refusal)
    )
    return tuple(dict.fromkeys(told))


def _bring(hsm: InstanceSession, stage: Stage) -> None:
    """Let the subject be at the stage, from wherever it is."""
    factor = hsm.session.estate.instances[hsm.host].factors.get(SUBJECT)
    entry = Absent() if factor is None else factor.entries[0]
    if isinstance(entry, Absent):
        hsm.send(EC)
    elif not isinstance(entry, Active):
        hsm.send(RecoverDeletedKey(SUBJECT))
    if stage is not Stage.ACTIVE:
        hsm.send(DeleteKey(SUBJECT))
    if stage is Stage.ABSENT:
        hsm.send(PurgeDeletedKey(SUBJECT))
