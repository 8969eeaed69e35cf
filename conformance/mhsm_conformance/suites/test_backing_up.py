"""Key backup and restore: a key with all its versions in a blob, bound to its security domain."""

from __future__ import annotations

from typing import Final

import pytest

from mhsm_conformance.guards.scenes import DIGEST, IV, POLICY, SUBJECT, backed_up
from mhsm_conformance.session import InstanceSession
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    ImportKey,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    RequestedAttributes,
    RestoreKey,
    Sign,
    UpdateKey,
    Verify,
)
from mhsm_targets.protocol import Capability

EC: Final = CreateKey(SUBJECT, "EC")
NO_BLOBS: Final = (
    b"doesnotexist",
    b"",
    b"....",
    b"a.b.c.d.e",
    bytes(16_384),
    b"eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA",
)


def lose(hsm: InstanceSession) -> None:
    """Delete and purge the subject."""
    hsm.send(DeleteKey(SUBJECT))
    hsm.send(PurgeDeletedKey(SUBJECT))


@pytest.mark.exercises("KBK-001", "KBK-005", "KEY-212", "KEY-210", "ATTR-210", "ATTR-211")
def test_every_version_comes_back(hsm: InstanceSession) -> None:
    """A restored key has all its versions, each with its own attributes and tags."""
    dates = RequestedAttributes(not_before=1_500_000_000, expires=2_500_000_000)
    exportable = RequestedAttributes(exportable=True)
    made = [
        hsm.created(CreateKey(SUBJECT, "EC", tags={"n": "1"})),
        hsm.created(CreateKey(SUBJECT, "EC", crv="P-384", attributes=dates)),
        hsm.created(CreateKey(SUBJECT, "EC", attributes=exportable, release_policy=POLICY)),
        hsm.created(ImportKey(SUBJECT, sample_key("EC P-521"), tags={"n": "4"})),
    ]
    off = RequestedAttributes(enabled=False)
    hsm.send(UpdateKey(SUBJECT, made[0].kid.version, ("verify",), off))
    blob = backed_up(hsm)
    lose(hsm)
    hsm.send(RestoreKey(blob))
    hsm.send(GetKey(SUBJECT))
    for bundle in made:
        hsm.send(GetKey(SUBJECT, bundle.kid.version))
    hsm.send(ListKeyVersions(SUBJECT))
    hsm.send(ListKeys())


@pytest.mark.exercises("KBK-001", "ALG-010", "GCM-202", "CBC-206")
def test_material_comes_back(hsm: InstanceSession) -> None:
    """A restored key verifies and decrypts what it signed and encrypted before."""
    old = hsm.created(EC)
    made = hsm.result(Sign(SUBJECT, None, "ES256", DIGEST))
    hsm.send(CreateKey(SUBJECT, "oct", key_size=256))
    gcm = hsm.result(Encrypt(SUBJECT, None, "A256GCM", b"plaintext"))
    cbc = hsm.result(Encrypt(SUBJECT, None, "A256CBC", b"plaintext", IV))
    blob = backed_up(hsm)
    lose(hsm)
    hsm.send(RestoreKey(blob))
    hsm.send(Decrypt(SUBJECT, None, "A256GCM", gcm.value, gcm.iv, None, gcm.tag))
    hsm.send(Decrypt(SUBJECT, None, "A256CBC", cbc.value, IV))
    hsm.send(Encrypt(SUBJECT, None, "A256CBC", b"plaintext", IV))
    hsm.send(Verify(SUBJECT, old.kid.version, "ES256", DIGEST, made.value))


@pytest.mark.exercises("KBK-001", "KEY-211", "ATTR-212")
def test_a_blob_holds_what_was_then(hsm: InstanceSession) -> None:
    """A restored key is as it was when it was backed up, not as it was later."""
    first = hsm.created(CreateKey(SUBJECT, "EC", tags={"n": "1"}))
    blob = backed_up(hsm)
    hsm.send(UpdateKey(SUBJECT, None, ("sign",), tags={"n": "2"}))
    later = hsm.created(EC)
    lose(hsm)
    hsm.send(RestoreKey(blob))
    for version in (None, first.kid.version, later.kid.version):
        hsm.send(GetKey(SUBJECT, version))
    hsm.send(ListKeyVersions(SUBJECT))


