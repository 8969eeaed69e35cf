"""The parts of states and replies that mutants change: found, and put back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from mhsm_model.alternatives import key_name
from mhsm_model.bundles import shown_item
from mhsm_model.exchange import (
    Attributes,
    Call,
    DeletedKeyBundle,
    DeletedKeyItem,
    KeyBundle,
    KeyItem,
    KeyPage,
    Reply,
)
from mhsm_model.generator import Step
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.state import ABSENT, Absent, Entry, Estate, Factor, Key, KeyVersion
from mhsm_model.wire.http import HttpResponse

__all__ = [
    "addressed",
    "attributes_changed",
    "bundle_changed",
    "document_changed",
    "entry_at",
    "everywhere",
    "item_of",
    "items_changed",
    "key_at",
    "place_in",
    "placed",
    "version_placed",
    "versions_changed",
]


def entry_at(estate: Estate, host: str, name: str) -> Entry:
    """What is at the name, in a state without doubt."""
    factor = estate.instances[host].factors.get(name)
    return ABSENT if factor is None else factor.entries[0]


def key_at(estate: Estate, host: str, name: str) -> Key | None:
    """The key at the name, active or deleted."""
    entry = entry_at(estate, host, name)
    return None if isinstance(entry, Absent) else entry.key


def place_in(key: Key, call: Call) -> int | None:
    """The place of the version that the call addresses."""
    asked: str | None = getattr(call.request, "version", None)
    return len(key.versions) - 1 if asked is None else key.place_of(asked)


def addressed(estate: Estate, call: Call) -> KeyVersion | None:
    """The version that the call addresses."""
    key = key_at(estate, call.host, key_name(call.request))
    place = None if key is None else place_in(key, call)
    return None if key is None or place is None else key.versions[place]


def placed(step: Step, host: str, name: str, entry: Entry) -> Step:
    """The step that leaves the entry at the name."""
    instance = step.estate.instances[host]
    if not isinstance(entry, Absent):
        factor = replace(instance.factors.get(name, Factor((entry,))), entries=(entry,))
        factors = instance.factors.set(name, factor)
    elif name in instance.factors:
        factors = instance.factors.delete(name)
    else:
        return step
    moved = step.estate.with_instance(host, replace(instance, factors=factors))
    return replace(step, estate=moved)


def version_placed(step: Step, call: Call, version: KeyVersion) -> Step:
    """The step that leaves the version where the call addresses one."""
    name = key_name(call.request)
    entry = entry_at(step.estate, call.host, name)
    if isinstance(entry, Absent):
        return step
    place = place_in(entry.key, call)
    if place is None:
        return step
    changed = replace(entry, key=entry.key.with_version(place, version))
    return placed(step, call.host, name, changed)


def versions_changed(
    step: Step, host: str, name: str, change: Callable[[KeyVersion], KeyVersion]
) -> Step:
    """The step that leaves all versions of a key changed."""
    entry = entry_at(step.estate, host, name)
    if isinstance(entry, Absent):
        return step
    versions = tuple(change(version) for version in entry.key.versions)
    changed = replace(entry, key=replace(entry.key, versions=versions))
    return placed(step, host, name, changed)


def everywhere(estate: Estate, host: str) -> tuple[str, ...]:
    """All names that something is at."""
    return tuple(sorted(estate.instances[host].factors))


def bundle_changed(reply: Reply, change: Callable[[KeyBundle], KeyBundle]) -> Reply:
    """The reply with the key bundle that it shows changed."""
    match reply:
        case KeyBundle():
            return change(reply)
        case DeletedKeyBundle():
            return replace(reply, bundle=change(reply.bundle))
        case _:
            return reply


def attributes_changed(reply: Reply, change: Callable[[Attributes], Attributes]) -> Reply:
    """The reply with the attributes of the key bundle that it shows changed."""
    return bundle_changed(reply, lambda b: replace(b, attributes=change(b.attributes)))


def items_changed(page: KeyPage, change: Callable[[KeyItem], KeyItem]) -> KeyPage:
    """The page with every item changed."""
    items: list[KeyItem | DeletedKeyItem] = []
    for item in page.items:
        if isinstance(item, DeletedKeyItem):
            items.append(replace(item, item=change(item.item)))
        else:
            items.append(change(item))
    return replace(page, items=tuple(items))


def item_of(estate: Estate, host: str, kid: KeyIdentifier, version: KeyVersion) -> KeyItem:
    """The item that shows the version under a kid."""
    return shown_item(kid, version, estate.instances[host].configuration)


def document_changed(
    response: HttpResponse, change: Callable[[dict[str, Any]], object]
) -> HttpResponse:
    """The response with its JSON object changed in place; without one, as it was."""
    document = response.document()
    if not isinstance(document, dict):
        return response
    shown = cast("dict[str, Any]", document)
    change(shown)
    return replace(response, body=json.dumps(shown).encode())
