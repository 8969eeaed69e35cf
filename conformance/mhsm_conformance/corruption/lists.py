"""Operators on pages of lists: items too many, missing, in another order, and the nextLink."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

from mhsm_conformance.corruption.hosts import host_seen
from mhsm_conformance.corruption.life import Stage, may_have_lapsed, stages_before
from mhsm_conformance.corruption.operator import (
    Alteration,
    Blindness,
    Operator,
    Seen,
    Sight,
    Unseen,
    altered,
    corrupting,
)
from mhsm_conformance.corruption.session import Document, Place
from mhsm_conformance.corruption.sightings import Show, shows
from mhsm_model.exchange import (
    CreateKey,
    ImportKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
)

__all__ = ["LISTED", "LISTS", "items_of", "missing_names"]

LISTED: Final = (ListKeys, ListDeletedKeys, ListKeyVersions)
"""What is asked of a service that answers with a page."""

_MISSING: Final = ("PAGE-206", "PAGE-209")
_KIDS: Final = ("KEY-005", "KEY-205")
_OTHER_VERSION: Final = "0123456789abcdef0123456789abcdef"


def items_of(place: Place) -> list[Document]:
    """The items of a page, to be read only; empty where the reply is no page."""
    if not isinstance(place.request, LISTED) or not place.succeeded or place.shown is None:
        return []
    items = place.shown.get("value")
    return cast("list[Document]", items) if isinstance(items, list) else []


def _label(place: Place, item: Document) -> str:
    """What an item lists: a key name, or a version."""
    parts = str(item.get("kid")).split("/")
    number = 5 if isinstance(place.request, ListKeyVersions) else 4
    return parts[number] if len(parts) > number else ""


def _token(place: Place) -> str | None:
    link = place.shown.get("nextLink") if place.shown is not None else None
    values = parse_qs(urlsplit(str(link)).query).get("$skiptoken") if link else None
    return values[0] if values else None


def _continuation(place: Place) -> str | None:
    return cast("str | None", getattr(place.request, "continuation", None))


def _walk(place: Place) -> tuple[list[Place], bool, bool]:
    """The pages of the list that a page belongs to; whether the first and the last are there."""
    pages = [p for p in place.session.places if p.operation == place.operation and p.succeeded]
    before: list[Place] = []
    here = place
    while (token := _continuation(here)) is not None:
        found = [p for p in pages if p.index < here.index and _token(p) == token]
        if not found:
            return [*reversed(before), place], False, False
        here = found[-1]
        before.append(here)
    walk, here = [*reversed(before), place], place
    while (token := _token(here)) is not None:
        found = [p for p in pages if p.index > here.index and _continuation(p) == token]
        if not found:
            return walk, True, False
        here = found[0]
        walk.append(here)
    return walk, True, True


def missing_names(place: Place, removed: Iterable[str], *, last: bool = False) -> Sight:
    """Whether a clause misses what is not listed any more.

    `removed` is what the altered page lists no more; `last` tells that it is the last page now.
    """
    walk, begun, ended = _walk(place)
    if not begun or not (ended or last):
        return Unseen(Blindness.FIRST_SIGHT)
    pages = [p for p in walk if p.index <= place.index] if last else walk
    listed = {_label(p, item) for p in pages for item in items_of(p)} - set(removed)
    if any(name not in listed for name in _known(walk[0])):
        return Seen(_MISSING, later=not last and walk[-1] is not place)
    return Unseen(Blindness.FIRST_SIGHT)


def _known(first: Place) -> set[str]:
    """What a list must have when its first page is read, as far as the session tells."""
    if isinstance(first.request, ListKeyVersions):
        if stages_before(first) != frozenset({Stage.ACTIVE}):
            return set()
        return {
            show.version
            for index in range(first.index)
            for show in shows(first.session, index)
            if show.name == first.name and show.version is not None
        }
    wanted = Stage.ACTIVE if isinstance(first.request, ListKeys) else Stage.DELETED
    asked = (getattr(request, "name", None) for request in first.session.requests[: first.index])
    return {
        name
        for name in asked
        if isinstance(name, str)
        and stages_before(first, name) == frozenset({wanted})
        and not (wanted is Stage.DELETED and may_have_lapsed(first, name))
    }


def _with_items(place: Place, items: list[Any], sight: Sight) -> Alteration:
    return altered(place, place.with_document({**place.document(), "value": items}), sight)


@corrupting("item-dropped")
def dropped_item(place: Place) -> Alteration | None:
    """Leave one item out of a page."""
    items = items_of(place)
    if not items:
        return None
    chosen = place.draw("item-dropped", len(items))
    removed = _label(place, items[chosen])
    kept = [item for number, item in enumerate(items) if number != chosen]
    sight = missing_names(place, [removed])
    return _with_items(place, kept, sight)


@corrupting("known-item-dropped")
def dropped_known_item(place: Place) -> Alteration | None:
    """Leave out of a page an item that the session shows to exist."""
    items = items_of(place)
    if not items:
        return None
    known = _known(_walk(place)[0][0])
    removed = [_label(place, item) for item in items if _label(place, item) in known]
    if not removed:
        return None
    kept = [item for item in items if _label(place, item) != removed[0]]
    return _with_items(place, kept, missing_names(place, removed[:1]))


@corrupting("page-emptied")
def emptied_page(place: Place) -> Alteration | None:
    """List nothing on a page that has items."""
    items = items_of(place)
    if not items:
        return None
    return _with_items(place, [], missing_names(place, [_label(place, item) for item in items]))


@corrupting("item-twice")
def item_twice(place: Place) -> Alteration | None:
    """List an item twice on one page."""
    items = items_of(place)
    if not items:
        return None
    again = items[place.draw("item-twice", len(items))]
    return _with_items(place, [*items, again], Seen(("PAGE-204",)))


@corrupting("item-of-other-stage")
def item_of_other_stage(place: Place) -> Alteration | None:
    """List a soft-deleted key among the keys, or a key in use among the deleted ones."""
    if not isinstance(place.request, ListKeys | ListDeletedKeys) or not place.succeeded:
        return None
    wanted = Stage.DELETED if isinstance(place.request, ListKeys) else Stage.ACTIVE
    for index in range(place.index - 1, -1, -1):
        for show in shows(place.session, index):
            if show.is_item or show.host != place.sent.host:
                continue
            if stages_before(place, show.name) == frozenset({wanted}):
                item = _item(place, show)
                return _with_items(place, [*items_of(place), item], Seen(("PAGE-007",)))
    return None


def _item(place: Place, show: Show) -> Document:
    """The list item of a key that a bundle shows."""
    document = show.document
    kid = str(document["key"]["kid"]).rpartition("/")[0]
    item = {"attributes": document["attributes"], "kid": kid}
    if "tags" in document:
        item["tags"] = document["tags"]
    if isinstance(place.request, ListDeletedKeys):
        days = document["attributes"].get("recoverableDays", 90)
        date = document["attributes"].get("updated", 0)
        item["recoveryId"] = kid.replace("/keys/", "/deletedkeys/")
        item["deletedDate"] = date
        item["scheduledPurgeDate"] = date + 86400 * days
    return item


@corrupting("item-unknown")
def unknown_item(place: Place) -> Alteration | None:
    """List something that nobody has heard of."""
    items = items_of(place)
    if not items:
        return None
    parts = str(items[0].get("kid")).split("/")
    number = 5 if isinstance(place.request, ListKeyVersions) else 4
    if len(parts) <= number:
        return None
    value = _OTHER_VERSION if number == 5 else "heard-of-by-nobody"
    kid = "/".join([*parts[:number], value, *parts[number + 1 :]])
    item = {**items[0], "kid": kid}
    if "recoveryId" in item:
        item["recoveryId"] = kid.replace("/keys/", "/deletedkeys/")
    sight: Sight = Unseen(Blindness.FIRST_SIGHT)
    if number == 5 and _began_here(place):
        sight = Seen(("PAGE-208",))
    # Beside its like, so that a list of versions stays in order.
    return _with_items(place, [items[0], item, *items[1:]], sight)


def _began_here(place: Place) -> bool:
    """Whether the key was made in this session at a name that had no key in use."""
    for earlier in place.session.places:
        if earlier.index < place.index and earlier.name == place.name and earlier.succeeded:
            born = isinstance(earlier.request, CreateKey | ImportKey)
            return born and Stage.ACTIVE not in stages_before(earlier)
    return False


@corrupting("page-reversed")
def reversed_page(place: Place) -> Alteration | None:
    """List the items of a page in the reverse order."""
    items = items_of(place)
    if len(items) < 2:
        return None
    times = [item.get("attributes", {}).get("created") for item in items]
    ordered = isinstance(place.request, ListKeyVersions) and len(set(times)) > 1
    sight: Sight = Seen(("PAGE-005",)) if ordered else Unseen(Blindness.EQUIVALENT)
    return _with_items(place, list(reversed(items)), sight)


@corrupting("page-too-long")
def overlong_page(place: Place) -> Alteration | None:
    """List one item more than a page may have."""
    items = items_of(place)
    if not items:
        return None
    asked = cast("int | None", getattr(place.request, "maxresults", None))
    limit = 25 if asked is None else asked
    made = [
        {**items[-1], "kid": _other_kid(place, str(items[-1].get("kid")), number)}
        for number in range(limit + 1 - len(items))
    ]
    bounded = asked is not None or _continuation(place) is None
    sight: Sight = Seen(("PAGE-001",)) if bounded else Unseen(Blindness.UNRECORDED)
    return _with_items(place, [*items, *made], sight)


def _other_kid(place: Place, kid: str, number: int) -> str:
    if isinstance(place.request, ListKeyVersions):
        return f"{kid[:-4]}{number:04x}"
    return f"{kid}-{number}"


def _kid(name: str, sentence: str, change: Callable[[Place, str], str]) -> Operator:
    """The operator that changes the kid of one item."""

    def corrupts(place: Place) -> Alteration | None:
        items = items_of(place)
        if not items:
            return None
        chosen = place.draw(name, len(items))
        made = change(place, str(items[chosen].get("kid")))
        if made == items[chosen].get("kid"):
            return None
        document = place.document()
        document["value"][chosen]["kid"] = made
        sight: Sight = Seen((*_KIDS, "PAGE-207"))
        if name == "item-other-host" and not chosen:
            sight = host_seen(place, *_KIDS)
        return altered(place, place.with_document(document), sight)

    return Operator(name, sentence, corrupts)


def _versioned(place: Place, kid: str) -> str:
    """The kid with a version in a list of keys, without one in a list of versions."""
    if isinstance(place.request, ListKeyVersions):
        return kid.rpartition("/")[0]
    return f"{kid}/{_OTHER_VERSION}"


def _of_another_key(place: Place, kid: str) -> str:
    if not isinstance(place.request, ListKeyVersions):
        return kid
    parts = kid.split("/")
    return "/".join([*parts[:4], "other", *parts[5:]])


LISTS: Final[tuple[Operator, ...]] = (
    dropped_item,
    dropped_known_item,
    emptied_page,
    item_twice,
    item_of_other_stage,
    unknown_item,
    reversed_page,
    overlong_page,
    _kid(
        "item-version",
        "Give a version to the kid of a listed key, and none to that of a listed version.",
        _versioned,
    ),
    _kid(
        "item-other-host",
        "Name another host in the kid of an item.",
        lambda place, kid: "/".join([*kid.split("/")[:2], "another.net", *kid.split("/")[3:]]),
    ),
    _kid("item-other-name", "List a version of another key.", _of_another_key),
)
