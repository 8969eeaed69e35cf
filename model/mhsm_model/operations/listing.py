"""List keys, deleted keys and key versions. GET /keys, /deletedkeys, /keys/{name}/versions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from mhsm_model.alternatives import standing
from mhsm_model.bundles import point, revealed_item, shown_item
from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import (
    DeletedKeyItem,
    KeyItem,
    KeyPage,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
)
from mhsm_model.findings import HELD, VACUOUS, Finding, Mismatch, expect
from mhsm_model.identifiers import KeyIdentifier, is_version
from mhsm_model.moments import ANY_TIME
from mhsm_model.operations.access import ACCESS
from mhsm_model.operations.existence import NAMED
from mhsm_model.operations.operation import Effect, Hand, Operation
from mhsm_model.operations.paging import (
    PAGE,
    collection_of,
    continued,
    item_in,
    item_mismatch,
    page_from,
    page_of,
    page_size_is_permitted,
    skip_token_is_known,
    walk_before,
    walked,
)
from mhsm_model.operations.sorted_names import Stage, sorted_names
from mhsm_model.rules import postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import RECORDED_CLI, RECORDED_GO, RECORDED_PYTHON, REST
from mhsm_model.state import (
    Active,
    Deleted,
    Entry,
    Factor,
    Instance,
    Key,
    KeyVersion,
    open_version,
)
from mhsm_model.tables.lifecycle import DAY_SECONDS

__all__ = ["LIST_DELETED_KEYS", "LIST_KEYS", "LIST_KEY_VERSIONS"]

_RECORDED: Final = (RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO)
Names = ListKeys | ListDeletedKeys


def _standing(s: Situation[Any], factor: Factor) -> tuple[Entry, ...]:
    return standing(factor, s.instance, s.now)


def _stage(request: Names) -> Stage:
    return Active if isinstance(request, ListKeys) else Deleted


@postcondition("KEY-005", basis=Basis.OBSERVED, sources=_RECORDED)
def listed_kid_has_no_version(s: Situation[Names], reply: KeyPage, /) -> Finding:
    """Give the items of a list of keys or deleted keys a kid without a version."""
    for listed in reply.items:
        kid = item_in(listed).kid
        here = kid.host == s.host
        if kid.version is not None or kid.collection != "keys" or not here:
            return Mismatch(f"https://{s.host}/keys/<name>", str(kid))
    return HELD if reply.items else VACUOUS


@postcondition("PAGE-007", basis=Basis.DOCUMENTED, sources=(REST, *_RECORDED))
def only_names_of_that_stage_are_listed(s: Situation[Names], reply: KeyPage, /) -> Finding:
    """List under /keys only active keys and under /deletedkeys only soft-deleted ones."""
    stage, tested = _stage(s.request), False
    for listed in reply.items:
        name = item_in(listed).kid.name
        factor = s.instance.factors.get(name)
        if factor is None:
            if s.instance.fresh:
                return Mismatch("only keys that exist", f"the name {name}")
            continue
        tested = True
        if not any(isinstance(entry, stage) for entry in _standing(s, factor)):
            return Mismatch(f"no key that is not {_word(s.request)}", f"the name {name}")
    return HELD if tested else VACUOUS


def _word(request: Names) -> str:
    return "active" if isinstance(request, ListKeys) else "soft-deleted"


@postcondition("PAGE-205", basis=Basis.OBSERVED, sources=_RECORDED)
def items_show_the_current_version(s: Situation[Names], reply: KeyPage, /) -> Finding:
    """Show in a list of keys the attributes and tags of each key's current version."""
    tested = False
    for listed in reply.items:
        item = item_in(listed)
        candidates = list(_current_versions(s, item.kid.name))
        if not candidates:
            continue
        tested = True
        mismatches = [item_mismatch(version, item) for version in candidates]
        if all(mismatch is not None for mismatch in mismatches):
            return mismatches[0] or HELD
    return HELD if tested else VACUOUS


