"""What must be at a name before an operation can speak of it."""

from __future__ import annotations

from typing import Any, Final

from mhsm_model.alternatives import standing
from mhsm_model.clauses import Basis
from mhsm_model.exchange import (
    Decrypt,
    Encrypt,
    GetDeletedKey,
    GetKey,
    Sign,
    UnwrapKey,
    UpdateKey,
    Verify,
    WrapKey,
)
from mhsm_model.identifiers import NAME_LENGTH, is_name
from mhsm_model.operations.access import ACCESS, caller_is_authenticated
from mhsm_model.rules import Guard, Objection, Perhaps, guard
from mhsm_model.situation import Situation
from mhsm_model.sources import (
    KEY_ROTATION,
    NAMES,
    RECORDED_GO,
    RECORDED_PYTHON,
    SERVICE_LIMITS,
    SOFT_DELETE,
)
from mhsm_model.state import Absent, Active, Deleted
from mhsm_model.tables.errors import bad_parameter, key_not_found, unseen

__all__ = [
    "NAMED",
    "PRESENT",
    "ROOM",
    "SOFT_DELETED",
    "deleted_key_exists",
    "instance_has_room_for_a_key",
    "key_exists",
    "key_has_room_for_a_version",
    "name_has_lawful_characters",
    "name_is_not_soft_deleted",
    "name_is_short_enough",
    "retention_has_not_ended",
    "version_exists",
]

_FULL: Final = ("limit", "maximum", "quota", "exceed", "too many", "capacity", "full")
"""What a refusal for want of room speaks of, whatever its words are."""

_DELETED: Final = ("delet", "recover", "conflict", "exist", "purge")
"""What a refusal for a soft-deleted name speaks of."""

Versioned = GetKey | UpdateKey | Sign | Verify | Encrypt | Decrypt | WrapKey | UnwrapKey


@guard(
    "KEY-001",
    basis=Basis.OBSERVED,
    sources=(RECORDED_GO, NAMES),
    presupposes=(caller_is_authenticated,),
)
def name_has_lawful_characters(s: Situation[Any], /) -> Objection:
    """Refuse a key name that has characters other than letters, digits and hyphens."""
    return None if is_name(s.name) else bad_parameter("Invalid key identifier or name")


@guard(
    "KEY-201",
    basis=Basis.DOCUMENTED,
    sources=(NAMES,),
    presupposes=(name_has_lawful_characters,),
)
def name_is_short_enough(s: Situation[Any], /) -> Objection:
    """Refuse a key name of more than 127 characters."""
    if len(s.name) <= NAME_LENGTH:
        return None
    return unseen(400, "BadParameter", "Invalid key identifier or name")


@guard(
    "ERR-002",
    basis=Basis.OBSERVED,
    sources=(RECORDED_GO,),
    presupposes=(name_is_short_enough,),
)
def key_exists(s: Situation[Any], /) -> Objection:
    """Answer 404 KeyNotFound, naming the key without a version, where no such key is in use."""
    return None if isinstance(s.entry, Active) else key_not_found(s.host, "keys", s.name)


@guard("KEY-011", basis=Basis.OBSERVED, sources=(RECORDED_GO,), presupposes=(key_exists,))
def version_exists(s: Situation[Versioned], /) -> Objection:
    """Answer 404 KeyNotFound, naming the key without a version, where the key lacks the version."""
    return None if s.place is not None else key_not_found(s.host, "keys", s.name)


@guard(
    "LIFE-204",
    basis=Basis.DOCUMENTED,
    sources=(SOFT_DELETE,),
    presupposes=(name_is_short_enough,),
)
def retention_has_not_ended(s: Situation[Any], /) -> Objection:
    """Purge a soft-deleted key when its scheduledPurgeDate has come, also without being asked."""
    was_deleted = all(isinstance(entry, Deleted) for entry in s.factor.entries)
    if isinstance(s.entry, Absent) and was_deleted:
        return key_not_found(s.host, "deletedkeys", s.name)
    return None


