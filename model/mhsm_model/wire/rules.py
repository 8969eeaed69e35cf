"""Wire rules: clauses about the bytes of an exchange, each with the function that decides it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from mhsm_model.clauses import Basis, Clause, Kind, Level, Source, declare
from mhsm_model.findings import Finding
from mhsm_model.wire.exchange import WireExchange

__all__ = ["WireRule", "wire_rule"]


@dataclass(frozen=True, slots=True, eq=False)
class WireRule:
    """A clause about the bytes of an exchange."""

    clause: Clause
    finds: Callable[[WireExchange], Finding]


def wire_rule(
    identifier: str,
    *,
    level: Level = Level.SHOULD,
    basis: Basis = Basis.OBSERVED,
    sources: tuple[Source, ...],
) -> Callable[[Callable[[WireExchange], Finding]], WireRule]:
    """Declare the decorated function as the wire rule of a clause; its docstring is the prose."""

    def declared(function: Callable[[WireExchange], Finding]) -> WireRule:
        clause = declare(
            identifier,
            inspect.getdoc(function) or "",
            level=level,
            basis=basis,
            sources=sources,
            kind=Kind.WIRE,
        )
        return WireRule(clause, function)

    return declared
