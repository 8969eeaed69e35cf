"""What came of asking again: shares by operation, what was put apart and why, what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

from mhsm_conformance.fidelity.comparison import Difference
from mhsm_conformance.fidelity.replay import Apart, Replayed

__all__ = ["WANTED_MEMBERS", "WANTED_OUTCOMES", "Row", "Summary", "summed"]

WANTED_OUTCOMES: Final = 0.98
"""The share of an operation's exchanges that must be equal in status and code."""

WANTED_MEMBERS: Final = 0.95
"""The share of an operation's exchanges that must be equal in every member."""

_SHOWN_DIFFERENCES: Final = 40


@dataclass(slots=True)
class Row:
    """The counts of one operation: exchanges, and those equal in each respect."""

    exchanges: int = 0
    outcomes: int = 0
    members: int = 0
    with_headers: int = 0
    headers: int = 0
    with_message: int = 0
    messages: int = 0

    @property
    def is_faithful(self) -> bool:
        """Whether enough of the operation's exchanges are equal."""
        return (
            self.outcomes >= WANTED_OUTCOMES * self.exchanges
            and self.members >= WANTED_MEMBERS * self.exchanges
        )

    def add(self, other: Row) -> None:
        """Add the counts of another row."""
        self.exchanges += other.exchanges
        self.outcomes += other.outcomes
        self.members += other.members
        self.with_headers += other.with_headers
        self.headers += other.headers
        self.with_message += other.with_message
        self.messages += other.messages

    def as_json(self) -> dict[str, Any]:
        """The counts as JSON values."""
        return {
            "exchanges": self.exchanges,
            "status_and_code": self.outcomes,
            "all_members": self.members,
            "with_headers": self.with_headers,
            "headers": self.headers,
            "with_message": self.with_message,
            "messages": self.messages,
        }


@dataclass(slots=True)
class Summary:
    """The rows by operation, what was put apart by reason and operation, and every difference."""

    rows: dict[str, Row] = field(default_factory=dict[str, Row])
    apart: Counter[tuple[Apart, str]] = field(default_factory=Counter[tuple[Apart, str]])
    differences: list[tuple[Replayed, Difference]] = field(
        default_factory=list[tuple[Replayed, Difference]]
    )

    @property
    def total(self) -> Row:
        """The counts of all operations."""
        whole = Row()
        for row in self.rows.values():
            whole.add(row)
        return whole

    @property
    def is_faithful(self) -> bool:
        """Whether something was compared, and every operation is equal often enough."""
        return bool(self.rows) and all(row.is_faithful for row in self.rows.values())

    def as_json(self) -> dict[str, Any]:
        """The summary as JSON values."""
        return {
            "wanted": {"status_and_code": WANTED_OUTCOMES, "all_members": WANTED_MEMBERS},
            "faithful": self.is_faithful,
            "total": self.total.as_json(),
            "operations": {name: row.as_json() for name, row in sorted(self.rows.items())},
            "apart": [
                {"reason": reason.value, "operation": operation, "exchanges": count}
                for (reason, operation), count in self.apart.most_common()
            ],
            "differences": [
                {
                    "file": replayed.file,
                    "seq": replayed.sequence,
                    "operation": replayed.operation,
                    "place": found.place,
                    "recorded": found.recorded,
                    "ours": found.ours,
                }
                for replayed, found in self.differences
            ],
        }

    def print_to(self, stream: TextIO) -> None:
        """Print the table, the reasons, and the differences by operation and place."""
        head = ("exchanges", "status, code", "all members", "headers", "messages")
        print(f"{'':20} " + " ".join(f"{word:>14}" for word in head), file=stream)
        for name, row in [*sorted(self.rows.items()), ("all", self.total)]:
            shares = (
                f"{row.exchanges}",
                _share(row.outcomes, row.exchanges),
                _share(row.members, row.exchanges),
                _share(row.headers, row.with_headers),
                _share(row.messages, row.with_message),
            )
            mark = "" if row.is_faithful else "  too few"
            print(f"{name:20} " + " ".join(f"{s:>14}" for s in shares) + mark, file=stream)
        self._print_apart(stream)
        self._print_differences(stream)

    def _print_apart(self, stream: TextIO) -> None:
        reasons: Counter[Apart] = Counter()
        for (reason, _), count in self.apart.items():
            reasons[reason] += count
        if reasons:
            print("\nApart", file=stream)
        for reason, count in reasons.most_common():
            print(f"{count:8} {reason.value}", file=stream)

    def _print_differences(self, stream: TextIO) -> None:
        counts: Counter[tuple[str, str]] = Counter()
        first: dict[tuple[str, str], tuple[Replayed, Difference]] = {}
        for replayed, found in self.differences:
            key = (replayed.operation, found.place)
            counts[key] += 1
            first.setdefault(key, (replayed, found))
        if counts:
            print("\nDifferences", file=stream)
        for key, count in counts.most_common(_SHOWN_DIFFERENCES):
            replayed, found = first[key]
            print(f"{count:8} {key[0]}: {key[1]}", file=stream)
            print(f"         recorded: {_told(found.recorded)}", file=stream)
            print(f"         ours:     {_told(found.ours)}", file=stream)
            print(f"         first in  {replayed.file}, {replayed.sequence}", file=stream)
        if len(counts) > _SHOWN_DIFFERENCES:
            more = len(counts) - _SHOWN_DIFFERENCES
            print(f"         … and {more} more places; --json lists all", file=stream)


def _share(part: int, whole: int) -> str:
    return "-" if not whole else f"{part / whole:.2%}"


def _told(value: str | None) -> str:
    return "(absent)" if value is None else value


def summed(all_replayed: Iterable[Replayed], summary: Summary) -> None:
    """Add what came of exchanges to a summary."""
    for replayed in all_replayed:
        result = replayed.result
        if isinstance(result, Apart):
            summary.apart[result, replayed.operation] += 1
            continue
        row = summary.rows.setdefault(replayed.operation, Row())
        row.add(
            Row(
                exchanges=1,
                outcomes=int(result.outcome),
                members=int(result.outcome and not result.members),
                with_headers=int(result.headers is not None),
                headers=int(result.headers == ()),
                with_message=int(result.message is not None),
                messages=int(result.message is True),
            )
        )
        summary.differences += [(replayed, found) for found in result.differences]
