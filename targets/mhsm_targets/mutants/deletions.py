"""Mutants that delete, recover or purge wrongly."""

from __future__ import annotations

from dataclasses import replace

from mhsm_model.alternatives import key_name
from mhsm_model.exchange import (
    Call,
    DeletedKeyBundle,
    DeleteKey,
    GetDeletedKey,
    KeyBundle,
    KeyPage,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Refused,
    Reply,
)
from mhsm_model.generator import Step
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.moments import Interval
from mhsm_model.state import ABSENT, Active, Deleted, Estate
from mhsm_model.tables.lifecycle import DAY_SECONDS
from mhsm_model.unknown import Unknown
from mhsm_targets.mutants.mutant import wrong_call, wrong_reply, wrong_state
from mhsm_targets.mutants.parts import entry_at, item_of, placed

__all__: list[str] = []

_NINETY_DAYS = 90 * DAY_SECONDS


@wrong_reply("LIFE-003")
def purge_is_always_in_ninety_days(call: Call, reply: Reply, before: Estate) -> Reply:
    """Schedules every purge after 90 days, whatever the retention is."""
    if not isinstance(reply, DeletedKeyBundle):
        return reply
    return replace(reply, scheduled_purge_date=(reply.deleted_date or 0) + _NINETY_DAYS)


@wrong_reply("LIFE-003")
def no_purge_is_scheduled(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows no scheduledPurgeDate."""
    if not isinstance(reply, DeletedKeyBundle):
        return reply
    return replace(reply, scheduled_purge_date=None)


@wrong_reply("LIFE-004")
def recovery_id_is_the_key(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows the URL under /keys as recoveryId."""
    if not isinstance(reply, DeletedKeyBundle):
        return reply
    return replace(reply, recovery_id=(reply.recovery_id or "").replace("/deletedkeys/", "/keys/"))


@wrong_reply("LIFE-004")
def recovery_id_has_a_version(call: Call, reply: Reply, before: Estate) -> Reply:
    """Ends the recoveryId with the version."""
    if not isinstance(reply, DeletedKeyBundle):
        return reply
    return replace(reply, recovery_id=f"{reply.recovery_id}/{reply.bundle.kid.version}")


@wrong_reply("LIFE-005")
def deleted_key_lists_its_versions(call: Call, reply: Reply, before: Estate) -> Reply:
    """Lists the versions of a soft-deleted key."""
    request = call.request
    if not isinstance(request, ListKeyVersions) or not isinstance(reply, KeyPage):
        return reply
    entry = entry_at(before, call.host, request.name)
    if not isinstance(entry, Deleted):
        return reply
    items = (
        item_of(before, call.host, KeyIdentifier(call.host, request.name, v.version), v)
        for v in entry.key.versions
    )
    return KeyPage(tuple(items))


@wrong_state("LIFE-006")
def recovery_brings_the_oldest_version(call: Call, before: Estate, step: Step) -> Step:
    """Makes the oldest version of a recovered key the current one."""
    request, reply = call.request, step.reply
    if not isinstance(request, RecoverDeletedKey) or not isinstance(reply, KeyBundle):
        return step
    entry = entry_at(step.estate, call.host, request.name)
    if not isinstance(entry, Active):
        return step
    versions = entry.key.versions[::-1]
    shown = replace(reply, kid=replace(reply.kid, version=versions[-1].version))
    active = Active(replace(entry.key, versions=versions))
    return replace(placed(step, call.host, request.name, active), reply=shown)


@wrong_state("ATTR-210")
def recovery_forgets_old_windows(call: Call, before: Estate, step: Step) -> Step:
    """Brings old versions of a deleted key back without their nbf."""
    request = call.request
    if not isinstance(request, RecoverDeletedKey) or not isinstance(step.reply, KeyBundle):
        return step
    entry = entry_at(step.estate, call.host, request.name)
    if not isinstance(entry, Active):
        return step
    *old, current = entry.key.versions
    versions = (*(replace(version, not_before=None) for version in old), current)
    active = Active(replace(entry.key, versions=versions))
    return placed(step, call.host, request.name, active)


@wrong_state("PAGE-209")
def recovery_loses_old_versions(call: Call, before: Estate, step: Step) -> Step:
    """Brings only the current version of a deleted key back."""
    request = call.request
    if not isinstance(request, RecoverDeletedKey) or not isinstance(step.reply, KeyBundle):
        return step
    entry = entry_at(step.estate, call.host, request.name)
    if not isinstance(entry, Active):
        return step
    active = Active(replace(entry.key, versions=entry.key.versions[-1:]))
    return placed(step, call.host, request.name, active)


@wrong_reply("LIFE-202")
def deletion_is_dated_by_the_day(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows the midnight before the deletion as deletedDate."""
    if not isinstance(reply, DeletedKeyBundle) or reply.deleted_date is None:
        return reply
    past = reply.deleted_date % DAY_SECONDS
    purge = (reply.scheduled_purge_date or 0) - past
    return replace(reply, deleted_date=reply.deleted_date - past, scheduled_purge_date=purge)


@wrong_reply("LIFE-203")
def deletion_is_dated_by_the_read(call: Call, reply: Reply, before: Estate) -> Reply:
    """Shows the time of the read as deletedDate."""
    if not isinstance(call.request, GetDeletedKey) or not isinstance(reply, DeletedKeyBundle):
        return reply
    now = call.time.earliest
    late = now - (reply.deleted_date or 0)
    purge = (reply.scheduled_purge_date or 0) + late
    return replace(reply, deleted_date=now, scheduled_purge_date=purge)


@wrong_call("LIFE-204")
def retention_never_ends(call: Call, before: Estate) -> Call:
    """Purges a soft-deleted key only when it is told to."""
    name = key_name(call.request)
    entry = entry_at(before, call.host, name)
    days = before.instances[call.host].configuration.retention_days
    if not isinstance(entry, Deleted) or isinstance(days, Unknown):
        return call
    last = entry.deleted.earliest + days * DAY_SECONDS - 1
    moment = min(call.time.earliest, last)
    return replace(call, time=Interval(moment, moment))


@wrong_state("ERR-002")
def deleted_key_stays_active(call: Call, before: Estate, step: Step) -> Step:
    """Answers a deletion and keeps the key in use."""
    if not isinstance(call.request, DeleteKey) or isinstance(step.reply, Refused):
        return step
    return placed(
        step, call.host, call.request.name, entry_at(before, call.host, call.request.name)
    )


@wrong_state("ERR-201")
def deletion_purges_at_once(call: Call, before: Estate, step: Step) -> Step:
    """Destroys a key that is only to be soft-deleted."""
    if not isinstance(call.request, DeleteKey) or isinstance(step.reply, Refused):
        return step
    return placed(step, call.host, call.request.name, ABSENT)


@wrong_state("ERR-003")
def purge_leaves_the_key(call: Call, before: Estate, step: Step) -> Step:
    """Answers a purge and keeps the soft-deleted key."""
    if not isinstance(call.request, PurgeDeletedKey) or isinstance(step.reply, Refused):
        return step
    kept = entry_at(before, call.host, call.request.name)
    left = replace(step, estate=replace(step.estate, materials=before.materials))
    return placed(left, call.host, call.request.name, kept)


@wrong_state("ERR-003")
def recovery_leaves_the_deleted_key(call: Call, before: Estate, step: Step) -> Step:
    """Answers a recovery and keeps the key soft-deleted."""
    if not isinstance(call.request, RecoverDeletedKey) or isinstance(step.reply, Refused):
        return step
    kept = entry_at(before, call.host, call.request.name)
    return placed(step, call.host, call.request.name, kept)
