"""The correctness of the judge: recorded exchanges of the real service that it accepts.

What it rejects must be explained in the file of known defects, and every entry of that file must
still reject: one that does not is stale.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mhsm_conformance.corruption.session import RecordedSession
from mhsm_conformance.examination import ExchangeVerdict, RecordedVerdict, examined
from mhsm_targets.recordings.defects import known_defects

__all__ = ["LEAST_ACCEPTED", "Correctness", "judged_sessions"]

LEAST_ACCEPTED: Final = 0.995
"""The share of judged exchanges that must be accepted."""


@dataclass(slots=True)
class Correctness:
    """What became of the exchanges of all sessions.

    `stale` are the entries of the file of defects, as (session, sequence number), whose session was
    read and whose exchange is not rejected as they say. `clauses` counts for each clause the
    accepted exchanges that exercised it in a way that could have failed, or that answered it where
    it is open.
    """

    exchanges: int = 0
    accepted: int = 0
    rejected: list[ExchangeVerdict] = field(default_factory=list[ExchangeVerdict])
    stale: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    unmodelled: Counter[str] = field(default_factory=Counter[str])
    out_of_scope: int = 0
    clauses: Counter[str] = field(default_factory=Counter[str])

    @property
    def judged(self) -> int:
        """The number of exchanges of modelled operations."""
        return self.accepted + len(self.rejected)

    @property
    def share(self) -> float:
        """The share of judged exchanges that were accepted; 1 where none was judged."""
        return self.accepted / self.judged if self.judged else 1.0

    @property
    def unexplained(self) -> list[ExchangeVerdict]:
        """The rejections that the file of defects does not explain."""
        return [verdict for verdict in self.rejected if verdict.explanation is None]

    @property
    def good(self) -> bool:
        """Whether enough is accepted, and all the rest explained."""
        return self.share >= LEAST_ACCEPTED and not self.unexplained and not self.stale

    def add(self, verdict: ExchangeVerdict) -> None:
        """Count the verdict on one exchange."""
        self.exchanges += 1
        match verdict.verdict:
            case RecordedVerdict.ACCEPTED:
                self.accepted += 1
                exercised = {clause.identifier for clause in verdict.clauses}
                exercised |= {clause.identifier for clause, _ in verdict.answers}
                self.clauses.update(exercised)
            case RecordedVerdict.REJECTED:
                self.rejected.append(verdict)
            case RecordedVerdict.UNMODELLED:
                self.unmodelled[verdict.operation] += 1
            case RecordedVerdict.OUT_OF_SCOPE:
                self.out_of_scope += 1

    def as_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {
            "exchanges": self.exchanges,
            "judged": self.judged,
            "accepted": self.accepted,
            "share": round(self.share, 5),
            "wanted": LEAST_ACCEPTED,
            "rejected": [_rejection(verdict) for verdict in self.rejected],
            "stale_defects": [{"session": name, "seq": seq} for name, seq in self.stale],
            "unmodelled": dict(self.unmodelled.most_common()),
            "out_of_scope": self.out_of_scope,
        }


def _rejection(verdict: ExchangeVerdict) -> dict[str, Any]:
    return {
        "file": verdict.file,
        "seq": verdict.sequence,
        "operation": verdict.operation,
        "clauses": [breach.clause.identifier for breach in verdict.breaches],
        "explanation": verdict.explanation,
    }


def judged_sessions(sessions: Sequence[RecordedSession]) -> Correctness:
    """Judge every exchange of the sessions as it was recorded."""
    found = Correctness()
    for session in sessions:
        explained: set[int] = set()
        for verdict in examined(session.file, session.header, session.exchanges):
            found.add(verdict)
            if verdict.explanation is not None:
                explained.add(verdict.sequence)
        name = session.header.session
        listed = sorted(seq for known, seq in known_defects() if known == name)
        found.stale += [(name, seq) for seq in listed if seq not in explained]
    return found
