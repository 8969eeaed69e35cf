"""Beliefs: lost replies, versions not yet seen, instances that existed before anyone looked."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from mhsm_model.acceptor import accepts
from mhsm_model.belief import POSSIBILITIES, after_loss
from mhsm_model.bundles import bundle_in
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    Call,
    CreateKey,
    Decrypt,
    DeletedKeyItem,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    ImportKey,
    Indeterminate,
    KeyBundle,
    KeyItem,
    KeyPage,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    NoContent,
    PurgeDeletedKey,
    Reach,
    RecoverDeletedKey,
    Refused,
    Reply,
    Request,
    Sign,
    Unmodelled,
    UpdateKey,
    Verify,
)
from mhsm_model.generator import step
from mhsm_model.judgement import Judgement
from mhsm_model.operations.paging import item_in
from mhsm_model.state import ABSENT, Absent, Active, Deleted, Estate, Key
from mhsm_model.tests.keys_to_import import ec_key
from mhsm_model.tests.scenes import HOSTS, Scene, entries_at, estate_of, judged, scene
from mhsm_model.unknown import UNKNOWN

HOST: Final = HOSTS[0]
LOST: Final = Indeterminate("lost")


class Onlooker:
    """A belief beside a scene, which sees what is answered and not what is lost."""

    def __init__(self, stage: Scene, belief: Estate | None = None) -> None:
        self.stage = stage
        self.belief = stage.estate if belief is None else belief

    def see(self, request: Request) -> Reply:
        reply = self.answer(request)
        judgement = self.judge(request, reply)
        assert judgement.breaches == ()
        assert judgement.inconclusive is None
        return reply

    def answer(self, request: Request) -> Reply:
        call = self.stage.call(request)
        moved = step(self.stage.estate, self.stage.vault, call, self.stage.entropy)
        self.stage.estate, self.stage.vault = moved.estate, moved.vault
        return moved.reply

    def judge(self, request: Request, reply: Reply) -> Judgement:
        judgement = judged(self.belief, self.stage.call(request), reply)
        self.belief = judgement.estate
        return judgement

    def lose(self, request: Request, *, after_effect: bool) -> None:
        if after_effect:
            self.answer(request)
        self.belief = after_loss(self.belief, self.stage.call(request))

    def entries(self, name: str = "a") -> tuple[object, ...]:
        return entries_at(self.belief, name)


def with_two_keys() -> Scene:
    stage = scene()
    stage.send(CreateKey("a", "oct", 256))
    stage.send(CreateKey("b", "EC"))
    return stage


EFFECTS: Final[tuple[Request, ...]] = (
    CreateKey("a", "EC"),
    ImportKey("a", ec_key()),
    UpdateKey("a", tags={"x": "y"}),
    DeleteKey("a"),
)
WITHOUT_EFFECT: Final[tuple[Request, ...]] = (
    GetKey("a"),
    GetKey("nothing"),
    GetDeletedKey("a"),
    ListKeys(),
    ListDeletedKeys(),
    ListKeyVersions("a"),
    Encrypt("a", None, "A256GCM", b"x"),
    Decrypt("a", None, "A256CBC", bytes(16), bytes(16)),
    Sign("a", None, "HS256", b"x"),
    Verify("b", None, "ES256", bytes(32), bytes(64)),
)
REFUSED_ANYWAY: Final[tuple[Request, ...]] = (
    CreateKey("a", "nonsense"),
    UpdateKey("a", key_ops=("Sign",)),
    DeleteKey("nothing"),
    PurgeDeletedKey("a"),
    RecoverDeletedKey("a"),
)


# --- what a loss forks ----------------------------------------------------------------------------


@pytest.mark.parametrize("request_", EFFECTS)
def test_a_lost_reply_forks_its_own_factor_and_no_other(request_: Request) -> None:
    stage = with_two_keys()
    after = after_loss(stage.estate, stage.call(request_))
    before = stage.estate.instances[HOST]
    assert set(entries_at(after, "a")) > set(entries_at(stage.estate, "a"))
    assert len(entries_at(after, "a")) == 2
    assert after.instances[HOST].factors["b"] == before.factors["b"]
    assert after.instances[HOSTS[1]] == stage.estate.instances[HOSTS[1]]
    # What a birth made is known to be ours, also before anyone has seen it.
    assert all(after.materials[name] == held for name, held in stage.estate.materials.items())


@pytest.mark.parametrize("request_", [*WITHOUT_EFFECT, *REFUSED_ANYWAY])
def test_a_lost_reply_to_a_call_without_effect_forks_nothing(request_: Request) -> None:
    stage = with_two_keys()
    after = after_loss(stage.estate, stage.call(request_))
    for name in ("a", "b", "nothing"):
        assert entries_at(after, name) == entries_at(stage.estate, name)


@pytest.mark.parametrize("request_", WITHOUT_EFFECT)
def test_an_answered_call_without_effect_forks_nothing(request_: Request) -> None:
    seen = Onlooker(with_two_keys())
    seen.see(request_)
    for name in ("a", "b", "nothing"):
        assert len(seen.entries(name)) == 1


def test_the_acceptor_treats_an_indeterminate_reply_as_a_loss() -> None:
    stage = with_two_keys()
    call = stage.call(DeleteKey("a"))
    judgement = judged(stage.estate, call, LOST)
    assert judgement.accepted
    assert judgement.inconclusive == "lost"
    assert judgement.estate == after_loss(stage.estate, call)


# --- how reads resolve it -------------------------------------------------------------------------


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("request_", [CreateKey("a", "EC"), ImportKey("a", ec_key())])
def test_a_read_tells_whether_a_lost_birth_happened(request_: Request, after_effect: bool) -> None:
    seen = Onlooker(scene())
    seen.lose(request_, after_effect=after_effect)
    assert len(seen.entries()) == 2
    seen.see(GetKey("a"))
    (entry,) = seen.entries()
    assert isinstance(entry, Active if after_effect else Absent)
    seen.see(GetKey("a"))


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_read_tells_whether_a_lost_change_happened(after_effect: bool) -> None:
    seen = Onlooker(with_two_keys())
    seen.lose(UpdateKey("a", tags={"x": "y"}), after_effect=after_effect)
    seen.see(GetKey("a"))
    assert seen.entries() == entries_at(seen.stage.estate, "a")


@pytest.mark.parametrize("after_effect", [False, True])
def test_reads_tell_whether_a_deletion_a_recovery_or_a_purge_happened(after_effect: bool) -> None:
    seen = Onlooker(with_two_keys())
    seen.lose(DeleteKey("a"), after_effect=after_effect)
    seen.see(GetKey("a"))
    (entry,) = seen.entries()
    assert isinstance(entry, Deleted if after_effect else Active)
    seen.see(DeleteKey("a"))
    seen.lose(RecoverDeletedKey("a"), after_effect=after_effect)
    seen.see(GetDeletedKey("a"))
    (entry,) = seen.entries()
    assert isinstance(entry, Active if after_effect else Deleted)
    seen.see(DeleteKey("a"))
    seen.lose(PurgeDeletedKey("a"), after_effect=after_effect)
    seen.see(GetDeletedKey("a"))
    (entry,) = seen.entries()
    assert isinstance(entry, Absent if after_effect else Deleted)


def test_the_first_reply_that_names_a_version_not_yet_seen_makes_it_exact() -> None:
    seen = Onlooker(scene())
    seen.lose(CreateKey("a", "oct", 256, tags={"x": "y"}), after_effect=True)
    made = next(entry for entry in seen.entries() if isinstance(entry, Active))
    assert made.key.versions[-1].version is None
    seen.see(Encrypt("a", None, "A256CBC", bytes(16), bytes(16)))
    (entry,) = seen.entries()
    assert isinstance(entry, Active)
    named = entry.key.versions[-1].version
    assert named is not None
    shown = seen.see(GetKey("a"))
    assert isinstance(shown, KeyBundle)
    assert shown.kid.version == named
    forged = replace(shown, kid=replace(shown.kid, version="f" * 32))
    assert not seen.judge(GetKey("a"), forged).accepted


def test_a_version_not_yet_seen_is_held_to_the_request_that_made_it() -> None:
    seen = Onlooker(scene())
    seen.lose(CreateKey("a", "EC", tags={"x": "y"}), after_effect=True)
    shown = seen.answer(GetKey("a"))
    assert isinstance(shown, KeyBundle)
    assert not seen.judge(GetKey("a"), replace(shown, tags={"x": "z"})).accepted


def test_two_versions_not_yet_seen_are_told_apart() -> None:
    seen = Onlooker(scene())
    seen.lose(CreateKey("a", "EC"), after_effect=True)
    seen.lose(CreateKey("a", "EC", crv="P-384"), after_effect=True)
    seen.see(GetKey("a"))
    listed = seen.see(ListKeyVersions("a"))
    assert isinstance(listed, KeyPage)
    assert len(listed.items) == 2
    for item in listed.items:
        seen.see(GetKey("a", item_in(item).kid.version))
    seen.see(GetKey("a"))


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_lost_effect_may_be_followed_by_the_same_call(after_effect: bool) -> None:
    seen = Onlooker(with_two_keys())
    seen.lose(DeleteKey("a"), after_effect=after_effect)
    seen.see(DeleteKey("a"))
    (entry,) = seen.entries()
    assert isinstance(entry, Deleted)


# --- limits of belief -----------------------------------------------------------------------------


def test_a_name_that_may_be_absent_does_not_fill_the_instance() -> None:
    seen = Onlooker(scene(Configuration(maximum_keys=1)))
    seen.lose(CreateKey("a", "EC"), after_effect=False)
    seen.see(CreateKey("b", "EC"))


def test_a_lost_call_on_an_absent_name_takes_no_room() -> None:
    seen = Onlooker(scene(Configuration(maximum_keys=1)))
    seen.lose(RecoverDeletedKey("a"), after_effect=True)
    seen.see(CreateKey("b", "EC"))


def birth(number: int) -> CreateKey:
    return CreateKey("a", "EC", tags={"n": str(number)})


def test_losses_in_a_row_never_leave_more_possibilities_than_the_cap() -> None:
    seen = Onlooker(scene())
    for number in range(3 * POSSIBILITIES):
        seen.lose(birth(number), after_effect=number % 2 == 0)
        assert len(seen.entries()) <= POSSIBILITIES
    seen.see(GetKey("a"))
    seen.see(ListKeyVersions("a"))
    seen.see(GetKey("a"))


def test_too_many_possibilities_are_inconclusive_and_never_a_breach() -> None:
    seen = Onlooker(scene())
    for number in range(3):
        seen.lose(birth(number), after_effect=True)
    (factor,) = seen.belief.instances[HOST].factors.values()
    crowded = replace(factor, entries=(*factor.entries, *many_keys()))
    instance = seen.belief.instances[HOST]
    instance = replace(instance, factors=instance.factors.set("a", crowded))
    seen.belief = seen.belief.with_instance(HOST, instance)
    judgement = seen.judge(Sign("a", None, "ES256", bytes(1)), Refused(400, "BadParameter", "no"))
    assert judgement.accepted
    assert judgement.inconclusive is not None
    assert len(seen.entries()) <= POSSIBILITIES
    seen.see(GetKey("a"))


def many_keys() -> list[Active]:
    stage = scene()
    for number in range(POSSIBILITIES):
        stage.send(CreateKey(f"k{number}", "EC"))
    factors = stage.estate.instances[HOST].factors.values()
    return [entry for factor in factors for entry in factor.entries if isinstance(entry, Active)]


# --- a rejected exchange --------------------------------------------------------------------------


def lies() -> list[tuple[Request, Reply]]:
    return [
        (GetKey("a"), Refused(404, "KeyNotFound", f"Key not found: https://{HOST}/keys/a")),
        (GetKey("a"), Refused(500, "UnknownError", "Unknown error")),
        (GetKey("nothing"), NoContent()),
        (DeleteKey("a"), Refused(403, "Forbidden", "no")),
        (PurgeDeletedKey("a"), NoContent()),
        (ListKeys(), KeyPage(())),
        (CreateKey("c", "EC"), Refused(400, "BadParameter", "no")),
        (CreateKey("a", "nonsense"), NoContent()),
    ]


@pytest.mark.parametrize(("request_", "lie"), lies())
def test_a_rejected_exchange_does_not_poison_what_follows(request_: Request, lie: Reply) -> None:
    seen = Onlooker(with_two_keys())
    assert not seen.judge(request_, lie).accepted
    for truthful in (
        ListKeys(),
        GetKey("a"),
        GetDeletedKey("a"),
        GetKey("b"),
        CreateKey("a", "EC"),
    ):
        seen.see(truthful)


def test_after_an_unlawful_answer_both_what_it_said_and_what_was_believed_are_possible() -> None:
    stage = with_two_keys()
    shown = stage.created(CreateKey("c", "EC"))
    call = stage.call(GetKey("c"))
    altered = replace(shown, tags={"not": "set"})
    judgement = judged(stage.estate, call, altered)
    assert not judgement.accepted
    assert set(entries_at(judgement.estate, "c")) >= set(entries_at(stage.estate, "c"))
    assert judged(judgement.estate, call, shown).accepted
    assert judged(judgement.estate, call, altered).accepted


# --- from the middle ------------------------------------------------------------------------------

UNTOLD: Final = Configuration(retention_days=UNKNOWN, purge_protection=UNKNOWN)


def from_the_middle(stage: Scene) -> Onlooker:
    """An onlooker who comes when the scene has begun and was told nothing."""
    return Onlooker(stage, estate_of(UNTOLD, UNTOLD, fresh=False))


def history() -> Scene:
    stage = scene(Configuration(retention_days=7), Configuration())
    stage.send(CreateKey("a", "oct", 256))
    stage.send(CreateKey("a", "EC", tags={"x": "y"}))
    stage.send(CreateKey("gone", "RSA"))
    stage.send(DeleteKey("gone"))
    return stage


READS: Final[tuple[Request, ...]] = (
    GetKey("a"),
    GetKey("gone"),
    GetKey("never"),
    GetKey("a", "0" * 32),
    GetDeletedKey("gone"),
    GetDeletedKey("a"),
    ListKeys(),
    ListDeletedKeys(),
    ListKeyVersions("a"),
    ListKeyVersions("never"),
    DeleteKey("a"),
    DeleteKey("never"),
    RecoverDeletedKey("gone"),
    PurgeDeletedKey("gone"),
    CreateKey("a", "EC"),
    CreateKey("gone", "EC"),
    Sign("a", None, "ES256", bytes(32)),
    Encrypt("a", None, "A256CBC", bytes(16), bytes(16)),
    UpdateKey("a", tags={}),
)


@pytest.mark.parametrize("request_", READS)
def test_the_first_exchange_about_an_unknown_name_is_accepted(request_: Request) -> None:
    seen = from_the_middle(history())
    seen.see(request_)
    seen.see(request_)


def test_the_first_deleted_bundle_tells_the_configuration() -> None:
    seen = from_the_middle(history())
    seen.see(GetDeletedKey("gone"))
    configuration = seen.belief.instances[HOST].configuration
    assert configuration.retention_days == 7
    assert configuration.purge_protection is False
    assert seen.belief.instances[HOSTS[1]].configuration == UNTOLD


def test_what_a_reply_revealed_is_held_against_the_next() -> None:
    seen = from_the_middle(history())
    shown = seen.see(GetKey("a"))
    assert isinstance(shown, KeyBundle)
    forgeries: list[Reply] = [
        replace(shown, tags=None),
        replace(shown, key_ops=("sign",)),
        replace(shown, attributes=replace(shown.attributes, enabled=False)),
        replace(shown, attributes=replace(shown.attributes, created=1)),
        replace(shown, attributes=replace(shown.attributes, recoverable_days=90)),
        replace(shown, kid=replace(shown.kid, version="f" * 32)),
        Refused(404, "KeyNotFound", f"Key not found: https://{HOST}/keys/a"),
    ]
    call = seen.stage.call(GetKey("a"))
    for forged in forgeries:
        assert not judged(seen.belief, call, forged).accepted


def test_a_reply_that_is_wrong_itself_is_not_blamed_on_a_key_that_may_be_deleted() -> None:
    seen = from_the_middle(history())
    call = seen.stage.call(CreateKey("never", "EC"))
    made = history().created(CreateKey("never", "EC"))
    found = judged(seen.belief, call, replace(made, kty="EC")).breaches
    assert {breach.clause.identifier for breach in found} >= {"KEY-020", "KEY-224"}


def test_a_deletion_that_a_list_dated_is_held_against_the_next_list() -> None:
    seen = from_the_middle(history())
    page = seen.see(ListDeletedKeys())
    assert isinstance(page, KeyPage)
    item = page.items[0]
    assert isinstance(item, DeletedKeyItem)
    assert item.deleted_date is not None
    assert item.scheduled_purge_date is not None
    moved = replace(
        item,
        deleted_date=item.deleted_date + 1,
        scheduled_purge_date=item.scheduled_purge_date + 1,
    )
    call = seen.stage.call(ListDeletedKeys())
    forged = replace(page, items=(moved, *page.items[1:]))
    assert [b.clause.identifier for b in judged(seen.belief, call, forged).breaches] == ["PAGE-207"]


def test_an_empty_map_of_tags_is_no_map_of_tags() -> None:
    stage = history()
    listed = stage.expect(KeyPage, ListKeyVersions("a"))
    stage.send(UpdateKey("a", None, tags={}))
    call, page = stage.call(ListKeyVersions("a")), stage.expect(KeyPage, ListKeyVersions("a"))
    item = page.items[-1]
    assert isinstance(item, KeyItem)
    assert item.tags is None
    assert listed.items[-1] != item
    forged = replace(page, items=(*page.items[:-1], replace(item, tags={})))
    assert [b.clause.identifier for b in judged(stage.estate, call, forged).breaches] == [
        "PAGE-208"
    ]
    asked = stage.call(UpdateKey("a", None, ("sign",)))
    shown, _ = stage.carry_out(asked)
    assert isinstance(shown, KeyBundle)
    again = stage.call(UpdateKey("a", None, ("sign",)))
    assert not judged(stage.estate, again, replace(shown, tags={})).accepted


def test_an_absence_that_was_told_is_held_against_the_next_reply() -> None:
    seen = from_the_middle(history())
    seen.see(GetKey("never"))
    seen.see(GetDeletedKey("never"))
    assert seen.entries("never") == (ABSENT,)
    shown = bundle_in(history().created(CreateKey("never", "EC")))
    assert not judged(seen.belief, seen.stage.call(GetKey("never")), shown).accepted


def test_a_deletion_that_was_seen_is_held_against_a_read_of_the_key() -> None:
    seen = from_the_middle(history())
    before = seen.see(GetKey("a"))
    seen.see(DeleteKey("a"))
    assert not judged(seen.belief, seen.stage.call(GetKey("a")), before).accepted


def test_a_version_that_nobody_told_of_may_exist_and_then_is_known() -> None:
    stage = history()
    entry = stage.estate.instances[HOST].factors["a"].entries[0]
    assert isinstance(entry, Active)
    older = entry.key.versions[0].version
    seen = from_the_middle(stage)
    seen.see(GetKey("a"))
    shown = seen.see(GetKey("a", older))
    assert isinstance(shown, KeyBundle)
    forged = replace(shown, tags={"other": "tags"})
    assert not judged(seen.belief, seen.stage.call(GetKey("a", older)), forged).accepted
    seen.see(GetKey("a"))


# --- what is not modelled -------------------------------------------------------------------------


def reaching(reach: Reach, name: str | None = "a") -> Call:
    return scene().call(Unmodelled("RotateKey", reach, name))


def test_an_operation_without_reach_leaves_the_belief() -> None:
    stage = with_two_keys()
    judgement = judged(stage.estate, reaching(Reach.NOTHING, None), NoContent())
    assert judgement.accepted
    assert judgement.inconclusive is not None
    assert judgement.estate.instances == stage.estate.instances


def test_an_operation_on_a_name_widens_that_name_alone() -> None:
    stage = with_two_keys()
    after = judged(stage.estate, reaching(Reach.NAME), NoContent()).estate
    untold = Key((), complete=False, headed=False)
    assert set(entries_at(after, "a")) == {ABSENT, Active(untold), Deleted(untold)}
    assert entries_at(after, "b") == entries_at(stage.estate, "b")


def test_an_operation_on_the_instance_widens_all_its_names_and_no_other_instance() -> None:
    stage = with_two_keys()
    stage.send(CreateKey("a", "EC"), HOSTS[1])
    after = judged(stage.estate, reaching(Reach.INSTANCE), NoContent()).estate
    assert len(entries_at(after, "b")) > 1
    assert len(entries_at(after, "never")) > 1
    assert after.instances[HOSTS[1]] == stage.estate.instances[HOSTS[1]]


def test_an_operation_that_uses_a_key_opens_its_material() -> None:
    stage = with_two_keys()
    forged = Decrypt("a", None, "A256GCM", b"x", bytes(12), None, bytes(16))
    refusal = Refused(400, "BadParameter", "The value cannot be decrypted")
    result = replace(
        stage.result(Encrypt("a", None, "A256GCM", b"x")), value=b"y", iv=None, tag=None
    )
    call = stage.call(forged)
    assert not judged(stage.estate, call, result).accepted
    after = judged(stage.estate, reaching(Reach.USE), NoContent()).estate
    assert judged(after, call, result).accepted
    assert judged(after, call, refusal).accepted


def test_a_refused_operation_that_is_not_modelled_widens_nothing() -> None:
    stage = with_two_keys()
    refused = Refused(403, "Forbidden", "no")
    judgement = judged(stage.estate, reaching(Reach.INSTANCE), refused)
    assert judgement.accepted
    assert judgement.estate.instances == stage.estate.instances


def test_an_unknown_host_is_a_key_error() -> None:
    stage = scene()
    with pytest.raises(KeyError):
        accepts(stage.estate, stage.call(GetKey("a"), "elsewhere"), NoContent())
