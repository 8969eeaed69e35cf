"""The wire: headers and bodies of successes, errors and challenges."""

from __future__ import annotations

import pytest

from mhsm_conformance.session import InstanceSession
from mhsm_model.exchange import (
    CreateKey,
    Credential,
    DeleteKey,
    GetKey,
    ListKeys,
    PurgeDeletedKey,
    Sign,
    UpdateKey,
)


@pytest.mark.exercises(
    "API-003",
    "API-004",
    "API-005",
    "API-008",
    "API-201",
    "API-202",
    "API-203",
    "API-204",
    "API-205",
    "ERR-100",
    "ERR-101",
    "WIRE-001",
    "WIRE-201",
    "WIRE-202",
    "WIRE-203",
    "ERR-201",
)
def test_one_of_each(hsm: InstanceSession) -> None:
    """Successes and errors of every method have the headers and members they should have."""
    hsm.send(GetKey("subject"))
    hsm.send(DeleteKey("subject"))
    hsm.send(CreateKey("subject", "EC"))
    hsm.send(CreateKey("subject", "RSA", tags={"a": "b"}))
    hsm.send(CreateKey("symmetric", "oct", key_size=128))
    hsm.send(GetKey("subject"))
    hsm.send(UpdateKey("subject", None, tags={"c": "d"}))
    hsm.send(ListKeys())
    hsm.send(Sign("subject", None, "RS256", bytes(32)))
    hsm.send(Sign("subject", None, "RS256", bytes(1)))
    hsm.send(DeleteKey("subject"))
    hsm.send(PurgeDeletedKey("subject"))
    hsm.send(PurgeDeletedKey("subject"))
    hsm.send(GetKey("symmetric"), credential=Credential.ANONYMOUS)
    hsm.send(DeleteKey("symmetric"), credential=Credential.ANONYMOUS)