@pytest.mark.exercises("KBK-005", "ERR-201")
@pytest.mark.parametrize(
    "hindrance", ["disabled", "expired", "not yet valid", "without operations"]
)
def test_a_key_that_cannot_be_used_can_be_backed_up(hsm: InstanceSession, hindrance: str) -> None:
    """A backup needs a key that is there, and no right to use it."""
    attributes = {
        "disabled": RequestedAttributes(enabled=False),
        "expired": RequestedAttributes(expires=1_500_000_000),
        "not yet valid": RequestedAttributes(not_before=2_500_000_000),
    }.get(hindrance, RequestedAttributes())
    hsm.send(CreateKey(SUBJECT, "EC", attributes=attributes))
    if hindrance == "without operations":
        hsm.send(UpdateKey(SUBJECT, None, ()))
    blob = backed_up(hsm)
    lose(hsm)
    hsm.send(RestoreKey(blob))
    hsm.send(GetKey(SUBJECT))


@pytest.mark.exercises("KBK-004", "LIFE-010", "KBK-001")
def test_a_name_that_is_taken(hsm: InstanceSession) -> None:
    """A key is restored where nothing has its name: neither a key in use nor a deleted one."""
    hsm.send(EC)
    blob = backed_up(hsm)
    hsm.send(RestoreKey(blob))
    hsm.send(DeleteKey(SUBJECT))
    hsm.send(RestoreKey(blob))
    hsm.send(RecoverDeletedKey(SUBJECT))
    hsm.send(RestoreKey(blob))
    lose(hsm)
    hsm.send(RestoreKey(blob))
    hsm.send(RestoreKey(blob))
    hsm.send(GetKey(SUBJECT))


@pytest.mark.exercises("KBK-003")
def test_what_is_no_blob(hsm: InstanceSession) -> None:
    """What is no blob, or an altered one, is refused and changes nothing."""
    hsm.send(EC)
    blob = backed_up(hsm)
    hsm.send(DeleteKey(SUBJECT))
    altered = (blob[:-1], blob[1:], blob + b"A", blob.replace(b".", b"", 1), blob[::-1])
    for value in (*NO_BLOBS, *altered):
        hsm.send(RestoreKey(value))
    hsm.send(GetDeletedKey(SUBJECT))


@pytest.mark.exercises("KBK-007", "KBK-005", "KBK-001")
def test_blobs_differ(hsm: InstanceSession) -> None:
    """Two backups of one key differ, and each of them restores it."""
    hsm.send(EC)
    blobs = [backed_up(hsm) for _ in range(3)]
    for blob in blobs:
        lose(hsm)
        hsm.send(RestoreKey(blob))
        hsm.send(GetKey(SUBJECT))


@pytest.mark.exercises("FRAME-001", "FRAME-002", "ATTR-211")
def test_a_backup_changes_nothing(hsm: InstanceSession) -> None:
    """A key is as it was after it was backed up, and so is its neighbour after a restore."""
    hsm.send(CreateKey("neighbour", "EC", tags={"a": "b"}))
    hsm.send(EC)
    blob = backed_up(hsm)
    hsm.send(GetKey(SUBJECT))
    hsm.send(BackupKey("nothing-here"))
    lose(hsm)
    hsm.send(RestoreKey(blob))
    hsm.send(GetKey("neighbour"))
    hsm.send(RestoreKey(blob))
    hsm.send(GetKey(SUBJECT))


@pytest.mark.exercises("KBK-001", "ERR-003")
@pytest.mark.parametrize("after_effect", [False, True])
def test_a_lost_reply(hsm: InstanceSession, after_effect: bool) -> None:
    """A restore that was not answered has happened or not, and stays what it then is."""
    hsm.send(EC)
    blob = backed_up(hsm)
    lose(hsm)
    hsm.session.lose_next(after_effect=after_effect)
    hsm.send(RestoreKey(blob))
    hsm.send(GetKey(SUBJECT))
    hsm.send(GetDeletedKey(SUBJECT))
    hsm.send(RestoreKey(blob))
    hsm.send(GetKey(SUBJECT))
    lose(hsm)
    hsm.send(RestoreKey(blob))


@pytest.mark.exercises("ATTR-211", "KBK-001", "PAGE-005")
def test_time_passes(hsm: InstanceSession) -> None:
    """A restored key's versions keep their order, and the times of their birth and last change."""
    hsm.session.need(Capability.CLOCK)
    versions: list[str | None] = []
    for _ in range(4):
        versions.append(hsm.created(EC).kid.version)
        hsm.session.advance(100)
    hsm.send(UpdateKey(SUBJECT, versions[1], tags={"a": "b"}))
    hsm.session.advance(100)
    blob = backed_up(hsm)
    lose(hsm)
    hsm.session.advance(100)
    hsm.send(RestoreKey(blob))
    for version in (None, *versions):
        hsm.send(GetKey(SUBJECT, version))
    hsm.send(ListKeyVersions(SUBJECT))
