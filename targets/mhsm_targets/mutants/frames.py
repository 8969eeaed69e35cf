"""Mutants that change what a call does not speak of: the frame conditions."""

from __future__ import annotations

from dataclasses import replace

from immutables import Map

from mhsm_model.alternatives import key_name
from mhsm_model.exchange import (
    Call,
    CreateKey,
    DeleteKey,
    ImportKey,
    Refused,
    Sign,
    UpdateKey,
)
from mhsm_model.generator import Step
from mhsm_model.state import Active, Estate
from mhsm_targets.mutants.mutant import wrong_state
from mhsm_targets.mutants.parts import (
    addressed,
    entry_at,
    everywhere,
    placed,
    version_placed,
    versions_changed,
)

__all__: list[str] = []


@wrong_state("FRAME-001")
def refused_update_sets_tags(call: Call, before: Estate, step: Step) -> Step:
    """Sets the tags of an update before it looks at the rest, and refuses that."""
    request, version = call.request, addressed(step.estate, call)
    if not isinstance(step.reply, Refused) or not isinstance(request, UpdateKey):
        return step
    if version is None or request.tags is None:
        return step
    return version_placed(step, call, replace(version, tags=Map(request.tags)))


@wrong_state("FRAME-001")
def refused_use_disables(call: Call, before: Estate, step: Step) -> Step:
    """Disables a version whose use was refused."""
    version = addressed(step.estate, call)
    if not isinstance(step.reply, Refused) or not isinstance(call.request, Sign):
        return step
    return step if version is None else version_placed(step, call, replace(version, enabled=False))


@wrong_state("FRAME-001")
def refused_create_touches_updated(call: Call, before: Estate, step: Step) -> Step:
    """Moves updated of the current version when a new version is refused."""
    refused = isinstance(step.reply, Refused) and isinstance(call.request, CreateKey | ImportKey)
    version = addressed(step.estate, call)
    if not refused or version is None:
        return step
    later = replace(version.updated, latest=version.updated.latest + 1)
    return version_placed(
        step, call, replace(version, updated=replace(later, earliest=later.latest))
    )


def _others(call: Call, step: Step) -> tuple[str, ...]:
    here = key_name(call.request)
    return tuple(name for name in everywhere(step.estate, call.host) if name != here)


@wrong_state("FRAME-002")
def update_reaches_all_keys(call: Call, before: Estate, step: Step) -> Step:
    """Sets the tags of an update on all keys of the instance."""
    request = call.request
    if not isinstance(request, UpdateKey) or isinstance(step.reply, Refused):
        return step
    tags = Map(request.tags or {})
    for name in _others(call, step):
        step = versions_changed(step, call.host, name, lambda v: replace(v, tags=tags))
    return step


@wrong_state("FRAME-002")
def delete_disables_other_keys(call: Call, before: Estate, step: Step) -> Step:
    """Disables the other keys of the instance when one is deleted."""
    if not isinstance(call.request, DeleteKey) or isinstance(step.reply, Refused):
        return step
    for name in _others(call, step):
        step = versions_changed(step, call.host, name, lambda v: replace(v, enabled=False))
    return step


@wrong_state("FRAME-003")
def update_reaches_all_versions(call: Call, before: Estate, step: Step) -> Step:
    """Changes all versions of a key where one is named."""
    request, version = call.request, addressed(step.estate, call)
    if not isinstance(request, UpdateKey) or isinstance(step.reply, Refused) or version is None:
        return step
    tags, enabled = version.tags, version.enabled
    return versions_changed(
        step, call.host, request.name, lambda v: replace(v, tags=tags, enabled=enabled)
    )


@wrong_state("FRAME-003")
def new_version_disables_the_old(call: Call, before: Estate, step: Step) -> Step:
    """Disables the versions of a key when it gets a new one."""
    birth = isinstance(call.request, CreateKey | ImportKey)
    made = addressed(step.estate, call)
    if not birth or isinstance(step.reply, Refused) or made is None:
        return step
    name = key_name(call.request)
    changed = versions_changed(step, call.host, name, lambda v: replace(v, enabled=False))
    return version_placed(changed, call, made)


@wrong_state("FRAME-004")
def instances_share_tags(call: Call, before: Estate, step: Step) -> Step:
    """Keeps the tags of a name once for all instances."""
    version = addressed(step.estate, call)
    birth = isinstance(call.request, CreateKey | ImportKey | UpdateKey)
    if not birth or isinstance(step.reply, Refused) or version is None:
        return step
    tags, name = version.tags, key_name(call.request)
    for host in step.estate.instances:
        step = versions_changed(step, host, name, lambda v: replace(v, tags=tags))
    return step


@wrong_state("FRAME-004")
def create_reaches_the_other_instance(call: Call, before: Estate, step: Step) -> Step:
    """Makes a new version in every instance that has the name."""
    if not isinstance(call.request, CreateKey) or isinstance(step.reply, Refused):
        return step
    made = addressed(step.estate, call)
    for host in step.estate.instances:
        entry = entry_at(step.estate, host, call.request.name)
        if host == call.host or made is None or not isinstance(entry, Active):
            continue
        step = placed(step, host, call.request.name, Active(entry.key.appended(made)))
    return step
