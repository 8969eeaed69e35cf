"""The failures of a run with shorter cases: what a check sent besides is left out of their story.

A machine's failing sequence is shrunk while it is found. A scenario's has all that the scenario
sent up to the breach, most of which has nothing to do with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final

from mhsm_conformance.cases.document import case_from_document
from mhsm_conformance.cases.shortening import shortened
from mhsm_conformance.cases.trial import tried
from mhsm_conformance.checks import CheckRecord, FailureRecord, records_of
from mhsm_model.clauses import Severity
from mhsm_targets.protocol import TargetFactory

__all__ = ["shorten_failures"]

_TRIALS: Final = 200
_EXCHANGES: Final = 20_000
"""What a run may try to shorten its failures. It is counted and not timed, so that the same run has
the same result on every machine."""

Story = list[FailureRecord]
"""The failures of one check that the same steps show."""


class _Bounds:
    """What may still be tried."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._trials = _TRIALS
        self._exchanges = _EXCHANGES

    def trial(self) -> bool:
        """Whether one more trial may begin, which is counted then."""
        self._trials -= 1
        return self._trials >= 0 and self._exchanges > 0

    def exchange(self) -> None:
        """An exchange of a trial was judged."""
        self._exchanges -= 1
        self._check()


def shorten_failures(
    records: Sequence[CheckRecord], factory: TargetFactory, check: Callable[[], None]
) -> None:
    """Give failures that the targets of the factory show again the shortest steps that show them.

    Within bounds: the first failure of each clause comes before the others. `check` is called at
    each exchange, and may raise to end it; the failures that were not shortened by then stay whole.
    """
    bounds = _Bounds(check)
    firsts: list[tuple[CheckRecord, list[Story], int]] = []
    others: list[tuple[CheckRecord, list[Story], int]] = []
    known: set[str] = set()
    for record in records:
        # Told apart once: stories that were made shorter may come to the same steps.
        stories = [list(told) for _, told in groupby(record.failures, key=lambda told: told.steps)]
        for place, story in enumerate(stories):
            (others if story[0].clause in known else firsts).append((record, stories, place))
            known.add(story[0].clause)
    for record, stories, place in (*firsts, *others):
        stories[place] = _shorter(stories[place], factory, bounds)
        record.failures = [told for story in stories for told in story]


def _shorter(story: Story, factory: TargetFactory, bounds: _Bounds) -> Story:
    first = story[0]
    case = case_from_document(first.case)
    needless = case.left_out is not None or len(case.steps) < 2
    if needless or first.severity != Severity.FAILURE or not bounds.trial():
        return story
    found = tried(case, factory, bounds.exchange)
    if not found.broke(case.clause):
        return story
    least = shortened(case, found, factory, bounds.exchange, bounds.trial)
    if least == case:
        return story
    seen = tried(least, factory, bounds.exchange)
    clauses = {told.clause for told in story}
    breaches = [b for b in seen.breaches if b.clause.identifier in clauses]
    if {breach.clause.identifier for breach in breaches} != clauses:
        # Less is needed for one of the breaches than for another: they stay one story.
        return story
    return records_of(least, breaches, seen.steps)
