"""Mutants that back keys up or restore them wrongly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mhsm_model.alternatives import addressed_name
from mhsm_model.base64url import encoded
from mhsm_model.bundles import shown_version
from mhsm_model.exchange import Call, KeyBackup, KeyBundle, Refused, Reply, RestoreKey
from mhsm_model.generator import Step
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.moments import Interval
from mhsm_model.relations.backup_blobs import parts_of
from mhsm_model.state import NO_TAGS, Active, Estate, KeyVersion
from mhsm_targets.mutants.mutant import wrong_reply, wrong_state
from mhsm_targets.mutants.parts import entry_at, placed

__all__: list[str] = []

VersionChange = Callable[[KeyVersion, Estate], KeyVersion]


def _restored(call: Call, before: Estate, step: Step, change: VersionChange) -> Step:
    """The step whose restored key has its current version changed, and shows it so."""
    if not isinstance(call.request, RestoreKey) or not isinstance(step.reply, KeyBundle):
        return step
    name = addressed_name(before, call.request)
    entry = entry_at(step.estate, call.host, name)
    if not isinstance(entry, Active):
        return step
    key = entry.key
    made = change(key.versions[-1], step.estate)
    moved = placed(step, call.host, name, Active(key.with_version(len(key.versions) - 1, made)))
    material = step.estate.materials[made.material]
    configuration = step.estate.instances[call.host].configuration
    shown = shown_version(KeyIdentifier(call.host, name), made, material, configuration)
    return replace(moved, reply=shown)


@wrong_state("KBK-001")
def restore_is_a_new_version(call: Call, before: Estate, step: Step) -> Step:
    """Gives the current version of a restored key a new identifier."""
    return _restored(call, before, step, lambda v, _: replace(v, version="0" * 31 + "1"))


@wrong_state("KBK-001")
def restore_dates_the_key(call: Call, before: Estate, step: Step) -> Step:
    """Moves updated of a restored key to the second of its restore."""
    now = Interval(call.time.latest + 1, call.time.latest + 1)
    return _restored(call, before, step, lambda v, _: replace(v, updated=now))


@wrong_state("KBK-001")
def restore_loses_the_tags(call: Call, before: Estate, step: Step) -> Step:
    """Brings a key back without its tags."""
    return _restored(call, before, step, lambda v, _: replace(v, tags=NO_TAGS))


@wrong_state("KBK-001")
def restore_enables(call: Call, before: Estate, step: Step) -> Step:
    """Brings a disabled key back enabled."""
    return _restored(call, before, step, lambda v, _: replace(v, enabled=True))


@wrong_state("KBK-001")
def restore_makes_exportable(call: Call, before: Estate, step: Step) -> Step:
    """Shows a restored key as exportable, as builds until 2023 did."""
    return _restored(call, before, step, lambda v, _: replace(v, exportable=True))


VersionsChange = Callable[[tuple[KeyVersion, ...]], tuple[KeyVersion, ...]]


def _with_older(call: Call, before: Estate, step: Step, change: VersionsChange) -> Step:
    """The step whose restored key has other versions beside the current one."""
    if not isinstance(call.request, RestoreKey) or not isinstance(step.reply, KeyBundle):
        return step
    name = addressed_name(before, call.request)
    entry = entry_at(step.estate, call.host, name)
    if not isinstance(entry, Active):
        return step
    *older, current = entry.key.versions
    versions = (*change(tuple(older)), current)
    return placed(step, call.host, name, Active(replace(entry.key, versions=versions)))


@wrong_state("ERR-201")
def restore_brings_the_current_version_alone(call: Call, before: Estate, step: Step) -> Step:
    """Brings a key back without its older versions."""
    return _with_older(call, before, step, lambda older: ())


@wrong_state("ATTR-211")
def restore_dates_older_versions(call: Call, before: Estate, step: Step) -> Step:
    """Gives the older versions of a restored key the second of its restore as updated."""
    now = Interval(call.time.latest, call.time.latest)
    return _with_older(
        call, before, step, lambda older: tuple(replace(v, updated=now) for v in older)
    )


@wrong_state("PAGE-005")
def restore_turns_older_versions_round(call: Call, before: Estate, step: Step) -> Step:
    """Brings the older versions of a key back in the reverse order."""
    return _with_older(call, before, step, lambda older: older[::-1])


@wrong_state("ATTR-210")
def restore_enables_older_versions(call: Call, before: Estate, step: Step) -> Step:
    """Brings the older versions of a key back enabled."""
    return _with_older(
        call, before, step, lambda older: tuple(replace(v, enabled=True) for v in older)
    )


@wrong_reply("ERR-201")
def backup_needs_an_enabled_key(call: Call, reply: Reply, before: Estate) -> Reply:
    """Refuses to back up a key whose current version is disabled."""
    entry = entry_at(before, call.host, getattr(call.request, "name", ""))
    if not isinstance(reply, KeyBackup) or not isinstance(entry, Active):
        return reply
    if entry.key.versions[-1].enabled:
        return reply
    return Refused(403, "Forbidden", "The key is disabled")


def _with_blob(reply: Reply, change: Callable[[bytes], bytes]) -> Reply:
    return KeyBackup(change(reply.blob)) if isinstance(reply, KeyBackup) else reply


@wrong_reply("KBK-005")
def blob_is_raw(call: Call, reply: Reply, before: Estate) -> Reply:
    """Gives the ciphertext of a backup without its envelope."""

    def raw(blob: bytes) -> bytes:
        parts = parts_of(blob)
        return blob if parts is None else parts.ciphertext

    return _with_blob(reply, raw)


@wrong_reply("KBK-005")
def blob_names_another_cipher(call: Call, reply: Reply, before: Estate) -> Reply:
    """Writes A256GCM into the header of a backup blob."""
    header = b'{"alg":"dir","enc":"A256GCM","kid":"backup-protection-key"}'
    return _with_blob(reply, lambda blob: encoded(header).encode() + blob[blob.index(b".") :])


@wrong_reply("KBK-005")
def blob_lacks_its_tag(call: Call, reply: Reply, before: Estate) -> Reply:
    """Leaves the tag out of a backup blob."""
    return _with_blob(reply, lambda blob: blob[: blob.rindex(b".") + 1])


@wrong_reply("KBK-007")
def blobs_share_their_iv(call: Call, reply: Reply, before: Estate) -> Reply:
    """Encrypts every backup with the same iv."""

    def with_iv(blob: bytes) -> bytes:
        parts = blob.split(b".")
        return b".".join((*parts[:2], b"A" * len(parts[2]), *parts[3:]))

    return _with_blob(reply, with_iv)
