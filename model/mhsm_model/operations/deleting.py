"""Delete, read deleted, recover, purge: the life of a name after its key is in use no more.

absent -> active -> soft-deleted -> (recover) active | (purge, or the scheduled date) absent
"""

from __future__ import annotations

from typing import Final

from mhsm_model.bundles import bundle_in, point
from mhsm_model.clauses import Basis
from mhsm_model.exchange import (
    DeletedKeyBundle,
    DeleteKey,
    GetDeletedKey,
    KeyBundle,
    NoContent,
    PurgeDeletedKey,
    RecoverDeletedKey,
)
from mhsm_model.findings import VACUOUS, Finding, Mismatch, expect
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.moments import ANY_TIME, Interval
from mhsm_model.operations.existence import NAMED, SOFT_DELETED, deleted_key_exists, key_exists
from mhsm_model.operations.operation import Effect, Hand, Operation
from mhsm_model.operations.reading import known_key, learnt_key, shown_addressed
from mhsm_model.operations.stored import STORED
from mhsm_model.rules import Objection, Perhaps, guard, postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import (
    RECORDED_CLI,
    RECORDED_GO,
    RECORDED_PYTHON,
    REST,
    SOFT_DELETE,
)
from mhsm_model.state import ABSENT, Active, Deleted
from mhsm_model.tables.errors import unseen
from mhsm_model.tables.lifecycle import DAY_SECONDS
from mhsm_model.unknown import UNKNOWN

__all__ = ["DELETE_KEY", "GET_DELETED_KEY", "PURGE_DELETED_KEY", "RECOVER_DELETED_KEY"]

_RECORDED: Final = (RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO)
AnyDeleted = DeleteKey | GetDeletedKey


@guard(
    "LIFE-011",
    basis=Basis.DOCUMENTED,
    sources=(SOFT_DELETE,),
    presupposes=(deleted_key_exists,),
)
def purge_protection_is_off(s: Situation[PurgeDeletedKey], /) -> Objection:
    """Refuse to purge while purge protection is on and the retention has not ended."""
    protection = s.configuration.purge_protection
    refusal = unseen(403, "Forbidden", "Purge protection is on for this instance")
    if protection is UNKNOWN:
        return Perhaps(refusal)
    return refusal if protection else None


@postcondition("LIFE-003", basis=Basis.OBSERVED, sources=_RECORDED)
def purge_is_scheduled(s: Situation[AnyDeleted], reply: DeletedKeyBundle, /) -> Finding:
    """Show as scheduledPurgeDate the deletedDate and recoverableDays days of 86400 seconds."""
    days = reply.bundle.attributes.recoverable_days
    if reply.deleted_date is None or reply.scheduled_purge_date is None or days is None:
        return Mismatch("deletedDate and scheduledPurgeDate", "not both")
    date = reply.deleted_date + days * DAY_SECONDS
    return expect(reply.scheduled_purge_date == date, f"{date}", reply.scheduled_purge_date)


@postcondition("LIFE-004", basis=Basis.OBSERVED, sources=_RECORDED)
def recovery_id_names_the_deleted_key(
    s: Situation[AnyDeleted], reply: DeletedKeyBundle, /
) -> Finding:
    """Show as recoveryId the URL of the deleted key."""
    host = reply.bundle.kid.host if s.call.host_masked else s.host
    wanted = str(KeyIdentifier(host, s.name, None, "deletedkeys"))
    return expect(reply.recovery_id == wanted, wanted, reply.recovery_id)


@postcondition("LIFE-202", basis=Basis.OBSERVED, sources=_RECORDED)
def deletion_is_dated_now(s: Situation[DeleteKey], reply: DeletedKeyBundle, /) -> Finding:
    """Show as deletedDate the second in which the key was deleted, not before its last change."""
    date, updated = reply.deleted_date, reply.bundle.attributes.updated
    if date is None:
        return VACUOUS
    if updated is not None and date < updated - s.configuration.clock_skew:
        return Mismatch(f"a deletedDate from {updated} on", str(date))
    return expect(date in s.now, f"deletedDate {s.now}", date)


@postcondition("LIFE-203", basis=Basis.OBSERVED, sources=_RECORDED)
def deletion_keeps_its_date(s: Situation[GetDeletedKey], reply: DeletedKeyBundle, /) -> Finding:
    """Show for a deleted key the deletedDate of its deletion, or the second before."""
    if not isinstance(s.entry, Deleted) or reply.deleted_date is None:
        return VACUOUS
    date = s.entry.deleted
    if reply.deleted_date in date and date.latest - date.earliest > 1:
        return VACUOUS
    return expect(reply.deleted_date in date, f"deletedDate {date}", reply.deleted_date)


def _shown_deleted(s: Situation[AnyDeleted], deleted: Interval) -> DeletedKeyBundle:
    bundle = shown_addressed(s)
    days = bundle.attributes.recoverable_days or 0
    return DeletedKeyBundle(
        bundle=bundle,
        recovery_id=str(KeyIdentifier(s.host, s.name, None, "deletedkeys")),
        deleted_date=deleted.latest,
        scheduled_purge_date=deleted.latest + days * DAY_SECONDS,
    )


def _delete_answer(s: Situation[DeleteKey], hand: Hand, /) -> DeletedKeyBundle:
    return _shown_deleted(s, s.now)


