"""Back a key up and restore it. POST /keys/{name}/backup and POST /keys/restore.

A blob holds a key with all its versions and is bound to the security domain of the instance that
made it. Which name a restore brings back stands in the blob alone.
"""

from __future__ import annotations

from typing import Any, Final

from mhsm_model.archive import Backup, domain_of
from mhsm_model.bundles import revealed, revealed_material
from mhsm_model.clauses import Basis
from mhsm_model.exchange import BackupKey, KeyBackup, KeyBundle, RestoreKey
from mhsm_model.findings import VACUOUS, Finding, Mismatch, expect
from mhsm_model.key import Key
from mhsm_model.material import Knowledge
from mhsm_model.operations.access import ACCESS, caller_is_authenticated
from mhsm_model.operations.existence import (
    NAMED,
    instance_has_room_for_a_key,
    key_exists,
    name_is_not_soft_deleted,
)
from mhsm_model.operations.operation import Effect, Hand, Operation
from mhsm_model.operations.reading import known_key, learnt_key, shown_addressed
from mhsm_model.operations.shape import SHAPE
from mhsm_model.operations.stored import undisturbed_finding
from mhsm_model.relations.backup_blobs import (
    BLOCK_BYTES,
    HEADER,
    IV_BYTES,
    TAG_BYTES,
    made_blob,
    parts_of,
)
from mhsm_model.relations.facts import digest
from mhsm_model.rules import Objection, Perhaps, guard, postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import (
    DISASTER_RECOVERY,
    KEY_MANAGEMENT,
    RECORDED_CLI,
    RECORDED_GO,
    RECORDED_PYTHON,
    REST,
    RFC7518,
)
from mhsm_model.state import Active
from mhsm_model.tables.errors import seen, unseen
from mhsm_model.unknown import UNKNOWN

__all__ = ["BACKUP_KEY", "RESTORE_KEY"]

_RECORDED: Final = (RECORDED_GO, RECORDED_PYTHON, RECORDED_CLI)
_CRYPTO_DOMAIN: Final = (
    "Backup blob belongs to a different crypto domain and cannot be used with this instance."
)
_FOREIGN: Final = seen(400, "MalformedBackupBlob", _CRYPTO_DOMAIN)

# --- back up --------------------------------------------------------------------------------------


@postcondition("KBK-005", basis=Basis.OBSERVED, sources=_RECORDED)
def blob_is_a_compact_jwe(s: Situation[BackupKey], reply: KeyBackup, /) -> Finding:
    """Answer with a compact JWE: alg dir, enc A256CBC-HS512, whole blocks and a tag of 32 bytes."""
    parts = parts_of(reply.blob)
    if parts is None:
        return Mismatch("a compact JWE", f"{len(reply.blob)} bytes that are none")
    if parts.header != HEADER:
        return Mismatch(HEADER.decode(), f"a header of {len(parts.header)} bytes")
    whole = parts.ciphertext and len(parts.ciphertext) % BLOCK_BYTES == 0
    good = not parts.encrypted_key and len(parts.iv) == IV_BYTES and len(parts.tag) == TAG_BYTES
    lengths = ", ".join(str(len(part)) for part in parts.random)
    return expect(
        bool(whole and good),
        "no encrypted key, an iv of 16 bytes, whole blocks, a tag of 32",
        f"parts of {lengths} bytes",
    )


@postcondition("KBK-007", basis=Basis.STANDARD, sources=(RFC7518,))
def blob_is_fresh(s: Situation[BackupKey], reply: KeyBackup, /) -> Finding:
    """Encrypt anew, so that no two blobs that differ share their iv, ciphertext or tag."""
    if parts_of(reply.blob) is None or not s.estate.archive.backups:
        return VACUOUS
    archive = s.estate.archive
    earlier = archive.found(reply.blob)
    if earlier is not None and (earlier.host, earlier.name) == (s.host, s.name):
        # The very same blob again shows no more than it did before.
        return VACUOUS
    shared = archive.knows_a_part_of(reply.blob)
    return expect(not shared, "a blob unlike all before", "a part of an earlier blob")


def _backup_answer(s: Situation[BackupKey], hand: Hand, /) -> KeyBackup:
    return KeyBackup(made_blob(hand.entropy))


def _backup_effect(s: Situation[BackupKey], reply: KeyBackup, /) -> Effect:
    """Nothing at the name changes; the archive holds the blob and what it would bring back."""
    domain = domain_of(s.host, s.configuration)
    backup = Backup(s.host, domain, s.name, (known_key(s),), digest(reply.blob))
    return Effect(s.entry, backup=(reply.blob, backup))


