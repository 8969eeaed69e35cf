"""The error answers by status, code and message, with the clauses and operations behind each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from mhsm_conformance.explaining.error_answers import ErrorAnswer, error_answers

__all__ = ["ErrorRow", "error_rows", "grouped"]


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error answer: see ErrorAnswer; `operations` is empty for what is no operation."""

    status: int
    code: str
    message: str
    is_recorded: bool
    clauses: tuple[str, ...]
    operations: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The row as JSON values."""
        return asdict(self)

    @property
    def lawful(self) -> str:
        """What a target may answer here, in words."""
        return "just this" if self.is_recorded else "any 4xx"

    @property
    def anchor(self) -> str:
        """A name for the row that can stand in a URL, the same for the same answer."""
        told = f"{self.status} {self.code} {self.message} {'' if self.is_recorded else 'choice'}"
        words = "".join(letter if letter.isalnum() else " " for letter in told.lower()).split()
        return "-".join(("error", *words))


def error_rows() -> tuple[ErrorRow, ...]:
    """All error answers of the specification."""
    return grouped(error_answers())


def grouped(answers: Iterable[ErrorAnswer]) -> tuple[ErrorRow, ...]:
    """A row for all answers of one status, code and message; by status, recorded ones first."""
    found: dict[tuple[int, str, str, bool], list[ErrorAnswer]] = {}
    for answer in answers:
        key = (answer.status, answer.code, answer.message, answer.is_recorded)
        found.setdefault(key, []).append(answer)
    return tuple(
        ErrorRow(
            *key,
            tuple(dict.fromkeys(answer.clause for answer in rows)),
            tuple(dict.fromkeys(a.operation for a in rows if a.operation is not None)),
        )
        for key, rows in sorted(found.items(), key=lambda item: _order(*item[0]))
    )


def _order(status: int, code: str, message: str, is_recorded: bool) -> tuple[int, bool, str, str]:
    return status, not is_recorded, code, message
