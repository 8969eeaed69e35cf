"""Delete, read deleted, recover, purge."""

from __future__ import annotations

from dataclasses import replace

from mhsm_model.exchange import (
    DeletedKeyBundle,
    DeleteKey,
    GetDeletedKey,
    KeyBundle,
    NoContent,
    PurgeDeletedKey,
    RecoverDeletedKey,
)
from mhsm_targets.pkcs11.instance import Instance
from mhsm_targets.pkcs11.refusals import forbidden
from mhsm_targets.pkcs11.shown import shown_deleted, shown_version

__all__ = ["delete_key", "purge_deleted_key", "read_deleted_key", "recover_deleted_key"]


def delete_key(instance: Instance, request: DeleteKey) -> DeletedKeyBundle:
    """Soft-delete a key; raises RefusedError."""
    deleted = replace(instance.active(request.name), deleted=instance.now)
    instance.store.commit(deleted)
    return shown_deleted(instance, deleted)


def read_deleted_key(instance: Instance, request: GetDeletedKey) -> DeletedKeyBundle:
    """Show a soft-deleted key; raises RefusedError."""
    return shown_deleted(instance, instance.soft_deleted(request.name))


def recover_deleted_key(instance: Instance, request: RecoverDeletedKey) -> KeyBundle:
    """Bring a soft-deleted key back into use; raises RefusedError."""
    recovered = replace(instance.soft_deleted(request.name), deleted=None)
    instance.store.commit(recovered)
    return shown_version(instance, request.name, recovered.current)


def purge_deleted_key(instance: Instance, request: PurgeDeletedKey) -> NoContent:
    """Destroy a soft-deleted key for good; raises RefusedError."""
    key = instance.soft_deleted(request.name)
    if instance.configuration.purge_protection is True:
        raise forbidden("Purge protection is on for this instance")
    instance.purge(key)
    return NoContent()
