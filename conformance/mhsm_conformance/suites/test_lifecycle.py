"""Delete, recover, purge: the life of a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from mhsm_conformance.opening import HOSTS
from mhsm_conformance.session import InstanceSession, Session
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    CreateKey,
    DeleteKey,
    GetDeletedKey,
    GetKey,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    RequestedAttributes,
)
from mhsm_model.tables.lifecycle import DAY_SECONDS

Opening = Callable[[Mapping[str, Configuration]], Session]


@pytest.mark.exercises(
    "LIFE-003",
    "LIFE-004",
    "LIFE-202",
    "LIFE-203",
    "LIFE-006",
    "KEY-210",
    "ATTR-210",
    "ATTR-212",
    "ERR-003",
)
@pytest.mark.parametrize("kind", ["RSA", "EC", "oct"])
def test_delete_and_recover(hsm: InstanceSession, kind: str) -> None:
    """A deleted key is shown, and comes back with all its versions."""
    name = hsm.fresh_name()
    size = 256 if kind == "oct" else None
    asked = RequestedAttributes(False, not_before=1_500_000_000, expires=2_500_000_000)
    old = hsm.created(CreateKey(name, kind, key_size=size, attributes=asked, tags={"n": "1"}))
    hsm.send(CreateKey(name, kind, key_size=size, tags={"n": "2"}))
    hsm.send(DeleteKey(name))
    hsm.send(GetDeletedKey(name))
    hsm.send(GetKey(name))
    hsm.send(RecoverDeletedKey(name))
    hsm.send(GetDeletedKey(name))
    hsm.send(GetKey(name))
    hsm.send(GetKey(name, old.kid.version))
    hsm.send(ListKeyVersions(name))


@pytest.mark.exercises("LIFE-202", "LIFE-203", "LIFE-003")
def test_dates(hsm: InstanceSession) -> None:
    """The dates of a deletion are those of its time, also when read later."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "EC"))
    hsm.session.advance(5000)
    hsm.send(DeleteKey(name))
    hsm.session.advance(5000)
    hsm.send(GetDeletedKey(name))


@pytest.mark.exercises("ERR-002", "ERR-003", "WIRE-203", "KEY-011", "PAGE-006")
def test_purge(hsm: InstanceSession) -> None:
    """A purged key is gone, its name is free, and its versions do not come back."""
    name = hsm.fresh_name()
    old = hsm.created(CreateKey(name, "EC"))
    hsm.send(DeleteKey(name))
    hsm.send(PurgeDeletedKey(name))
    hsm.send(GetDeletedKey(name))
    hsm.send(RecoverDeletedKey(name))
    hsm.send(PurgeDeletedKey(name))
    hsm.send(GetKey(name))
    hsm.send(ListKeyVersions(name))
    hsm.send(CreateKey(name, "EC"))
    hsm.send(GetKey(name, old.kid.version))


@pytest.mark.exercises("LIFE-011")
def test_purge_protection(open_session: Opening) -> None:
    """A protected instance purges nothing before its time."""
    hsm = open_session({HOSTS[0]: Configuration(purge_protection=True)}).at(HOSTS[0])
    hsm.send(CreateKey("kept", "EC"))
    hsm.send(DeleteKey("kept"))
    hsm.send(PurgeDeletedKey("kept"))
    hsm.send(GetDeletedKey("kept"))


@pytest.mark.exercises("ATTR-005", "ATTR-006", "LIFE-003")
@pytest.mark.parametrize("days", [7, 45, 90])
@pytest.mark.parametrize("protected", [False, True])
def test_retention(open_session: Opening, days: int, protected: bool) -> None:
    """Keys show the retention and protection that their instance was given."""
    configuration = Configuration(retention_days=days, purge_protection=protected)
    hsm = open_session({HOSTS[0]: configuration}).at(HOSTS[0])
    hsm.send(CreateKey("shown", "EC"))
    hsm.send(DeleteKey("shown"))


@pytest.mark.exercises("LIFE-204")
@pytest.mark.parametrize("protected", [False, True])
def test_scheduled_purge(open_session: Opening, protected: bool) -> None:
    """A soft-deleted key is purged when its time has come, and not before."""
    configuration = Configuration(retention_days=7, purge_protection=protected)
    session = open_session({HOSTS[0]: configuration})
    hsm = session.at(HOSTS[0])
    hsm.send(CreateKey("timed", "EC"))
    hsm.send(DeleteKey("timed"))
    session.advance(7 * DAY_SECONDS - 3600)
    hsm.send(GetDeletedKey("timed"))
    session.advance(7200)
    hsm.send(GetDeletedKey("timed"))
    hsm.send(CreateKey("timed", "EC"))


@pytest.mark.exercises("LIFE-010", "FRAME-001")
def test_name_of_a_deleted_key(hsm: InstanceSession) -> None:
    """The name of a soft-deleted key is taken, and the deleted key stays as it was."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "EC", tags={"a": "b"}))
    hsm.send(DeleteKey(name))
    hsm.send(CreateKey(name, "RSA"))
    hsm.send(GetDeletedKey(name))
    hsm.send(RecoverDeletedKey(name))


@pytest.mark.exercises("ERR-002")
def test_deleted_key_is_absent(hsm: InstanceSession) -> None:
    """What is asked of a soft-deleted key is answered as for no key at all."""
    name = hsm.fresh_name()
    made = hsm.created(CreateKey(name, "EC"))
    hsm.send(DeleteKey(name))
    hsm.send(GetKey(name))
    hsm.send(GetKey(name, made.kid.version))
    hsm.send(DeleteKey(name))


@pytest.mark.exercises("ERR-003")
def test_active_key_is_not_deleted(hsm: InstanceSession) -> None:
    """Recovering and purging a key in use is refused, and the key stays."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "EC"))
    hsm.send(RecoverDeletedKey(name))
    hsm.send(PurgeDeletedKey(name))
    hsm.send(GetKey(name))
