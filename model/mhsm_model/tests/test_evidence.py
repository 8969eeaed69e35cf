"""Honesty of the basis: what is called observed was recorded, and what is inferred was not."""

from __future__ import annotations

from typing import Final

import pytest

from mhsm_model.catalogue import catalogue
from mhsm_model.clauses import Basis, Clause
from mhsm_model.tables.recorded import RECORDED, recorded_exchanges

SEEN_ELSEWHERE: Final = {
    "API-008": "the header was dropped when the recordings were made uniform",
    "API-205": "the headers were dropped when the recordings were made uniform",
    "KEY-011": "a recorded 404 for a version may as well mean that the key was absent",
    "KEY-027": "seen in a recording of azure-cli that is not among those counted",
    "PAGE-006": "seen in a recording of azure-cli that is not among those counted",
    "SKR-003": "the message is recorded three times, for policies whose version is short: a quirk",
}
"""Clauses that were observed, and that no exchange in the table of evidence shows by itself."""


@pytest.mark.parametrize("row", catalogue(), ids=lambda row: row.identifier)
def test_the_basis_of_a_clause_is_what_the_recordings_say(row: Clause) -> None:
    count = recorded_exchanges(row.identifier)
    if row.basis is Basis.OBSERVED:
        assert count or row.identifier in SEEN_ELSEWHERE
    if row.basis is Basis.INFERRED:
        assert count == 0


def test_what_was_seen_elsewhere_is_observed_and_not_recorded() -> None:
    observed = {row.identifier for row in catalogue() if row.basis is Basis.OBSERVED}
    assert SEEN_ELSEWHERE.keys() <= observed
    assert SEEN_ELSEWHERE.keys().isdisjoint(RECORDED)


def test_evidence_is_of_clauses_that_there_are() -> None:
    assert RECORDED.keys() <= {row.identifier for row in catalogue()}
    assert all(count > 0 for count in RECORDED.values())
    assert list(RECORDED) == sorted(RECORDED)
    assert recorded_exchanges("KEY-999") == 0
