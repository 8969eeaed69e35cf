"""Lost replies: what may have happened is believed, until a read tells what did."""

from __future__ import annotations

import pytest

from mhsm_conformance.session import InstanceSession
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.exchange import (
    CreateKey,
    DeleteKey,
    GetDeletedKey,
    GetKey,
    ImportKey,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Request,
    RequestedAttributes,
    Sign,
    UpdateKey,
)


def lose(hsm: InstanceSession, request: Request, after_effect: bool) -> None:
    """Send a request whose reply is lost."""
    hsm.session.lose_next(after_effect=after_effect)
    hsm.send(request)


@pytest.mark.exercises("KEY-210", "KEY-212", "ATTR-211")
@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize("kind", ["EC", "oct", "imported"])
def test_birth(hsm: InstanceSession, after_effect: bool, existing: bool, kind: str) -> None:
    """A version whose birth was not answered is there or not, and stays what it then is."""
    if existing:
        hsm.send(CreateKey("subject", "EC"))
    size = 256 if kind == "oct" else None
    birth: Request = CreateKey("subject", kind, key_size=size, tags={"a": "b"})
    if kind == "imported":
        birth = ImportKey("subject", sample_key("EC P-256"), tags={"a": "b"})
    lose(hsm, birth, after_effect)
    hsm.send(GetKey("subject"))
    hsm.send(ListKeyVersions("subject"))
    hsm.send(GetKey("subject"))
    made = hsm.created(CreateKey("subject", "EC"))
    hsm.send(Sign("subject", made.kid.version, "ES256", bytes(32)))
    hsm.send(GetKey("subject"))


@pytest.mark.exercises("ATTR-211", "ATTR-210")
@pytest.mark.parametrize("after_effect", [False, True])
def test_change(hsm: InstanceSession, after_effect: bool) -> None:
    """A change that was not answered is there or not, and stays what it then is."""
    hsm.send(CreateKey("subject", "EC", tags={"n": "1"}))
    asked = RequestedAttributes(enabled=False)
    lose(hsm, UpdateKey("subject", None, ("sign",), asked, {"n": "2"}), after_effect)
    hsm.send(GetKey("subject"))
    hsm.send(UpdateKey("subject", None, tags={"n": "3"}))
    hsm.send(GetKey("subject"))


@pytest.mark.exercises("ERR-003", "KEY-210")
@pytest.mark.parametrize("after_effect", [False, True])
def test_deletion(hsm: InstanceSession, after_effect: bool) -> None:
    """A deletion, a recovery and a purge that were not answered have happened or not."""
    hsm.send(CreateKey("subject", "EC"))
    lose(hsm, DeleteKey("subject"), after_effect)
    hsm.send(GetKey("subject"))
    hsm.send(GetDeletedKey("subject"))
    hsm.send(DeleteKey("subject"))
    lose(hsm, RecoverDeletedKey("subject"), after_effect)
    hsm.send(GetDeletedKey("subject"))
    hsm.send(GetKey("subject"))
    hsm.send(DeleteKey("subject"))
    lose(hsm, PurgeDeletedKey("subject"), after_effect)
    hsm.send(GetDeletedKey("subject"))
    hsm.send(CreateKey("subject", "EC"))


@pytest.mark.exercises("KEY-210")
def test_losses_in_a_row(hsm: InstanceSession) -> None:
    """Several lost replies in a row leave several possibilities, and reads resolve them."""
    for after_effect in (True, False, True):
        lose(hsm, CreateKey("subject", "EC"), after_effect)
    hsm.send(GetKey("subject"))
    hsm.send(ListKeyVersions("subject"))
    hsm.send(CreateKey("subject", "EC"))
    hsm.send(GetKey("subject"))
    hsm.send(GetKey("subject"))
