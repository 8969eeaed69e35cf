"""Answers of replicas that do not know the latest yet: any state of the last seconds may be shown.

Source: the vendor's documentation of multi-region replication. What is judged is one key name at a
time: a list may show one name as it is and another as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from immutables import Map

from mhsm_model.acceptor import Strictness, accepts
from mhsm_model.alternatives import factor_at
from mhsm_model.belief import advanced
from mhsm_model.clauses import Basis, Kind, Level, declare
from mhsm_model.exchange import (
    Call,
    Malformed,
    Refused,
    Reply,
    Unmodelled,
)
from mhsm_model.judgement import Judgement
from mhsm_model.requests import CHANGING
from mhsm_model.sources import REPLICATION
from mhsm_model.state import Estate, Factor, Instance

__all__ = ["LAG", "RecentStates"]

LAG: Final = declare(
    "API-013",
    "Answer from a replica that does not know the latest writes yet, for up to about six minutes.",
    level=Level.MAY,
    basis=Basis.DOCUMENTED,
    sources=(REPLICATION,),
    kind=Kind.CHOICE,
)

_NOT_JUDGED: Final = (Malformed, Unmodelled)


@dataclass(frozen=True, slots=True)
class RecentStates:
    """The estates of the last `window` seconds, each with the second until which it was the latest.

    A window of 0 keeps none: every answer must then be of the present.
    """

    window: int
    states: tuple[tuple[int, Estate], ...] = ()

    def followed(self, before: Estate, after: Estate, second: int) -> RecentStates:
        """The states with `before`, where an exchange that ended at that second changed it."""
        if not self.window or before.instances is after.instances:
            return self
        kept = tuple(
            (until, state) for until, state in self.states if until >= second - self.window
        )
        return replace(self, states=(*kept, (second, before)))

    def excused(
        self,
        estate: Estate,
        call: Call,
        reply: Reply,
        judgement: Judgement,
        strictness: Strictness,
    ) -> Judgement:
        """The judgement, or the one of an answer that an earlier state explains.

        Only answers that change nothing are excused: what reads or computes, and refusals. They
        teach nothing then, and test nothing: the judgement names the choice and no other clause.
        """
        if not (judgement.breaches or judgement.warnings) or not self.states:
            return judgement
        if isinstance(call.request, _NOT_JUDGED):
            return judgement
        if isinstance(call.request, CHANGING) and not isinstance(reply, Refused):
            return judgement
        recent = [s for until, s in self.states if until >= call.time.earliest - self.window]
        if not recent:
            return judgement
        possible = accepts(_with_past(estate, call.host, recent), call, reply, strictness)
        if possible.breaches or possible.warnings:
            return judgement
        shown = f"a state of the last {self.window} seconds"
        return Judgement(advanced(estate), answers=((LAG, shown),))


def _with_past(estate: Estate, host: str, recent: list[Estate]) -> Estate:
    """The estate in which each name of the instance may be as it was in any of the others."""
    present, materials = estate.instances[host], estate.materials
    instances = [s.instances[host] for s in recent if host in s.instances]
    names = {name for instance in (present, *instances) for name in instance.factors}
    factors = present.factors
    for name in names:
        factor = _either(name, present, instances)
        if factor.entries != factor_at(present, name).entries:
            factors = factors.set(name, factor)
    for state in recent:
        for identifier, material in state.materials.items():
            if identifier not in materials:
                materials = materials.set(identifier, material)
    # A list that is read on may begin at one replica and end at another.
    loosened = replace(present, factors=factors, walks=Map())
    return replace(estate, materials=materials).with_instance(host, loosened)


def _either(name: str, present: Instance, past: list[Instance]) -> Factor:
    """What may be at the name, where any of the instances may be the one that answers."""
    found = factor_at(present, name)
    earlier = (entry for instance in past for entry in factor_at(instance, name).entries)
    return replace(found, entries=tuple(dict.fromkeys((*found.entries, *earlier))))
