"""Keys and versions as replies show them."""

from __future__ import annotations

from mhsm_model.exchange import (
    Attributes,
    DeletedKeyBundle,
    DeletedKeyItem,
    KeyBundle,
    KeyItem,
    OperationResult,
)
from mhsm_targets.pkcs11.instance import Instance
from mhsm_targets.pkcs11.stored import StoredKey, StoredVersion

__all__ = ["shown_deleted", "shown_deleted_item", "shown_item", "shown_result", "shown_version"]


def _attributes(instance: Instance, version: StoredVersion) -> Attributes:
    return Attributes(
        enabled=version.enabled,
        created=version.created,
        updated=version.updated,
        recovery_level=instance.configuration.recovery_level,
        recoverable_days=instance.retention_days,
        not_before=version.not_before,
        expires=version.expires,
        exportable=version.exportable,
    )


def shown_version(instance: Instance, name: str, version: StoredVersion) -> KeyBundle:
    """The bundle of a version."""
    return KeyBundle(
        kid=instance.identifier(name, version.version),
        kty=version.material.kind.family,
        public=version.material.public,
        key_ops=version.key_ops,
        attributes=_attributes(instance, version),
        tags=version.tags or None,
        release_policy=version.release_policy,
    )


def shown_deleted(instance: Instance, key: StoredKey) -> DeletedKeyBundle:
    """The bundle of a soft-deleted key."""
    return DeletedKeyBundle(
        bundle=shown_version(instance, key.name, key.current),
        recovery_id=instance.recovery_id(key.name),
        deleted_date=key.deleted,
        scheduled_purge_date=instance.purge_date(key),
    )


def shown_item(
    instance: Instance, name: str, version: StoredVersion, *, versioned: bool
) -> KeyItem:
    """The item of a list; `versioned` where the list is one of versions."""
    kid = instance.identifier(name, version.version if versioned else None)
    return KeyItem(kid, _attributes(instance, version), version.tags or None)


def shown_deleted_item(instance: Instance, key: StoredKey) -> DeletedKeyItem:
    """The item of the list of soft-deleted keys."""
    return DeletedKeyItem(
        item=shown_item(instance, key.name, key.current, versioned=False),
        recovery_id=instance.recovery_id(key.name),
        deleted_date=key.deleted,
        scheduled_purge_date=instance.purge_date(key),
    )


def shown_result(
    instance: Instance, name: str, version: StoredVersion, algorithm: str, value: bytes
) -> OperationResult:
    """The result of a cryptographic operation."""
    return OperationResult(instance.identifier(name, version.version), algorithm, value)