@guard(
    "ERR-003",
    basis=Basis.OBSERVED,
    sources=(RECORDED_PYTHON, RECORDED_GO),
    presupposes=(retention_has_not_ended,),
)
def deleted_key_exists(s: Situation[Any], /) -> Objection:
    """Answer 404 KeyNotFound under /deletedkeys where no soft-deleted key has the name."""
    match s.entry:
        case Deleted():
            return None
        case Absent():
            return key_not_found(s.host, "deletedkeys", s.name)
        case Active():
            # Reading, recovering or purging a name in use is refused; only for reading, which SDKs
            # do while they wait for a deletion, is the answer recorded.
            recorded = key_not_found(s.host, "deletedkeys", s.name)
            if isinstance(s.request, GetDeletedKey):
                return recorded
            return unseen(recorded.shown_status, recorded.shown_code, recorded.shown_message)


@guard(
    "LIFE-010",
    basis=Basis.DOCUMENTED,
    sources=(SOFT_DELETE,),
    presupposes=(name_is_short_enough,),
)
def name_is_not_soft_deleted(s: Situation[Any], /) -> Objection:
    """Refuse to create, import or restore onto the name of a soft-deleted key."""
    if not isinstance(s.entry, Deleted):
        return None
    text = f"Key {s.name} is currently in a deleted but recoverable state"
    refusal = unseen(409, "Conflict", text)
    # Where nobody told us of a deletion, or it may be purged by now, a refusal must speak of one.
    certain = all(isinstance(entry, Deleted) for entry in s.factor.entries)
    return refusal if certain else refusal.speaking_of(*_DELETED)


@guard(
    "KEY-007",
    basis=Basis.DOCUMENTED,
    sources=(KEY_ROTATION, SERVICE_LIMITS),
    presupposes=(name_is_not_soft_deleted,),
)
def key_has_room_for_a_version(s: Situation[Any], /) -> Objection:
    """Refuse a new version of a key that has as many versions as the limit, 100."""
    key = s.active
    if key is None:
        return None
    refusal = unseen(400, "BadParameter", "The key has the maximum number of versions")
    if len(key.versions) >= s.configuration.maximum_versions:
        return refusal
    # Whether it is full nobody can tell: a refusal that says so is believed, and no other.
    return None if key.complete else Perhaps(refusal.speaking_of(*_FULL))


@guard(
    "LIM-002",
    basis=Basis.DOCUMENTED,
    sources=(SERVICE_LIMITS,),
    presupposes=(name_is_not_soft_deleted,),
)
def instance_has_room_for_a_key(s: Situation[Any], /) -> Objection:
    """Refuse a new name in an instance that holds as many keys as the limit, 5000."""
    if isinstance(s.entry, Active):
        return None
    refusal = unseen(400, "BadParameter", "The instance has the maximum number of keys")
    # The count of all names is cheap; which of them still stand is asked only at the limit.
    if len(s.instance.factors) >= s.configuration.maximum_keys and _is_full(s):
        # Soft-deleted keys probably count, which is not documented: they may, and need not. Names
        # that may be absent need not either.
        return Perhaps(refusal, emulated=True) if _some_may_not_count(s) else refusal
    return None if s.instance.fresh else Perhaps(refusal.speaking_of(*_FULL))


def _is_full(s: Situation[Any]) -> bool:
    others = (f for name, f in s.instance.factors.items() if name != s.name)
    taken = sum(
        any(not isinstance(entry, Absent) for entry in standing(factor, s.instance, s.now))
        for factor in others
    )
    return taken >= s.configuration.maximum_keys


def _some_may_not_count(s: Situation[Any]) -> bool:
    factors = s.instance.factors.values()
    return any(not isinstance(entry, Active) for factor in factors for entry in factor.entries)


NAMED: Final[tuple[Guard[Any], ...]] = (
    *ACCESS,
    name_has_lawful_characters,
    name_is_short_enough,
)
"""What every operation on a name asks first."""

PRESENT: Final[tuple[Guard[Any], ...]] = (*NAMED, key_exists, version_exists)
"""What an operation on a version asks first."""

ROOM: Final[tuple[Guard[Any], ...]] = (
    *NAMED,
    name_is_not_soft_deleted,
    key_has_room_for_a_version,
    instance_has_room_for_a_key,
)
"""What an operation that makes a version asks first."""

SOFT_DELETED: Final[tuple[Guard[Any], ...]] = (
    *NAMED,
    retention_has_not_ended,
    deleted_key_exists,
)
"""What an operation on a soft-deleted key asks first."""