BACKUP_KEY: Final[Operation[BackupKey, KeyBackup]] = Operation(
    name="BackupKey",
    request=BackupKey,
    reply=KeyBackup,
    guards=(*NAMED, key_exists),
    ensures=(blob_is_a_compact_jwe, blob_is_fresh),
    answers=_backup_answer,
    effect=_backup_effect,
)


# --- restore --------------------------------------------------------------------------------------


@guard(
    "KBK-003",
    basis=Basis.OBSERVED,
    sources=(RECORDED_GO,),
    presupposes=(caller_is_authenticated,),
)
def blob_is_a_backup(s: Situation[RestoreKey], /) -> Objection:
    """Refuse what is no backup blob, or an altered one: 400 MalformedBackupBlob."""
    archive, blob = s.estate.archive, s.request.blob
    backup = archive.found(blob)
    if backup is not None:
        # The same parts in another spelling of base64url are the same blob, or none.
        return None if backup.spelling == digest(blob) else Perhaps(_FOREIGN)
    could_be = parts_of(blob) is not None and not archive.knows_a_part_of(blob)
    return Perhaps(_FOREIGN) if could_be and _others_may_have_made(s) else _FOREIGN


def _others_may_have_made(s: Situation[RestoreKey]) -> bool:
    """Whether an instance that existed before we looked may have the security domain."""
    own = domain_of(s.host, s.configuration)
    for host, instance in s.estate.instances.items():
        domain = domain_of(host, instance.configuration)
        if not instance.fresh and (UNKNOWN in (own, domain) or domain == own):
            return True
    return False


@guard(
    "KBK-002",
    basis=Basis.DOCUMENTED,
    sources=(DISASTER_RECOVERY, KEY_MANAGEMENT, RECORDED_GO),
    presupposes=(blob_is_a_backup,),
)
def blob_is_of_the_domain(s: Situation[RestoreKey], /) -> Objection:
    """Refuse a backup blob of an instance with another security domain: 400 MalformedBackupBlob."""
    backup = s.estate.archive.found(s.request.blob)
    if backup is None:
        return None
    match backup.is_of_domain(s.host, s.configuration):
        case True:
            return None
        case False:
            return _FOREIGN
        case None:
            return Perhaps(_FOREIGN)


@guard(
    "KBK-004",
    basis=Basis.DOCUMENTED,
    sources=(KEY_MANAGEMENT, REST),
    presupposes=(blob_is_of_the_domain,),
)
def name_is_not_in_use(s: Situation[RestoreKey], /) -> Objection:
    """Refuse to restore a key whose name is in use."""
    refusal = unseen(409, "Conflict", "A key with the name of the backup exists already")
    if isinstance(s.entry, Active):
        return refusal
    return Perhaps(refusal) if s.archived is None and not s.instance.fresh else None


@postcondition("KBK-001", basis=Basis.OBSERVED, sources=(REST, *_RECORDED))
def restored_key_is_the_one_backed_up(s: Situation[RestoreKey], reply: KeyBundle, /) -> Finding:
    """Bring a key back as it was backed up: versions, key, key_ops, attributes, times and tags."""
    return VACUOUS if s.archived is None else undisturbed_finding(s, reply)


def _restore_answer(s: Situation[RestoreKey], hand: Hand, /) -> KeyBundle:
    return shown_addressed(s)


def _restore_effect(s: Situation[RestoreKey], reply: KeyBundle, /) -> Effect:
    """The name has the key of the blob, with all its versions, and is in use."""
    if s.archived is not None:
        key, material = learnt_key(s, reply)
    else:
        # A backup that others made: only the version shown is known of it.
        material = revealed_material(s, reply, Knowledge.OPEN)
        key = Key((revealed(reply, material.identifier),), complete=False)
    return Effect(Active(key), materials=(material,), changes=True)


def _restore_lost(s: Situation[Any], /) -> tuple[Effect, ...]:
    return () if s.archived is None else (Effect(Active(s.archived)),)


_NOT_SOFT_DELETED: Final = name_is_not_soft_deleted.presupposing(blob_is_of_the_domain)

RESTORE_KEY: Final[Operation[RestoreKey, KeyBundle]] = Operation(
    name="RestoreKey",
    request=RestoreKey,
    reply=KeyBundle,
    guards=(
        *ACCESS,
        blob_is_a_backup,
        blob_is_of_the_domain,
        name_is_not_in_use,
        _NOT_SOFT_DELETED,
        instance_has_room_for_a_key.presupposing(_NOT_SOFT_DELETED),
    ),
    ensures=(*SHAPE, restored_key_is_the_one_backed_up),
    answers=_restore_answer,
    effect=_restore_effect,
    lost=_restore_lost,
)
