"""Read and update a version."""

from __future__ import annotations

from dataclasses import replace

from mhsm_model.exchange import GetKey, KeyBundle, UpdateKey
from mhsm_model.tables.errors import bad_parameter
from mhsm_targets.pkcs11.instance import Instance
from mhsm_targets.pkcs11.refusals import bad_value, refused
from mhsm_targets.pkcs11.requested import check_dates, check_operations, check_tags, stored_policy
from mhsm_targets.pkcs11.shown import shown_version
from mhsm_targets.pkcs11.stored import StoredVersion

__all__ = ["read_key", "update_key"]


def read_key(instance: Instance, request: GetKey) -> KeyBundle:
    """Show a version; raises RefusedError."""
    _, version = instance.active_version(request.name, request.version)
    return shown_version(instance, request.name, version)


def update_key(instance: Instance, request: UpdateKey) -> KeyBundle:
    """Change what the request names of a version; raises RefusedError."""
    key, version = instance.active_version(request.name, request.version)
    check_operations(request.key_ops)
    check_dates(request.attributes)
    check_tags(instance.configuration, request.tags)
    asked = request.attributes.exportable
    if asked is not None and asked != version.exportable:
        raise bad_value("exportable cannot be changed")
    policy = version.release_policy
    if request.release_policy is not None and policy is not None and policy.immutable:
        raise refused(bad_parameter("Immutable Release policy cannot be modified"))
    changed = _changed(version, request, instance.now)
    instance.store.commit(key.with_version(changed))
    return shown_version(instance, request.name, changed)


def _changed(version: StoredVersion, request: UpdateKey, now: int) -> StoredVersion:
    asked = request.attributes
    operations, tags = version.key_ops, version.tags
    if request.key_ops is not None:
        # An empty list takes the member away from later replies (recorded).
        operations = tuple(sorted(set(request.key_ops))) or None
    if request.tags is not None:
        tags = dict(request.tags)
    return replace(
        version,
        key_ops=operations,
        tags=tags,
        enabled=version.enabled if asked.enabled is None else asked.enabled,
        not_before=version.not_before if asked.not_before is None else asked.not_before,
        expires=version.expires if asked.expires is None else asked.expires,
        release_policy=stored_policy(request.release_policy) or version.release_policy,
        updated=now,
    )
