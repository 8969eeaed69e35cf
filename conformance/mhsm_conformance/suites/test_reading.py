"""Get: the current version, a version by its identifier, and what nobody else changes."""

from __future__ import annotations

import pytest

from mhsm_conformance.session import InstanceSession
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.exchange import (
    CreateKey,
    DeleteKey,
    GetKey,
    ImportKey,
    ListKeyVersions,
    RequestedAttributes,
    Sign,
    UpdateKey,
    Verify,
)
from mhsm_targets.protocol import Capability

STORED = (
    "KEY-210",
    "KEY-211",
    "KEY-212",
    "ATTR-210",
    "ATTR-211",
    "ATTR-212",
)


@pytest.mark.exercises(*STORED)
@pytest.mark.parametrize("kind", ["RSA", "EC", "oct"])
def test_versions(hsm: InstanceSession, kind: str) -> None:
    """Every version is read as it was made, and the newest is the current one."""
    name = hsm.fresh_name()
    size = 256 if kind == "oct" else None
    made = [hsm.created(CreateKey(name, kind, key_size=size, tags={"n": str(n)})) for n in range(3)]
    for bundle in made:
        hsm.send(GetKey(name, bundle.kid.version))
    hsm.send(GetKey(name))


@pytest.mark.exercises("KEY-214", "KEY-210")
@pytest.mark.parametrize("kind", ["RSA", "EC"])
def test_every_version_has_a_key_of_its_own(hsm: InstanceSession, kind: str) -> None:
    """No version is shown with the public key of another."""
    name = hsm.fresh_name()
    made = [hsm.created(CreateKey(name, kind)) for _ in range(2)]
    for bundle in made:
        hsm.send(GetKey(name, bundle.kid.version))
    hsm.send(DeleteKey(name))


@pytest.mark.exercises("ATTR-211")
def test_time_passes(hsm: InstanceSession) -> None:
    """Neither reading nor using a key is a change of it."""
    name = hsm.fresh_name()
    hsm.session.need(Capability.CLOCK)
    hsm.send(CreateKey(name, "EC"))
    for request in (
        GetKey(name),
        Sign(name, None, "ES256", bytes(32)),
        Verify(name, None, "ES256", bytes(32), bytes(64)),
        ListKeyVersions(name),
    ):
        hsm.session.advance(100)
        hsm.send(request)
        hsm.send(GetKey(name))


@pytest.mark.exercises("FRAME-001", *STORED)
def test_refusals_change_nothing(hsm: InstanceSession) -> None:
    """A key is as it was after refused calls of every kind."""
    name = hsm.fresh_name()
    made = hsm.created(CreateKey(name, "EC", tags={"a": "b"}))
    refused = (
        CreateKey(name, "RSA", key_size=1024),
        ImportKey(name, sample_key("RSA 1024")),
        UpdateKey(name, None, key_ops=("fly",), tags={"c": "d"}),
        UpdateKey(name, "0" * 32, attributes=RequestedAttributes(enabled=False)),
        Sign(name, None, "ES256", bytes(31)),
        Sign(name, None, "RS256", bytes(32)),
    )
    for request in refused:
        hsm.send(request)
        hsm.send(GetKey(name, made.kid.version))
    hsm.send(GetKey(name))


@pytest.mark.exercises("FRAME-002", *STORED)
def test_other_keys_stay(hsm: InstanceSession) -> None:
    """A key is as it was after another key was made, changed and deleted."""
    name, other = hsm.fresh_name(), hsm.fresh_name()
    hsm.send(CreateKey(name, "EC", tags={"a": "b"}))
    for request in (
        CreateKey(other, "EC"),
        UpdateKey(other, None, tags={"x": "y"}, attributes=RequestedAttributes(enabled=False)),
        ImportKey(other, sample_key("EC P-384")),
        DeleteKey(other),
    ):
        hsm.send(request)
        hsm.send(GetKey(name))


@pytest.mark.exercises("FRAME-003", *STORED)
def test_other_versions_stay(hsm: InstanceSession) -> None:
    """A version is as it was after another version of the key was changed."""
    name = hsm.fresh_name()
    old = hsm.created(CreateKey(name, "EC", tags={"n": "1"}))
    new = hsm.created(CreateKey(name, "EC", tags={"n": "2"}))
    disabled = RequestedAttributes(enabled=False, expires=2_500_000_000)
    hsm.send(UpdateKey(name, old.kid.version, ("verify",), disabled, {"n": "3"}))
    hsm.send(GetKey(name, new.kid.version))
    hsm.send(UpdateKey(name, new.kid.version, ("sign",), disabled, {"n": "4"}))
    hsm.send(GetKey(name, old.kid.version))


@pytest.mark.exercises("FRAME-004", *STORED)
def test_other_instances_stay(hsm: InstanceSession, other_hsm: InstanceSession) -> None:
    """A key is as it was after the key of the same name in another instance was changed."""
    name = "same-name"
    hsm.send(CreateKey(name, "EC", tags={"at": "a"}))
    for request in (
        CreateKey(name, "EC", tags={"at": "b"}),
        UpdateKey(name, None, tags={"x": "y"}, attributes=RequestedAttributes(enabled=False)),
        DeleteKey(name),
    ):
        other_hsm.send(request)
        hsm.send(GetKey(name))


@pytest.mark.exercises("ERR-002", "KEY-011")
def test_version_of_another_instance(hsm: InstanceSession, other_hsm: InstanceSession) -> None:
    """A version identifier of one instance means nothing in another."""
    name = "same-name"
    made = hsm.created(CreateKey(name, "EC"))
    other_hsm.send(GetKey(name, made.kid.version))
    other_hsm.send(CreateKey(name, "EC"))
    other_hsm.send(GetKey(name, made.kid.version))