def _current_versions(s: Situation[Names], name: str) -> Iterator[KeyVersion]:
    factor = s.instance.factors.get(name)
    stage = _stage(s.request)
    for entry in _standing(s, factor) if factor is not None else ():
        if isinstance(entry, stage):
            key = entry.key
            yield key.versions[-1] if key.headed and key.versions else open_version(None, "")


@postcondition("PAGE-206", basis=Basis.DOCUMENTED, sources=(REST,))
def no_name_is_missing(s: Situation[Names], reply: KeyPage, /) -> Finding:
    """List every key of the stage that was there from the first page to the last."""
    walk = walk_before(s, collection_of(s.request))
    if reply.next_link is not None or walk is None:
        return VACUOUS
    listed = walk.listed.union(item_in(item).kid.name for item in reply.items)
    stage, tested = _stage(s.request), False
    for name, factor in s.instance.factors.items():
        if name in walk.changed:
            continue
        if not all(isinstance(entry, stage) for entry in _standing(s, factor)):
            continue
        tested = True
        if name not in listed:
            return Mismatch(f"the name {name} on one of the pages", "it is on none")
    return HELD if tested else VACUOUS


@postcondition("PAGE-207", basis=Basis.OBSERVED, sources=_RECORDED)
def deleted_items_show_the_deletion(s: Situation[ListDeletedKeys], reply: KeyPage, /) -> Finding:
    """Show for each deleted key its recoveryId, deletedDate and scheduledPurgeDate."""
    for listed in reply.items:
        if not isinstance(listed, DeletedKeyItem):
            return Mismatch("deleted key items", "a plain key item")
        kid, days = listed.item.kid, listed.item.attributes.recoverable_days
        wanted = str(KeyIdentifier(kid.host, kid.name, None, "deletedkeys"))
        if listed.recovery_id != wanted:
            return Mismatch(f"recoveryId {wanted}", str(listed.recovery_id))
        if listed.deleted_date is None or days is None:
            return Mismatch("deletedDate and recoverableDays", "not both")
        purge = listed.deleted_date + days * DAY_SECONDS
        if listed.scheduled_purge_date != purge:
            return Mismatch(f"scheduledPurgeDate {purge}", str(listed.scheduled_purge_date))
        mismatch = _date_mismatch(s, listed)
        if mismatch is not None:
            return mismatch
    return HELD if reply.items else VACUOUS


def _date_mismatch(s: Situation[ListDeletedKeys], listed: DeletedKeyItem) -> Mismatch | None:
    factor = s.instance.factors.get(listed.item.kid.name)
    dates = [e.deleted for e in factor.entries if isinstance(e, Deleted)] if factor else []
    if not dates or any((listed.deleted_date or 0) in date for date in dates):
        return None
    return Mismatch(f"deletedDate {dates[0]}", str(listed.deleted_date))


def _learnt(s: Situation[Names], reply: KeyPage) -> Instance:
    """The instance with what the page tells of names whose state was not certain."""
    factors, stage = s.instance.factors, _stage(s.request)
    for listed in reply.items:
        item = item_in(listed)
        factor = factors.get(item.kid.name)
        if factor is None:
            current = revealed_item(item, open_version(None, f"open-{s.host}/{item.kid.name}"))
            key = Key((current,), complete=False)
            found: Entry = Active(key) if stage is Active else Deleted(key)
            factors = factors.set(item.kid.name, Factor((_dated(found, listed),)))
        elif len(factor.entries) > 1:
            kept = tuple(_dated(e, listed) for e in factor.entries if isinstance(e, stage))
            factors = factors.set(item.kid.name, replace(factor, entries=kept or factor.entries))
    return replace(s.instance, factors=factors)


def _dated(entry: Entry, listed: KeyItem | DeletedKeyItem) -> Entry:
    """The entry with the time of its deletion, where a list shows it and nothing did before."""
    if not isinstance(entry, Deleted) or not isinstance(listed, DeletedKeyItem):
        return entry
    shown = point(listed.deleted_date)
    return replace(entry, deleted=shown) if entry.deleted == ANY_TIME else entry