def _dated(shown: int | None) -> Interval:
    # A later read may show the second before the one that the reply to delete showed (recorded).
    return ANY_TIME if shown is None else Interval(max(0, shown - 1), shown)


def _delete_effect(s: Situation[DeleteKey], reply: DeletedKeyBundle, /) -> Effect:
    """The name is soft-deleted with all versions of its key, until it is recovered or purged."""
    key, material = learnt_key(s, reply)
    return Effect(
        Deleted(key, _dated(reply.deleted_date)),
        materials=(material,),
        changes=True,
        told=reply.deleted_date,
    )


def _delete_lost(s: Situation[DeleteKey], /) -> tuple[Effect, ...]:
    return (Effect(Deleted(s.active, s.now)),) if s.active is not None else ()


DELETE_KEY: Final[Operation[DeleteKey, DeletedKeyBundle]] = Operation(
    name="DeleteKey",
    request=DeleteKey,
    reply=DeletedKeyBundle,
    guards=(
        *NAMED,
        key_exists,
    ),
    ensures=(
        *STORED,
        purge_is_scheduled,
        recovery_id_names_the_deleted_key,
        deletion_is_dated_now,
    ),
    answers=_delete_answer,
    effect=_delete_effect,
    lost=_delete_lost,
)


def _read_answer(s: Situation[GetDeletedKey], hand: Hand, /) -> DeletedKeyBundle:
    if not isinstance(s.entry, Deleted):
        raise ValueError("the guards let a key pass that is not deleted")
    return _shown_deleted(s, s.entry.deleted)


def _read_effect(s: Situation[GetDeletedKey], reply: DeletedKeyBundle, /) -> Effect:
    """Nothing changes; the deleted key and its dates are known."""
    key, material = learnt_key(s, reply)
    return Effect(Deleted(key, point(reply.deleted_date)), materials=(material,))


GET_DELETED_KEY: Final[Operation[GetDeletedKey, DeletedKeyBundle]] = Operation(
    name="GetDeletedKey",
    request=GetDeletedKey,
    reply=DeletedKeyBundle,
    guards=(*SOFT_DELETED,),
    ensures=(
        *STORED,
        purge_is_scheduled,
        recovery_id_names_the_deleted_key,
        deletion_keeps_its_date,
    ),
    answers=_read_answer,
    effect=_read_effect,
)


@postcondition("LIFE-006", basis=Basis.OBSERVED, sources=(REST, *_RECORDED))
def recovered_key_is_the_deleted_one(
    s: Situation[RecoverDeletedKey], reply: KeyBundle, /
) -> Finding:
    """Bring a deleted key back with its current version's identifier."""
    version = s.version
    if version is None or version.version is None:
        return VACUOUS
    shown = bundle_in(reply).kid.version
    return expect(shown == version.version, f"version {version.version}", f"version {shown}")


def _recover_answer(s: Situation[RecoverDeletedKey], hand: Hand, /) -> KeyBundle:
    return shown_addressed(s)


def _recover_effect(s: Situation[RecoverDeletedKey], reply: KeyBundle, /) -> Effect:
    """The name is in use again, with the versions that it had."""
    key, material = learnt_key(s, reply)
    return Effect(Active(key), materials=(material,), changes=True)


def _recover_lost(s: Situation[RecoverDeletedKey], /) -> tuple[Effect, ...]:
    return (Effect(Active(known_key(s))),) if isinstance(s.entry, Deleted) else ()


RECOVER_DELETED_KEY: Final[Operation[RecoverDeletedKey, KeyBundle]] = Operation(
    name="RecoverDeletedKey",
    request=RecoverDeletedKey,
    reply=KeyBundle,
    guards=(*SOFT_DELETED,),
    ensures=(*STORED, recovered_key_is_the_deleted_one),
    answers=_recover_answer,
    effect=_recover_effect,
    lost=_recover_lost,
)


def _purge_answer(s: Situation[PurgeDeletedKey], hand: Hand, /) -> NoContent:
    return NoContent()


def _purge_effect(s: Situation[PurgeDeletedKey], reply: NoContent, /) -> Effect:
    """The name is free, and material that no backup holds is gone."""
    # Material that a backup holds outlives its name.
    archived = s.estate.archive.materials
    versions = known_key(s).versions
    forgotten = tuple(v.material for v in versions if v.material not in archived)
    # Where replicas lag, the deleted key may still be shown for a while after its purge (recorded).
    pending = () if s.configuration.purge_settles_at_once else (s.entry,)
    return Effect(ABSENT, forgotten=forgotten, changes=True, also_possible=pending)


def _purge_lost(s: Situation[PurgeDeletedKey], /) -> tuple[Effect, ...]:
    return (Effect(ABSENT),) if isinstance(s.entry, Deleted) else ()


PURGE_DELETED_KEY: Final[Operation[PurgeDeletedKey, NoContent]] = Operation(
    name="PurgeDeletedKey",
    request=PurgeDeletedKey,
    reply=NoContent,
    guards=(
        *SOFT_DELETED,
        purge_protection_is_off,
    ),
    ensures=(),
    answers=_purge_answer,
    effect=_purge_effect,
    lost=_purge_lost,
)
