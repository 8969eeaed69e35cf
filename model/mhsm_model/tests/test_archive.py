"""Backups: what a blob brings back, who can read it, and what is believed of an unseen one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest
from immutables import Map

from mhsm_model.alternatives import addressed_name
from mhsm_model.archive import Backup, domain_of
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetKey,
    Indeterminate,
    KeyBackup,
    KeyBundle,
    OperationResult,
    PurgeDeletedKey,
    Refused,
    Reply,
    RequestedAttributes,
    RestoreKey,
    UpdateKey,
)
from mhsm_model.relations.backup_blobs import made_blob, parts_of
from mhsm_model.state import Absent, Active, Estate
from mhsm_model.tables.quirks import Quirk
from mhsm_model.tests.scenes import (
    HOSTS,
    Scene,
    entries_at,
    estate_of,
    is_refusal,
    judged,
    scene,
)
from mhsm_model.unknown import UNKNOWN

OCT: Final = CreateKey("a", "oct", 256)
SHARED: Final = Configuration(domain="shared")
FOREIGN: Final = Refused(
    400,
    "MalformedBackupBlob",
    "Backup blob belongs to a different crypto domain and cannot be used with this instance.",
)


def backed_up(stage: Scene, request: CreateKey = OCT) -> bytes:
    stage.send(request)
    return stage.expect(KeyBackup, BackupKey(request.name)).blob


def lost(stage: Scene) -> None:
    stage.send(DeleteKey("a"))
    stage.send(PurgeDeletedKey("a"))


def codes(stage: Scene, request: RestoreKey, reply: Reply) -> set[str]:
    """The clauses that the reply breaks, judged from the scene's estate."""
    judgement = judged(stage.estate, stage.call(request), reply)
    return {breach.clause.identifier for breach in judgement.breaches}


def onlooker(stage: Scene, configuration: Configuration | None = None) -> Scene:
    """The scene as one sees it who looks only from now on."""
    told = configuration or replace(Configuration(), domain=UNKNOWN)
    return replace(stage, estate=estate_of(told, told, fresh=False))


def test_a_restored_key_is_the_one_backed_up() -> None:
    stage = scene()
    blob = backed_up(stage)
    before = stage.expect(KeyBundle, GetKey("a"))
    lost(stage)
    assert stage.expect(KeyBundle, RestoreKey(blob)) == before
    assert stage.expect(KeyBundle, GetKey("a")) == before


