"""Faults happen to the requests that are meant, and as often as was asked."""

from __future__ import annotations

from typing import Any

import pytest

from mhsm_targets.server.faults import Fault, FaultKind, Faults, read_fault


def test_a_fault_happens_as_often_as_was_asked_to_what_matches() -> None:
    faults = Faults()
    faults.add(Fault(FaultKind.THROTTLE, count=2, method="GET", path="/keys/a"))
    assert faults.taken("hsm-a", "POST", "/keys/a") is None
    assert faults.taken("hsm-a", "GET", "/keys/b") is None
    assert [faults.taken("hsm-a", "GET", "/keys/a/x") is not None for _ in range(3)] == [
        True,
        True,
        False,
    ]
    assert faults.due == []


def test_a_fault_without_a_count_happens_until_it_is_cleared() -> None:
    faults = Faults()
    faults.add(Fault(FaultKind.DELAY, count=None, instance="b"))
    assert faults.taken("hsm-a", "GET", "/") is None
    assert all(faults.taken("b", "GET", "/") for _ in range(5))
    faults.clear()
    assert faults.taken("b", "GET", "/") is None


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"kind": "fire"},
        {"kind": "delay", "count": 0},
        {"kind": "delay", "count": True},
        {"kind": "delay", "count": 1.5},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "seconds": 601},
        {"kind": "delay", "seconds": "1"},
        {"kind": "delay", "path": 1},
        {"kind": "delay", "colour": "red"},
    ],
)
def test_what_is_no_fault_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"fault has a kind|count is"):
        read_fault(told)