def _names_effect(s: Situation[Any], reply: KeyPage, /) -> Effect:
    """Nothing changes; the names on the page are known."""
    listed = [item_in(item).kid.name for item in reply.items]
    moved = walked(s, collection_of(s.request), reply, listed)
    learnt = replace(_learnt(s, reply), walks=moved.walks)
    return Effect(s.entry, instance=learnt)


def _names_answer(s: Situation[Names]) -> tuple[list[tuple[str, Entry]], str | None]:
    stage, path = _stage(s.request), f"/{collection_of(s.request)}"
    names, after = sorted_names(s.instance.factors, stage), s.request.continuation
    begin = 0 if after is None else bisect_right(names, continued(after))
    found: dict[str, Entry] = {}

    def rest() -> Iterator[str]:
        for place in range(begin, len(names)):
            entry = _standing(s, s.instance.factors[names[place]])[0]
            # What was soft-deleted may be purged by now.
            if isinstance(entry, stage):
                found[names[place]] = entry
                yield names[place]

    shown, link = page_from(s.host, path, rest(), s.request, s.configuration.page_size)
    return [(name, found[name]) for name in shown], link


def _item(s: Situation[Names], name: str, key: Key) -> KeyItem:
    return shown_item(KeyIdentifier(s.host, name), key.versions[-1], s.configuration)


def _keys_answer(s: Situation[ListKeys], hand: Hand, /) -> KeyPage:
    found, link = _names_answer(s)
    items = tuple(_item(s, name, e.key) for name, e in found if isinstance(e, Active))
    return KeyPage(items, link)


def _deleted_answer(s: Situation[ListDeletedKeys], hand: Hand, /) -> KeyPage:
    found, link = _names_answer(s)
    items: list[DeletedKeyItem] = []
    for name, entry in found:
        if isinstance(entry, Deleted):
            item, date = _item(s, name, entry.key), entry.deleted.latest
            purge = date + (item.attributes.recoverable_days or 0) * DAY_SECONDS
            recovery = str(KeyIdentifier(s.host, name, None, "deletedkeys"))
            items.append(DeletedKeyItem(item, recovery, date, purge))
    return KeyPage(tuple(items), link)


_NAME_PAGES: Final = (
    *PAGE,
    listed_kid_has_no_version,
    only_names_of_that_stage_are_listed,
    items_show_the_current_version,
    no_name_is_missing,
)

LIST_KEYS: Final[Operation[ListKeys, KeyPage]] = Operation(
    name="GetKeys",
    request=ListKeys,
    reply=KeyPage,
    guards=(*ACCESS, page_size_is_permitted, skip_token_is_known),
    ensures=_NAME_PAGES,
    answers=_keys_answer,
    effect=_names_effect,
)

LIST_DELETED_KEYS: Final[Operation[ListDeletedKeys, KeyPage]] = Operation(
    name="GetDeletedKeys",
    request=ListDeletedKeys,
    reply=KeyPage,
    guards=(*ACCESS, page_size_is_permitted, skip_token_is_known),
    ensures=(*_NAME_PAGES, deleted_items_show_the_deletion),
    answers=_deleted_answer,
    effect=_names_effect,
)


# --- versions of one key --------------------------------------------------------------------------


@postcondition("PAGE-006", basis=Basis.OBSERVED, sources=(RECORDED_CLI,))
def absent_key_has_no_versions(s: Situation[ListKeyVersions], reply: KeyPage, /) -> Finding:
    """Answer with an empty list for the versions of a name that has no key."""
    if s.key is not None:
        return VACUOUS
    return expect(not reply.items, "an empty list", f"{len(reply.items)} items")


@postcondition("LIFE-005", level=Level.MUST, basis=Basis.INFERRED, sources=(RECORDED_CLI, REST))
def deleted_key_has_no_versions(s: Situation[ListKeyVersions], reply: KeyPage, /) -> Finding:
    """Answer with an empty list for the versions of a soft-deleted key."""
    if not isinstance(s.entry, Deleted):
        return VACUOUS
    return expect(not reply.items, "an empty list", f"{len(reply.items)} items")


