"""Update: what is sent is set, and the rest stays."""

from __future__ import annotations

from typing import Any

import pytest

from mhsm_conformance.guards.scenes import POLICY
from mhsm_conformance.session import InstanceSession
from mhsm_model.exchange import CreateKey, GetKey, ReleasePolicy, RequestedAttributes, UpdateKey
from mhsm_targets.protocol import Capability

EVERYTHING = RequestedAttributes(enabled=True, not_before=1_500_000_000, expires=2_500_000_000)


@pytest.mark.exercises("KEY-230", "ATTR-012", "ATTR-230", "KEY-212", "KEY-210")
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"attributes": RequestedAttributes(enabled=False)},
        {"attributes": RequestedAttributes(expires=2_400_000_000)},
        {"attributes": RequestedAttributes(not_before=1_600_000_000)},
        {"tags": {"only": "this"}},
        {"tags": {}},
        {"key_ops": ("sign",)},
        {"key_ops": ()},
    ],
    ids=lambda change: ", ".join(f"{k}={v}" for k, v in change.items())[:40] or "nothing",
)
def test_one_member(hsm: InstanceSession, change: dict[str, Any]) -> None:
    """Changing one member keeps the others, in the reply and when read back."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "EC", attributes=EVERYTHING, tags={"a": "1", "b": "2"}))
    hsm.send(UpdateKey(name, None, **change))
    hsm.send(GetKey(name))


@pytest.mark.exercises("ATTR-012", "ATTR-210")
def test_disabled_stays_disabled(hsm: InstanceSession) -> None:
    """A disabled version stays so until an update enables it."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "EC", attributes=RequestedAttributes(enabled=False)))
    hsm.send(UpdateKey(name, None, tags={"a": "b"}))
    hsm.send(GetKey(name))
    hsm.send(UpdateKey(name, None, attributes=RequestedAttributes(enabled=True)))
    hsm.send(GetKey(name))


@pytest.mark.exercises("ATTR-231", "ATTR-211")
def test_updated_advances(hsm: InstanceSession) -> None:
    """Time goes by, and an update shows when it was made."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "EC"))
    hsm.session.need(Capability.CLOCK)
    hsm.session.advance(1000)
    hsm.send(UpdateKey(name, None, tags={"a": "b"}))
    hsm.send(GetKey(name))


@pytest.mark.exercises("KEY-212", "KEY-230", "FRAME-003")
def test_old_version(hsm: InstanceSession) -> None:
    """An update reaches the version it names and no other."""
    name = hsm.fresh_name()
    old = hsm.created(CreateKey(name, "EC"))
    new = hsm.created(CreateKey(name, "EC"))
    hsm.send(UpdateKey(name, old.kid.version, ("verify",)))
    hsm.send(GetKey(name, new.kid.version))
    hsm.send(GetKey(name, old.kid.version))


@pytest.mark.exercises("SKR-230", "SKR-210")
def test_release_policy(hsm: InstanceSession) -> None:
    """A release policy that is not immutable is replaced."""
    name = hsm.fresh_name()
    asked = RequestedAttributes(exportable=True)
    hsm.send(CreateKey(name, "EC", attributes=asked, release_policy=POLICY))
    changed = ReleasePolicy(POLICY.data.replace(b"sdk-test", b"other-claim"))
    hsm.send(UpdateKey(name, None, release_policy=changed))
    hsm.send(GetKey(name))
    hsm.send(UpdateKey(name, None, tags={"a": "b"}))
    hsm.send(GetKey(name))


@pytest.mark.exercises("ATTR-013", "ATTR-012", "ATTR-210")
def test_exportable_is_asked_to_change(hsm: InstanceSession) -> None:
    """What becomes of an update that would make a key exportable is recorded."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "EC"))
    hsm.send(UpdateKey(name, None, attributes=RequestedAttributes(exportable=True)))
    hsm.send(GetKey(name))
    hsm.send(UpdateKey(name, None, tags={"a": "b"}))
