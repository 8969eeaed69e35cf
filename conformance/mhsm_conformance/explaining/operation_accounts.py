"""The account of an operation: its table, top to bottom, with its HTTP form."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mhsm_conformance.explaining.error_answers import answers_of_operation
from mhsm_conformance.explaining.error_table import ErrorRow, grouped
from mhsm_conformance.explaining.http_forms import HttpForm, http_form
from mhsm_model.clauses import Clause
from mhsm_model.operations.operation import Operation
from mhsm_model.tables.data_actions import DATA_ACTIONS, DataAction

__all__ = ["GuardRow", "OperationAccount", "operation_account"]


@dataclass(frozen=True, slots=True)
class GuardRow:
    """A guard of an operation, with what it presupposes and the error answers it may give."""

    clause: Clause
    presupposes: tuple[str, ...]
    errors: tuple[ErrorRow, ...]


@dataclass(frozen=True, slots=True)
class OperationAccount:
    """An operation: what it is for, its permission and HTTP form, guards, ensures and effect."""

    name: str
    prose: str
    permission: DataAction
    form: HttpForm
    guards: tuple[GuardRow, ...]
    ensures: tuple[Clause, ...]
    effect: str

    def as_json(self) -> dict[str, Any]:
        """The account as JSON values."""
        return {
            "name": self.name,
            "prose": self.prose,
            "data_action": self.permission.name,
            "roles": list(self.permission.roles),
            **asdict(self.form),
            "guards": [
                {
                    "id": row.clause.identifier,
                    "prose": row.clause.prose,
                    "presupposes": list(row.presupposes),
                    "errors": [error.as_json() for error in row.errors],
                }
                for row in self.guards
            ],
            "ensures": [{"id": row.identifier, "prose": row.prose} for row in self.ensures],
            "effect": self.effect,
        }


def operation_account(row: Operation[Any, Any]) -> OperationAccount:
    """The account of an operation."""
    answers = answers_of_operation(row.name)
    guards = tuple(
        GuardRow(
            guard.clause,
            tuple(needed.clause.identifier for needed in guard.presupposes),
            grouped(a for a in answers if a.clause == guard.clause.identifier),
        )
        for guard in row.guards
    )
    return OperationAccount(
        row.name,
        " ".join((row.request.__doc__ or "").split()),
        DATA_ACTIONS[row.request.__name__],
        http_form(row),
        guards,
        tuple(ensured.clause for ensured in row.ensures),
        " ".join((row.effect.__doc__ or "").split()),
    )