@postcondition("KEY-205", basis=Basis.OBSERVED, sources=_RECORDED)
def listed_kid_has_a_version(s: Situation[ListKeyVersions], reply: KeyPage, /) -> Finding:
    """Give the items of a list of versions the key's kid with a version."""
    for listed in reply.items:
        kid = item_in(listed).kid
        here = kid.host == s.host
        named = kid.name == s.name and kid.collection == "keys"
        if not named or not is_version(kid.version or "") or not here:
            return Mismatch(f"{s.identifier}/<version>", str(kid))
    return HELD if reply.items else VACUOUS


@postcondition("PAGE-208", basis=Basis.DOCUMENTED, sources=(REST, *_RECORDED))
def versions_are_the_keys_own(s: Situation[ListKeyVersions], reply: KeyPage, /) -> Finding:
    """List only versions that the key has, each with its own attributes and tags."""
    key = s.active
    if key is None:
        return VACUOUS
    unseen = sum(version.version is None for version in key.versions)
    tested = False
    for listed in reply.items:
        item = item_in(listed)
        place = key.place_of(item.kid.version or "")
        if place is not None:
            tested = True
            mismatch = item_mismatch(key.versions[place], item)
            if mismatch is not None:
                return mismatch
        elif key.complete:
            unseen -= 1
            if unseen < 0:
                return Mismatch("only versions of the key", str(item.kid))
    return HELD if tested else VACUOUS


@postcondition("PAGE-005", level=Level.SHOULD, basis=Basis.OBSERVED, sources=_RECORDED)
def versions_come_oldest_first(s: Situation[ListKeyVersions], reply: KeyPage, /) -> Finding:
    """List versions oldest first."""
    times = [item_in(item).attributes.created or 0 for item in reply.items]
    if len(times) < 2:
        return VACUOUS
    return expect(times == sorted(times), "ascending created", f"created {times}")


@postcondition("PAGE-209", basis=Basis.DOCUMENTED, sources=(REST,))
def no_version_is_missing(s: Situation[ListKeyVersions], reply: KeyPage, /) -> Finding:
    """List every version that the key had from the first page to the last."""
    key, walk = s.active, walk_before(s, collection_of(s.request))
    if key is None or walk is None or reply.next_link is not None or s.name in walk.changed:
        return VACUOUS
    listed = walk.listed.union(item_in(item).kid.version or "" for item in reply.items)
    for version in key.versions:
        if version.version is not None and version.version not in listed:
            return Mismatch(f"version {version.version} on one of the pages", "it is on none")
    return HELD if key.versions else VACUOUS


def _versions_effect(s: Situation[ListKeyVersions], reply: KeyPage, /) -> Effect:
    """Nothing changes; the versions on the page are known."""
    listed = [item_in(item).kid.version or "" for item in reply.items]
    return Effect(s.entry, instance=walked(s, collection_of(s.request), reply, listed))


def _versions_answer(s: Situation[ListKeyVersions], hand: Hand, /) -> KeyPage:
    key = s.active
    if key is None:
        return KeyPage(())
    shown = {
        version.version: shown_item(
            KeyIdentifier(s.host, s.name, version.version), version, s.configuration
        )
        for version in key.versions
        if version.version is not None
    }
    path = f"/keys/{s.name}/versions"
    names, link = page_of(s.host, path, list(shown), s.request, s.configuration.page_size)
    return KeyPage(tuple(shown[name] for name in names), link)


LIST_KEY_VERSIONS: Final[Operation[ListKeyVersions, KeyPage]] = Operation(
    name="GetKeyVersions",
    request=ListKeyVersions,
    reply=KeyPage,
    guards=(
        *NAMED,
        page_size_is_permitted,
        skip_token_is_known,
    ),
    ensures=(
        *PAGE,
        absent_key_has_no_versions,
        deleted_key_has_no_versions,
        listed_kid_has_a_version,
        versions_are_the_keys_own,
        versions_come_oldest_first,
        no_version_is_missing,
    ),
    answers=_versions_answer,
    effect=_versions_effect,
)
