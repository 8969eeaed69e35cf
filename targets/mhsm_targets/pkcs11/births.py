"""Create and import: a new version of a key."""

from __future__ import annotations

from typing import Final

from mhsm_model.exchange import CreateKey, ImportKey, KeyBundle
from mhsm_model.tables.errors import unseen
from mhsm_model.tables.key_operations import DEFAULTS
from mhsm_model.tables.key_types import (
    CURVES,
    DEFAULT_CURVE,
    DEFAULT_OCT_BITS,
    DEFAULT_PUBLIC_EXPONENT,
    DEFAULT_RSA_BITS,
    OCT_BITS,
    PROMOTED,
    RSA_BITS,
    Family,
    KeyKind,
)
from mhsm_targets.pkcs11.instance import Instance
from mhsm_targets.pkcs11.jwk_checks import checked_key
from mhsm_targets.pkcs11.refusals import bad_value, refused
from mhsm_targets.pkcs11.requested import (
    check_dates,
    check_operations,
    check_policy,
    check_tags,
    stored_policy,
)
from mhsm_targets.pkcs11.shown import shown_version
from mhsm_targets.pkcs11.stored import Material, StoredKey, StoredVersion

__all__ = ["check_room", "create_key", "import_key"]

_EXPONENT_BITS: Final = 32


def create_key(instance: Instance, request: CreateKey) -> KeyBundle:
    """Generate a new version in the token; raises RefusedError."""
    key = _room(instance, request.name)
    kind = _asked_kind(request)
    _check(instance, request, request.key_ops)
    exponent = _exponent(request) if kind.family is Family.RSA else None
    _check_there(instance, kind)
    material = instance.keys.generated(kind, exponent)
    return _born(instance, key, request, request.key_ops, material)


def import_key(instance: Instance, request: ImportKey) -> KeyBundle:
    """Bring key material in as a new version; raises RefusedError."""
    key = _room(instance, request.name)
    kind, public = checked_key(request.key)
    _check(instance, request, request.key.key_ops)
    _check_there(instance, kind)
    material = instance.keys.imported(kind, request.key, public)
    return _born(instance, key, request, request.key.key_ops, material)


def check_room(instance: Instance, name: str) -> StoredKey | None:
    """The key in use at a name that a new key may have, or None.

    Raises RefusedError where the name is soft-deleted, or new and the instance is full.
    """
    key = instance.at(name)
    if key is not None:
        if key.deleted is not None:
            message = f"Key {name} is currently in a deleted but recoverable state"
            raise refused(unseen(409, "Conflict", message))
        return key
    if len(instance.store) >= instance.configuration.maximum_keys:
        raise bad_value("The instance has the maximum number of keys")
    return None


def _room(instance: Instance, name: str) -> StoredKey | None:
    key = check_room(instance, name)
    if key is not None and len(key.versions) >= instance.configuration.maximum_versions:
        raise bad_value("The key has the maximum number of versions")
    return key


def _asked_kind(request: CreateKey) -> KeyKind:
    family = PROMOTED.get(request.kty or "")
    match family:
        case Family.RSA:
            bits = DEFAULT_RSA_BITS if request.key_size is None else request.key_size
            if bits not in RSA_BITS:
                raise bad_value(f"Invalid key_size for RSA: {bits}")
            return KeyKind(family, bits=bits)
        case Family.OCT:
            bits = DEFAULT_OCT_BITS if request.key_size is None else request.key_size
            if bits not in OCT_BITS:
                raise bad_value(f"Invalid key_size for oct: {bits}")
            return KeyKind(family, bits=bits)
        case Family.EC:
            curve = DEFAULT_CURVE if request.crv is None else request.crv
            if curve not in CURVES:
                raise bad_value(f"Invalid crv: {curve}")
            return KeyKind(family, curve=curve)
        case _:
            raise bad_value("JSON Web Key: kty is missing or unknown")


def _check_there(instance: Instance, kind: KeyKind) -> None:
    """Asked last, so that what the module lacks hides no other refusal."""
    lacks = instance.facts.lacks_keys
    lack = lacks.get(str(kind)) or lacks.get(kind.family.value)
    if lack is not None:
        raise bad_value(f"{kind} is not there: {lack}")


def _exponent(request: CreateKey) -> int:
    asked = request.public_exponent
    exponent = DEFAULT_PUBLIC_EXPONENT if asked is None else asked
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > _EXPONENT_BITS:
        raise bad_value(f"Invalid public_exponent: {exponent}")
    return exponent


def _check(
    instance: Instance, request: CreateKey | ImportKey, operations: tuple[str, ...] | None
) -> None:
    check_operations(operations)
    check_dates(request.attributes)
    check_tags(instance.configuration, request.tags)
    exportable = bool(request.attributes.exportable)
    check_policy(request.release_policy, exportable=exportable, operations=operations)


def _born(
    instance: Instance,
    key: StoredKey | None,
    request: CreateKey | ImportKey,
    operations: tuple[str, ...] | None,
    material: Material,
) -> KeyBundle:
    asked = request.attributes
    permitted = set(operations or DEFAULTS[material.kind.family].always)
    version = StoredVersion(
        version=instance.new_version(),
        material=material,
        key_ops=tuple(sorted(permitted)),
        created=instance.now,
        updated=instance.now,
        enabled=asked.enabled is not False,
        not_before=asked.not_before,
        expires=asked.expires,
        exportable=bool(asked.exportable),
        tags=dict(request.tags or {}),
        release_policy=stored_policy(request.release_policy),
    )
    grown = StoredKey(request.name, ()) if key is None else key
    # Where this fails the record may be there all the same, so its material must not go.
    instance.store.commit(grown.with_version(version))
    return shown_version(instance, request.name, version)
