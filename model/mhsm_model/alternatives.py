"""Alternatives: what may be at a name, and which version a call may address there.

One true state is the plain case. Where a reply was lost, or where an instance existed before we
looked, several entries are possible, and a version that a call names may be one not seen yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from mhsm_model.exchange import Call, KeyBundle, Reply, Request, RestoreKey
from mhsm_model.moments import FOREVER, Interval
from mhsm_model.situation import Situation
from mhsm_model.state import (
    ABSENT,
    Absent,
    Active,
    Deleted,
    Entry,
    Estate,
    Factor,
    Instance,
    Key,
    open_version,
)
from mhsm_model.tables.lifecycle import DAY_SECONDS
from mhsm_model.tables.quirks import Quirk
from mhsm_model.unknown import UNKNOWN

__all__ = [
    "UNTOLD",
    "addressed_name",
    "factor_at",
    "key_name",
    "service_time",
    "settled",
    "situations",
    "standing",
]

_NOTHING: Final = Factor((ABSENT,))
_UNTOLD_MATERIAL: Final = "untold"
_UNTOLD_KEY: Final = Key((), complete=False, headed=False)
UNTOLD: Final = Factor((ABSENT, Active(_UNTOLD_KEY), Deleted(_UNTOLD_KEY)))
"""What may be at a name nobody told us of, in an instance that existed before we looked."""


def key_name(request: Request) -> str:
    """The key name that a request addresses; empty for a request that addresses none."""
    name = getattr(request, "name", None)
    return name if isinstance(name, str) else ""


def addressed_name(estate: Estate, request: Request, reply: Reply | None = None) -> str:
    """The key name that a call addresses, empty for none.

    The name that a restore brings back is in its blob: the archive knows it, or the reply tells.
    """
    if not isinstance(request, RestoreKey):
        return key_name(request)
    backup = estate.archive.found(request.blob)
    if backup is not None:
        return backup.name
    return reply.kid.name if isinstance(reply, KeyBundle) else ""


def service_time(estate: Estate, instance: Instance, call: Call) -> Interval:
    """The interval of the service's clock while it carried the call out, in seconds.

    The clock never runs back: what a reply has proved to be past bounds the present from below.
    """
    skew = instance.configuration.clock_skew
    if not skew and estate.now <= call.time.earliest <= call.time.latest <= FOREVER:
        return call.time
    earliest = max(call.time.earliest - skew, estate.now - skew, 0)
    return Interval(earliest, max(earliest, min(FOREVER, call.time.latest + skew)))


def factor_at(instance: Instance, name: str) -> Factor:
    """What may be at the name."""
    factor = instance.factors.get(name)
    if factor is not None:
        return factor
    return _NOTHING if instance.fresh else UNTOLD


def settled(entry: Entry, instance: Instance, now: Interval) -> tuple[Entry, ...]:
    """What the entry may have become by itself: the service purges at the scheduled date."""
    days = instance.configuration.retention_days
    if not isinstance(entry, Deleted) or days is UNKNOWN:
        return (entry,)
    if now.latest < entry.deleted.earliest + days * DAY_SECONDS:
        return (entry,)
    if now.earliest >= entry.deleted.latest + days * DAY_SECONDS:
        return (ABSENT,)
    return (entry, ABSENT)


def standing(factor: Factor, instance: Instance, now: Interval) -> tuple[Entry, ...]:
    """What may be at a name by now, deletions whose time has come included."""
    return tuple(after for entry in factor.entries for after in settled(entry, instance, now))


def situations(estate: Estate, call: Call, reply: Reply | None = None) -> Iterator[Situation[Any]]:
    """Every situation that the call may meet. Raises KeyError for a host the estate lacks.

    `reply` is what came back, where it did: it may tell which name was meant.
    """
    instance = estate.instances[call.host]
    now = service_time(estate, instance, call)
    request = call.request
    name = addressed_name(estate, request, reply)
    factor = factor_at(instance, name) if name or not isinstance(request, RestoreKey) else _NOTHING
    for kept in factor.entries:
        for entry in settled(kept, instance, now):
            for addressed, place, archived in _met(estate, instance, entry, request):
                yield Situation(
                    estate,
                    call,
                    request,
                    instance,
                    now,
                    name,
                    factor,
                    entry,
                    addressed,
                    place,
                    archived,
                )


def _met(
    estate: Estate, instance: Instance, entry: Entry, request: Request
) -> Iterable[tuple[Entry, int | None, Key | None]]:
    """The entry with each version that the request may mean, at the name or in the archive."""
    if not isinstance(request, RestoreKey):
        return _addressed(entry, request)
    backup = estate.archive.found(request.blob)
    if backup is None:
        return ((entry, None, None),)
    changed = Quirk.RESTORED_IS_EXPORTABLE in instance.configuration.quirks
    return (
        (entry, place, key)
        for kept in backup.keys
        for key, place in _current(_exportable_unknown(kept) if changed else kept)
    )


def _exportable_unknown(key: Key) -> Key:
    versions = tuple(replace(version, exportable=UNKNOWN) for version in key.versions)
    return replace(key, versions=versions)


def _addressed(entry: Entry, request: Request) -> Iterable[tuple[Entry, int | None, Key | None]]:
    """The entry with each version that the request may mean, and that version's place."""
    if isinstance(entry, Absent):
        return ((entry, None, None),)
    asked: str | None = getattr(request, "version", None)
    return [
        (entry if key is entry.key else replace(entry, key=key), place, None)
        for key, place in (_current(entry.key) if asked is None else _named(entry.key, asked))
    ]


def _current(key: Key) -> Iterable[tuple[Key, int | None]]:
    if key.headed and key.versions:
        return ((key, len(key.versions) - 1),)
    return _perhaps_current(key)


def _perhaps_current(key: Key) -> Iterator[tuple[Key, int | None]]:
    for place, version in enumerate(key.versions):
        others = (*key.versions[:place], *key.versions[place + 1 :])
        yield replace(key, versions=(*others, version), headed=True), len(key.versions) - 1
    untold = key.appended(open_version(None, _UNTOLD_MATERIAL))
    yield untold, len(key.versions)


def _named(key: Key, asked: str) -> Iterator[tuple[Key, int | None]]:
    place = key.place_of(asked)
    if place is not None:
        yield key, place
        return
    for index, version in enumerate(key.versions):
        if version.version is None:
            yield key.with_version(index, replace(version, version=asked)), index
    if not key.complete:
        # Older than every version we know, as far as anyone can tell; its place is not observable.
        untold = open_version(asked, _UNTOLD_MATERIAL)
        yield replace(key, versions=(untold, *key.versions)), 0
    yield key, None
