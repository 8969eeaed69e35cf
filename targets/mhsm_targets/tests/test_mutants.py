"""Mutants: each names a clause that it breaks, and opens as an emulator."""

from __future__ import annotations

import re
from typing import Final

import pytest

from mhsm_model.catalogue import clause
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import CreateKey
from mhsm_model.operations import OPERATIONS
from mhsm_model.wire.request_encoding import encode_request
from mhsm_targets.mutants.gallery import gallery, mutant
from mhsm_targets.mutants.mutant import IgnoredGuard, Mutant
from mhsm_targets.protocol import ClockTarget, LossyTarget
from mhsm_targets.registry import UnknownTargetError, target_factory

HOST: Final = "hsm.managedhsm.azure.net"
NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@pytest.mark.parametrize("row", gallery(), ids=lambda row: row.name)
def test_a_mutant_breaks_a_clause_that_demands_something(row: Mutant) -> None:
    assert NAME.fullmatch(row.name)
    assert clause(row.clause).demands
    assert row.prose.endswith(".")
    assert mutant(row.name) is row


def test_names_are_unique() -> None:
    names = [row.name for row in gallery()]
    assert len(set(names)) == len(names)


def test_every_guard_that_demands_a_refusal_has_a_mutant_that_ignores_it() -> None:
    guards = {guard.clause for row in OPERATIONS for guard in row.guards if guard.clause.demands}
    ignored = {row.clause for row in gallery() if isinstance(row.fault, IgnoredGuard)}
    assert {row.identifier for row in guards} <= ignored


@pytest.mark.parametrize("row", gallery(), ids=lambda row: row.name)
def test_a_mutant_opens_and_answers(row: Mutant) -> None:
    target = target_factory(f"mutant:{row.name}").open({HOST: Configuration()}, 0)
    sent = encode_request(CreateKey("a", "EC"), HOST, "7.5", target.token)
    assert target.exchange(sent) is not None
    target.close()


def test_a_name_that_no_mutant_has_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        mutant("nonsense")


def test_any_target_can_be_given_a_fault_of_the_wire() -> None:
    target = target_factory("mutant:latency-left-out@model").open({HOST: Configuration()}, 0)
    sent = encode_request(CreateKey("a", "EC"), HOST, "7.5", target.token)
    response = target.exchange(sent)
    assert target.hosts == (HOST,)
    assert response is not None
    assert response.status == 200
    assert "x-ms-request-id" in response.headers
    assert "x-ms-server-latency" not in response.headers


def test_any_target_can_be_opened_misconfigured() -> None:
    target = target_factory("mutant:purge-protection-is-forgotten@model").open(
        {HOST: Configuration(purge_protection=True)}, 0
    )
    sent = encode_request(CreateKey("a", "EC"), HOST, "7.5", target.token)
    response = target.exchange(sent)
    assert response is not None
    assert b'"Recoverable+Purgeable"' in response.body


def test_a_fault_of_the_wire_leaves_the_clock_and_the_losses_of_its_target() -> None:
    target = target_factory("mutant:latency-left-out@model").open({HOST: Configuration()}, 0)
    assert isinstance(target, ClockTarget)
    assert isinstance(target, LossyTarget)
    begun = target.now()
    target.advance(7)
    assert target.now() == begun + 7
    target.lose_next(after_effect=False)
    assert target.exchange(encode_request(CreateKey("a", "EC"), HOST, "7.5", target.token)) is None


def test_a_fault_of_the_state_is_the_emulators_alone() -> None:
    state = next(row for row in gallery() if isinstance(row.fault, IgnoredGuard))
    with pytest.raises(UnknownTargetError, match="is no fault of the wire"):
        target_factory(f"mutant:{state.name}@model")


def test_a_target_that_is_none_has_no_mutants() -> None:
    with pytest.raises(UnknownTargetError, match="no target is called 'nonsense'"):
        target_factory("mutant:latency-left-out@nonsense")
