"""What nobody knows of the service, and what targets and recordings answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mhsm_conformance.explaining.error_answers import ErrorAnswer, answers_of_clause
from mhsm_conformance.explaining.places import Place, places, reach
from mhsm_conformance.explaining.run_evidence import RunFile, answered_in
from mhsm_model.catalogue import catalogue
from mhsm_model.clauses import Clause, Level
from mhsm_model.tables.recorded import recorded_exchanges
from mhsm_reports import Answer

__all__ = ["OpenQuestion", "open_questions"]


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """An open question: where it comes up, the refusal that may be the answer, and answers.

    `recorded` counts the recorded exchanges of the service that answered it.
    """

    clause: Clause
    places: tuple[Place, ...]
    reach: str | None
    refusals: tuple[ErrorAnswer, ...]
    recorded: int
    answered: tuple[tuple[RunFile, Answer], ...]

    def as_json(self) -> dict[str, Any]:
        """The question as JSON values."""
        return {
            "id": self.clause.identifier,
            "question": self.clause.prose,
            "basis": self.clause.basis.value,
            "operations": [place.operation for place in self.places],
            "reach": self.reach,
            "recorded_exchanges": self.recorded,
            "answers": [
                {"target": run.result.run.target.name, "answer": told.answer, "count": told.count}
                for run, told in self.answered
            ],
        }


def open_questions(runs: Sequence[RunFile] = ()) -> tuple[OpenQuestion, ...]:
    """The open questions, with what the targets of the runs answered."""
    return tuple(
        OpenQuestion(
            row,
            places().get(row.identifier, ()),
            reach(row),
            answers_of_clause(row.identifier),
            recorded_exchanges(row.identifier),
            answered_in(runs, row.identifier),
        )
        for row in catalogue()
        if row.level is Level.OPEN
    )
