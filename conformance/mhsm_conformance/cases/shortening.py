"""Shortening a case: steps are left out as long as the clause is broken all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mhsm_conformance.cases.case import Asked, Case, Message, sources, without_steps
from mhsm_conformance.cases.trial import Trial, tried
from mhsm_targets.protocol import TargetFactory

__all__ = ["shortened"]


def _always() -> bool:
    return True


def shortened(
    case: Case,
    found: Trial,
    factory: TargetFactory,
    on_exchange: Callable[[], None] | None = None,
    may_try: Callable[[], bool] = _always,
) -> Case:
    """The shortest case found that breaks the same clause on targets of the factory.

    `found` is a trial that broke it. No single step of the result can be left out, and it opens no
    instance that it does not need. Where nothing can be left out it is the case itself. `may_try`
    is asked before each trial: once it says no, the result is the shortest so far.
    """

    def breaks(candidate: Case) -> bool:
        return may_try() and tried(candidate, factory, on_exchange).broke(case.clause)

    if found.at is not None and found.at < len(case.steps):
        case = without_steps(case, frozenset(range(found.at + 1, len(case.steps) + 1)))
    size = max(1, len(case.steps) // 2)
    while True:
        shorter = _with_less(case, size, breaks)
        if shorter is None and size == 1:
            break
        if shorter is None:
            size = max(1, size // 2)
        else:
            case = shorter
            size = max(1, min(size, len(case.steps) // 2))
    return _with_fewer_instances(case, breaks)


def _with_less(case: Case, size: int, breaks: Callable[[Case], bool]) -> Case | None:
    """The case without so many steps in a row and what needs them, or None where all are needed.

    Later steps first: fewer others need them.
    """
    last = len(case.steps)
    for end in range(last - 1, 0, -size):
        chosen = frozenset(range(max(1, end - size + 1), end + 1))
        less = _with_dependants(case, chosen)
        if last in less:
            continue
        candidate = without_steps(case, less)
        if breaks(candidate):
            return candidate
    return None


def _with_dependants(case: Case, chosen: frozenset[int]) -> frozenset[int]:
    """The steps, and those that take a value from the reply to one of them."""
    found = set(chosen)
    for number, step in enumerate(case.steps, 1):
        if any(source.step in found for source in sources(step)):
            found.add(number)
    return frozenset(found)


def _with_fewer_instances(case: Case, breaks: Callable[[Case], bool]) -> Case:
    used = {step.host for step in case.steps if isinstance(step, Asked | Message)}
    kept = {host: told for host, told in case.instances.items() if host in used}
    if not kept or len(kept) == len(case.instances):
        return case
    candidate = replace(case, instances=kept)
    return candidate if breaks(candidate) else case
