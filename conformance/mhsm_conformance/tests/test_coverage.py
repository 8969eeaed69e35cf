"""Coverage: what counts as exercised, merging, and the way through JSON."""

from __future__ import annotations

import json

from mhsm_conformance.coverage import Coverage
from mhsm_conformance.tests.tampering import Tampering, session_on
from mhsm_model.catalogue import clause
from mhsm_model.exchange import (
    CreateKey,
    Credential,
    DeleteKey,
    Encrypt,
    GetKey,
    ListKeys,
    RequestedAttributes,
    Sign,
    UpdateKey,
)


def covered() -> Coverage:
    session, hsm = session_on(Tampering())
    hsm.send(CreateKey("a", "EC"))
    hsm.send(CreateKey("s", "oct", 256))
    hsm.send(GetKey("a"))
    hsm.send(Sign("a", None, "ES256", bytes(32)))
    hsm.send(Sign("a", None, "ES256", bytes(31)))
    hsm.send(Encrypt("s", None, "A256GCM", b""))
    hsm.send(UpdateKey("a", None, attributes=RequestedAttributes(None, 10, 5)))
    hsm.send(DeleteKey("nothing"))
    hsm.send(ListKeys(), credential=Credential.ANONYMOUS)
    return session.coverage


def test_what_was_refused_held_and_answered_is_counted() -> None:
    coverage = covered()
    assert coverage.exchanges == 9
    assert coverage.refused["ERR-002"] == coverage.alone["ERR-002"] == 1
    assert coverage.alone["ALG-004"] == 1
    assert coverage.held["ALG-007"] == 1
    assert coverage.satisfied["ALG-004"] == 1
    assert coverage.refused["AUTH-001"] == 1
    assert {name for name, _ in coverage.answers} >= {"ATTR-011", "ALG-220"}
    assert not coverage.violated
    assert not coverage.warned


def test_cells_tell_kind_algorithm_operation_and_outcome() -> None:
    assert covered().cells == {
        ("EC-HSM P-256", "ES256", "sign", "passed"): 1,
        ("EC-HSM P-256", "ES256", "sign", "refused"): 1,
        ("oct-HSM 256", "A256GCM", "encrypt", "passed"): 1,
    }


def test_a_clause_is_exercised_where_it_could_have_come_out_otherwise() -> None:
    coverage = covered()
    for name in ("ERR-002", "ALG-007", "ATTR-011", "ALG-220", "AUTH-001", "API-003"):
        assert coverage.exercised(clause(name)), name
    # A guard that was only satisfied, and clauses of operations that were not called.
    for name in ("ATTR-009", "LIFE-003", "GCM-005", "KEY-222"):
        assert not coverage.exercised(clause(name)), name


def test_coverage_comes_back_from_json_as_it_was() -> None:
    coverage = covered()
    assert Coverage.from_json(json.loads(json.dumps(coverage.as_json()))) == coverage
    assert Coverage.from_json(json.loads(json.dumps(Coverage().as_json()))) == Coverage()


def test_merging_adds_every_count() -> None:
    once, twice = covered(), covered()
    twice.merge(covered())
    assert twice.exchanges == 2 * once.exchanges
    for name, count in once.held.items():
        assert twice.held[name] == 2 * count
    for cell, count in once.cells.items():
        assert twice.cells[cell] == 2 * count
    empty = Coverage()
    empty.merge(once)
    assert empty == once
