"""Random bytes: as many as asked for, never twice the same."""

from __future__ import annotations

import pytest

from mhsm_conformance.session import InstanceSession
from mhsm_model.exchange import Credential, GetRandomBytes
from mhsm_model.revisions import LATEST_RECORDED


@pytest.mark.exercises("RNG-001", "RNG-005", "RNG-203", "API-004", "ERR-201")
def test_every_count(hsm: InstanceSession, other_hsm: InstanceSession) -> None:
    """Every count from 1 to 128 gives that many bytes, and no two answers are the same."""
    for instance in (hsm, other_hsm, hsm, other_hsm):
        instance.send(GetRandomBytes(32))
    for count in (*range(1, 18), 31, 32, 33, 64, 127, 128):
        hsm.send(GetRandomBytes(count))


@pytest.mark.exercises("RNG-002")
def test_counts_out_of_range(hsm: InstanceSession) -> None:
    """A count under 1 or over 128 is refused."""
    for count in (0, 129, -1, 256, 2**31, -(2**31), 2**40):
        hsm.send(GetRandomBytes(count))


@pytest.mark.exercises("WIRE-002", "ERR-101")
@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"count":"8"}', b'{"count":1.5}', b'{"count":null}', b'{"n":8}']
)
def test_no_count(hsm: InstanceSession, body: bytes) -> None:
    """A body without a whole number as count is refused."""
    hsm.send_message("POST", f"/rng?api-version={LATEST_RECORDED}", body)


@pytest.mark.exercises("AUTH-001", "RNG-202")
def test_who_asks_and_when(hsm: InstanceSession) -> None:
    """Without a token nothing is given; what an old api-version gives is recorded."""
    hsm.send(GetRandomBytes(16), credential=Credential.ANONYMOUS)
    hsm.send(GetRandomBytes(16), api_version="7.2")
