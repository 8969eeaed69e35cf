"""Mutants that list keys, deleted keys or versions wrongly."""

from __future__ import annotations

from dataclasses import replace

from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    Attributes,
    Call,
    DeletedKeyItem,
    KeyItem,
    KeyPage,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    Refused,
    Reply,
    Request,
)
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.state import Active, Deleted, Estate
from mhsm_targets.mutants.kinds import wrong_page, wrong_request
from mhsm_targets.mutants.mutant import wrong_configuration, wrong_reply
from mhsm_targets.mutants.parts import entry_at, everywhere, item_of, items_changed, key_at

__all__: list[str] = []

_ANY = (ListKeys, ListDeletedKeys, ListKeyVersions)


@wrong_request("PAGE-001", ListKeys)
def maxresults_is_ignored(request: ListKeys) -> Request:
    """Fills every page, however few items are asked for."""
    return replace(request, maxresults=None)


@wrong_configuration("PAGE-001")
def pages_of_a_hundred(configuration: Configuration) -> Configuration:
    """Lists up to 100 items on a page where the request does not say."""
    return replace(configuration, page_size=100)


@wrong_page("PAGE-005", ListKeyVersions)
def newest_version_first(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Lists versions newest first."""
    return replace(page, items=page.items[::-1])


@wrong_page("PAGE-006", ListKeyVersions)
def absent_key_has_a_version(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Lists an empty version for a name that has no key."""
    request = call.request
    if not isinstance(request, ListKeyVersions) or key_at(before, call.host, request.name):
        return page
    kid = KeyIdentifier(call.host, request.name, "0" * 32)
    return KeyPage((KeyItem(kid, Attributes(True, 0, 0, "Recoverable+Purgeable", 90)),))


@wrong_reply("ERR-201")
def versions_of_nothing_are_refused(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers 404 to the list of versions of a name that has no key."""
    request = call.request
    if not isinstance(request, ListKeyVersions) or not isinstance(reply, KeyPage):
        return reply
    if key_at(before, call.host, request.name) is not None:
        return reply
    where = KeyIdentifier(call.host, request.name)
    return Refused(404, "KeyNotFound", f"Key not found: {where}")


@wrong_page("PAGE-007", ListKeys)
def deleted_keys_stay_listed(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Lists soft-deleted keys among those in use."""
    items = list(page.items)
    for name in everywhere(before, call.host):
        entry = entry_at(before, call.host, name)
        if isinstance(entry, Deleted):
            kid = KeyIdentifier(call.host, name)
            items.append(item_of(before, call.host, kid, entry.key.versions[-1]))
    return replace(page, items=tuple(items))


@wrong_page("PAGE-007", ListKeys)
def keys_of_all_instances_are_listed(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Lists the keys of all instances as if they were in this one."""
    items = list(page.items)
    for host in before.instances:
        for name in everywhere(before, host):
            entry = entry_at(before, host, name)
            if host != call.host and isinstance(entry, Active):
                kid = KeyIdentifier(call.host, name)
                items.append(item_of(before, host, kid, entry.key.versions[-1]))
    return replace(page, items=tuple(items))


@wrong_page("PAGE-203", *_ANY)
def next_link_with_api_version(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Repeats the api-version in the nextLink."""
    if page.next_link is None:
        return page
    return replace(page, next_link=f"{page.next_link}&api-version={call.api_version}")


@wrong_page("PAGE-203", *_ANY)
def next_link_is_relative(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Gives the path and the query alone as nextLink."""
    if page.next_link is None:
        return page
    return replace(page, next_link=page.next_link.removeprefix(f"https://{call.host}"))


@wrong_page("PAGE-203", ListDeletedKeys)
def next_link_leads_to_the_keys(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Leads from the first page of the deleted keys to the second of the keys."""
    if page.next_link is None:
        return page
    return replace(page, next_link=page.next_link.replace("/deletedkeys", "/keys"))


@wrong_page("PAGE-204", *_ANY)
def last_item_is_listed_twice(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Lists the last item of a page once more."""
    return replace(page, items=(*page.items, *page.items[-1:]))


@wrong_page("PAGE-205", ListKeys)
def list_shows_the_oldest_version(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Shows in the list of keys the attributes and tags of each key's oldest version."""

    def oldest(item: KeyItem) -> KeyItem:
        key = key_at(before, call.host, item.kid.name)
        return item if key is None else item_of(before, call.host, item.kid, key.versions[0])

    return items_changed(page, oldest)


@wrong_page("PAGE-205", ListKeys, ListDeletedKeys)
def list_shows_no_tags(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Leaves the tags out of lists."""
    return items_changed(page, lambda item: replace(item, tags=None))


@wrong_page("PAGE-205", ListKeys, ListDeletedKeys)
def list_shows_empty_tags(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Shows in lists an empty member tags for every key that has none."""
    return items_changed(page, lambda item: item if item.tags else replace(item, tags={}))


@wrong_page("PAGE-206", ListKeys, ListDeletedKeys)
def last_name_is_missing(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Leaves the last item out of the last page."""
    return replace(page, items=page.items[:-1]) if page.next_link is None else page


@wrong_page("PAGE-206", ListKeys, ListDeletedKeys)
def next_page_skips_one(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Begins every page after the first one item too late."""
    follows = getattr(call.request, "continuation", None) is not None
    return replace(page, items=page.items[1:]) if follows else page


@wrong_page("PAGE-206", ListKeys, ListDeletedKeys)
def disabled_keys_are_not_listed(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Lists enabled keys alone."""
    kept: list[KeyItem | DeletedKeyItem] = []
    for listed in page.items:
        item = listed.item if isinstance(listed, DeletedKeyItem) else listed
        if item.attributes.enabled:
            kept.append(listed)
    return replace(page, items=tuple(kept))


@wrong_page("PAGE-210", ListKeys, ListKeyVersions, ListDeletedKeys)
def lists_leave_exportable_out(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Leaves exportable out of the items of lists."""
    return items_changed(
        page, lambda item: replace(item, attributes=replace(item.attributes, exportable=None))
    )


@wrong_page("PAGE-210", ListKeys, ListKeyVersions, ListDeletedKeys)
def lists_show_the_default_retention(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Shows in lists a retention of 30 days, whatever the instance's is."""
    return items_changed(
        page, lambda item: replace(item, attributes=replace(item.attributes, recoverable_days=30))
    )


@wrong_page("PAGE-207", ListDeletedKeys)
def list_shows_no_deletion_date(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Leaves deletedDate out of the list of deleted keys."""
    items = (replace(i, deleted_date=None) for i in page.items if isinstance(i, DeletedKeyItem))
    return replace(page, items=tuple(items))


@wrong_page("PAGE-207", ListDeletedKeys)
def listed_recovery_id_is_the_key(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Shows in the list of deleted keys each kid as recoveryId."""
    items = (
        replace(i, recovery_id=str(i.item.kid)) for i in page.items if isinstance(i, DeletedKeyItem)
    )
    return replace(page, items=tuple(items))


@wrong_page("PAGE-208", ListKeyVersions)
def versions_show_current_tags(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Shows the current version's tags for every version that is listed."""
    request = call.request
    key = key_at(before, call.host, request.name) if isinstance(request, ListKeyVersions) else None
    if key is None:
        return page
    current = key.versions[-1]
    return items_changed(page, lambda item: item_of(before, call.host, item.kid, current))


@wrong_page("PAGE-208", ListKeyVersions)
def versions_of_other_keys_are_listed(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Lists the versions of all keys under the name of each."""
    request, items = call.request, list(page.items)
    if not isinstance(request, ListKeyVersions) or not page.items:
        return page
    for name in everywhere(before, call.host):
        entry = entry_at(before, call.host, name)
        if name != request.name and isinstance(entry, Active):
            version = entry.key.versions[-1]
            kid = KeyIdentifier(call.host, request.name, version.version)
            items.append(item_of(before, call.host, kid, version))
    return replace(page, items=tuple(items))


@wrong_page("PAGE-209", ListKeyVersions)
def current_version_is_not_listed(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Lists only the versions that a newer one has replaced."""
    return replace(page, items=page.items[:-1]) if page.next_link is None else page


@wrong_page("KEY-005", ListKeys, ListDeletedKeys)
def listed_kid_has_the_version(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Gives the items of a list of keys the kid of the current version."""

    def named(item: KeyItem) -> KeyItem:
        key = key_at(before, call.host, item.kid.name)
        version = None if key is None else key.versions[-1].version
        return replace(item, kid=replace(item.kid, version=version))

    return items_changed(page, named)


@wrong_page("KEY-005", ListDeletedKeys)
def listed_kid_is_a_deleted_keys(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Gives the items of the list of deleted keys a kid under /deletedkeys."""
    return items_changed(
        page, lambda item: replace(item, kid=replace(item.kid, collection="deletedkeys"))
    )


@wrong_page("KEY-205", ListKeyVersions)
def listed_version_has_none(page: KeyPage, call: Call, before: Estate) -> KeyPage:
    """Gives the items of a list of versions the kid of the key."""
    return items_changed(page, lambda item: replace(item, kid=replace(item.kid, version=None)))