CHANGES: Final[list[Callable[[KeyBundle], KeyBundle]]] = [
    lambda shown: replace(shown, kty="EC-HSM"),
    lambda shown: replace(shown, tags={"a": "b"}),
    lambda shown: replace(shown, key_ops=("sign",)),
    lambda shown: replace(shown, key_ops=None),
    lambda shown: replace(shown, attributes=replace(shown.attributes, enabled=False)),
    lambda shown: replace(shown, attributes=replace(shown.attributes, updated=1)),
    lambda shown: replace(shown, kid=replace(shown.kid, version="0" * 32)),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_restored_key_that_is_another_breaks_its_clause(
    change: Callable[[KeyBundle], KeyBundle],
) -> None:
    stage = scene()
    blob = backed_up(stage)
    shown = stage.expect(KeyBundle, GetKey("a"))
    lost(stage)
    assert "KBK-001" in codes(stage, RestoreKey(blob), change(shown))


def test_material_outlives_its_name_in_a_blob() -> None:
    stage = scene()
    stage.send(OCT)
    sealed = stage.result(Encrypt("a", None, "A256GCM", b"plaintext"))
    blob = stage.expect(KeyBackup, BackupKey("a")).blob
    lost(stage)
    assert set(stage.estate.archive.materials) <= set(stage.estate.materials)
    stage.send(RestoreKey(blob))
    opening = Decrypt("a", None, "A256GCM", sealed.value, sealed.iv, None, sealed.tag)
    assert stage.result(opening).value == b"plaintext"


def test_material_without_a_blob_is_forgotten_with_its_name() -> None:
    stage = scene()
    stage.send(OCT)
    lost(stage)
    assert not stage.estate.materials
    assert not stage.vault


def test_a_blob_of_another_domain_is_refused_and_must_be() -> None:
    stage = scene()
    blob = backed_up(stage)
    shown = stage.expect(KeyBundle, GetKey("a"))
    assert stage.send(RestoreKey(blob), HOSTS[1]) == FOREIGN
    there = replace(shown, kid=replace(shown.kid, host=HOSTS[1]))
    call = stage.call(RestoreKey(blob), HOSTS[1])
    judgement = judged(stage.estate, call, there)
    assert [breach.clause.identifier for breach in judgement.breaches] == ["KBK-002"]


def test_a_shared_domain_brings_the_same_material() -> None:
    stage = scene(SHARED, SHARED)
    blob = backed_up(stage)
    sealed = stage.result(Encrypt("a", None, "A256GCM", b"plaintext"))
    stage.send(RestoreKey(blob), HOSTS[1])
    opening = Decrypt("a", None, "A256GCM", sealed.value, sealed.iv, None, sealed.tag)
    reply = stage.send(opening, HOSTS[1])
    assert isinstance(reply, OperationResult)
    assert reply.value == b"plaintext"


def test_an_altered_blob_is_refused_even_by_one_who_saw_nothing_else() -> None:
    stage = onlooker(scene())
    made = backed_up(scene())
    stage.estate = judged(stage.estate, stage.call(BackupKey("a")), KeyBackup(made)).estate
    altered = made[:-3] + (b"AAA" if made[-3:] != b"AAA" else b"BBB")
    shown = scene().created(OCT)
    assert codes(stage, RestoreKey(altered), shown) == {"KBK-003"}
    assert codes(stage, RestoreKey(altered), FOREIGN) == set()


def test_a_blob_that_others_made_may_be_anything() -> None:
    truth = scene()
    blob = backed_up(truth)
    shown = truth.expect(KeyBundle, GetKey("a"))
    stage = onlooker(truth)
    assert addressed_name(stage.estate, RestoreKey(blob)) == ""
    assert addressed_name(stage.estate, RestoreKey(blob), shown) == "a"
    for reply in (FOREIGN, Refused(409, "Conflict", "taken"), shown):
        assert codes(stage, RestoreKey(blob), reply) == set()
    after = judged(stage.estate, stage.call(RestoreKey(blob)), shown).estate
    (entry,) = entries_at(after, "a")
    assert isinstance(entry, Active)
    assert not entry.key.complete


def test_one_who_saw_everything_knows_what_is_no_blob() -> None:
    truth = scene()
    blob = backed_up(truth)
    stage = scene()
    for value in (blob, b"", b"doesnotexist", b"a.b.c.d.e", b"...."):
        assert stage.send(RestoreKey(value)) == FOREIGN
        assert codes(stage, RestoreKey(value), truth.expect(KeyBundle, GetKey("a"))) != set()


def test_a_lost_reply_to_a_restore_leaves_both_possible() -> None:
    stage = scene()
    blob = backed_up(stage)
    lost(stage)
    judgement = judged(stage.estate, stage.call(RestoreKey(blob)), Indeterminate("lost"))
    kinds = {type(entry) for entry in entries_at(judgement.estate, "a")}
    assert kinds == {Absent, Active}


def test_a_lost_reply_to_a_restore_of_an_unseen_blob_may_have_brought_any_key() -> None:
    truth = scene()
    blob = backed_up(truth)
    stage = onlooker(truth)
    stage.estate = judged(stage.estate, stage.call(GetKey("b")), stage_not_found("b")).estate
    judgement = judged(stage.estate, stage.call(RestoreKey(blob)), Indeterminate("lost"))
    assert {type(entry) for entry in entries_at(judgement.estate, "b")} >= {Absent, Active}


def stage_not_found(name: str) -> Refused:
    return Refused(404, "KeyNotFound", f"Key not found: https://{HOSTS[0]}/keys/{name}")


def test_a_blob_of_a_key_in_doubt_brings_back_one_of_the_possible_keys() -> None:
    stage = scene()
    stage.send(CreateKey("a", "EC", tags={"n": "1"}))
    call = stage.call(UpdateKey("a", None, tags={"n": "2"}))
    stage.estate = judged(stage.estate, call, Indeterminate("lost")).estate
    blob = made_blob(stage.entropy)
    judgement = judged(stage.estate, stage.call(BackupKey("a")), KeyBackup(blob))
    backup = judgement.estate.archive.found(blob)
    assert backup is not None
    assert {key.versions[-1].tags for key in backup.keys} == {Map(n="1"), Map(n="2")}


def test_until_2023_a_restored_key_showed_exportable() -> None:
    stage = scene()
    blob = backed_up(stage)
    shown = stage.expect(KeyBundle, GetKey("a"))
    lost(stage)
    told = replace(shown, attributes=replace(shown.attributes, exportable=True))
    assert codes(stage, RestoreKey(blob), told) == {"KBK-001"}
    instance = stage.estate.instances[HOSTS[0]]
    quirky = replace(instance.configuration, quirks=frozenset({Quirk.RESTORED_IS_EXPORTABLE}))
    stage.estate = stage.estate.with_instance(HOSTS[0], replace(instance, configuration=quirky))
    assert codes(stage, RestoreKey(blob), told) == set()
    assert codes(stage, RestoreKey(blob), shown) == set()


def test_a_disabled_key_is_backed_up_and_comes_back_disabled() -> None:
    stage = scene()
    blob = backed_up(stage, replace(OCT, attributes=RequestedAttributes(enabled=False)))
    lost(stage)
    assert stage.expect(KeyBundle, RestoreKey(blob)).attributes.enabled is False


def test_domains_are_named_or_the_instances_own() -> None:
    assert domain_of("x", Configuration()) == "x"
    assert domain_of("x", SHARED) == "shared"
    backup = Backup("x", "x", "a", ())
    assert backup.is_of_domain("x", Configuration(domain=UNKNOWN)) is True
    assert backup.is_of_domain("y", Configuration()) is False
    assert backup.is_of_domain("y", Configuration(domain=UNKNOWN)) is None
    assert replace(backup, domain="shared").is_of_domain("y", SHARED) is True


@pytest.mark.parametrize(
    "blob", [b"", b"a", b"....!", b"a.b.c.d", b"AAAAA.AA.AA.AA.AA", b"=.A.A.A.A"]
)
def test_what_is_no_compact_jwe_has_no_parts(blob: bytes) -> None:
    assert parts_of(blob) is None


def test_a_refused_restore_touches_no_name() -> None:
    stage = scene()
    before = stage.estate
    assert is_refusal(stage.send(RestoreKey(b"none")))
    assert replace(stage.estate, serial=0) == replace(before, serial=0)
    assert isinstance(before, Estate)
