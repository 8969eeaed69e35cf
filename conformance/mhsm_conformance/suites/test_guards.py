"""Every guard of every operation, refused for that reason alone, and satisfied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from mhsm_conformance.guards.trying import EXCEPTIONS, try_alone
from mhsm_conformance.session import Session
from mhsm_model.configuration import Configuration
from mhsm_model.operations import OPERATIONS
from mhsm_model.operations.operation import Operation

PAIRS: Final = tuple(
    (row, guard.clause.identifier)
    for row in OPERATIONS
    for guard in row.guards
    if guard.clause.identifier not in EXCEPTIONS
)


@pytest.mark.parametrize(
    ("operation", "clause"),
    [
        pytest.param(row, name, id=f"{row.name}-{name}", marks=pytest.mark.exercises(name))
        for row, name in PAIRS
    ],
)
def test_alone(
    open_session: Callable[[Mapping[str, Configuration]], Session],
    operation: Operation[Any, Any],
    clause: str,
) -> None:
    """A request that one guard speaks against is refused, and one like it is carried out."""
    try_alone(open_session, operation, clause)
