"""Lists page by page: what every page must obey, and the walk from the first page to the last.

A list is no snapshot. What changed while it was read may be listed or not; what did not change must
be there once, when the last page is reached.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from immutables import Map

from mhsm_model.base64url import decoded, encoded
from mhsm_model.bundles import attributes_mismatch, times_mismatch
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
from mhsm_model.identifiers import is_name
from mhsm_model.operations.access import caller_is_authenticated
from mhsm_model.operations.shape import retention_finding
from mhsm_model.rules import Objection, Perhaps, guard, postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import RECORDED_CLI, RECORDED_GO, RECORDED_PYTHON, REST
from mhsm_model.state import Instance, KeyVersion, Walk
from mhsm_model.tables.errors import unseen
from mhsm_model.unknown import Unknown

__all__ = [
    "PAGE",
    "Listing",
    "collection_of",
    "continued",
    "item_in",
    "item_mismatch",
    "next_token",
    "page_from",
    "page_of",
    "page_size_is_permitted",
    "skip_token_is_known",
    "walk_before",
    "walked",
]

Listing = ListKeys | ListKeyVersions | ListDeletedKeys
_RECORDED: Final = (RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO)
_MAXIMUM_PAGE: Final = 25
_MAXIMUM_WALKS: Final = 16
_TOKEN_BEGIN: Final = "+RID:"
_TOKEN_END: Final = "#RT:1"


def item_in(item: KeyItem | DeletedKeyItem) -> KeyItem:
    """The key item that a list item shows."""
    return item.item if isinstance(item, DeletedKeyItem) else item


def next_token(page: KeyPage) -> str | None:
    """The skip token in the page's nextLink, or None where there is none."""
    if page.next_link is None:
        return None
    values = _query(page.next_link).get("$skiptoken")
    return values[0] if values else None


def collection_of(request: Listing) -> str:
    """The list that a request reads a page of, as walks are kept by it."""
    match request:
        case ListKeys():
            return "keys"
        case ListDeletedKeys():
            return "deletedkeys"
        case ListKeyVersions(name):
            return f"versions of {name}"


def _query(link: str) -> dict[str, list[str]]:
    """The query of a link; empty for a link that is no URL."""
    try:
        return parse_qs(urlsplit(link).query, keep_blank_values=True)
    except ValueError:
        return {}


def walk_before(s: Situation[Listing], collection: str) -> Walk | None:
    """The walk this page goes on with: a new one for a first page, None where it is not known."""
    if s.request.continuation is None:
        return Walk()
    return s.instance.walks.get((collection, s.request.continuation))


def walked(
    s: Situation[Listing], collection: str, page: KeyPage, listed: Iterable[str]
) -> Instance:
    """The instance with the walk moved on by one page."""
    before = walk_before(s, collection)
    walks = s.instance.walks
    if s.request.continuation is not None:
        here = (collection, s.request.continuation)
        walks = walks.delete(here) if here in walks else walks
    token = next_token(page)
    if before is not None and token is not None:
        if len(walks) >= _MAXIMUM_WALKS:
            # Walks that were given up are forgotten; nothing is demanded of where they go on.
            walks = Map[tuple[str, str], Walk]()
        walks = walks.set((collection, token), replace(before, listed=before.listed.union(listed)))
    return replace(s.instance, walks=walks)


def item_mismatch(version: KeyVersion, item: KeyItem) -> Mismatch | None:
    """Where a list item contradicts what is known of the version it shows."""
    shown = item.attributes
    mismatch = attributes_mismatch(version, shown) or times_mismatch(version, shown)
    if mismatch is not None:
        return Mismatch(f"{item.kid} with {mismatch.expected}", mismatch.observed)
    if isinstance(version.tags, Unknown):
        return None
    if dict(version.tags) != dict(item.tags or {}):
        return Mismatch(
            f"{item.kid} with tags {dict(version.tags)}", f"tags {dict(item.tags or {})}"
        )
    if item.tags is not None and not item.tags:
        return Mismatch(f"{item.kid} without a member tags", "an empty member tags")
    return None


@guard(
    "PAGE-002",
    level=Level.OPEN,
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    presupposes=(caller_is_authenticated,),
)
def page_size_is_permitted(s: Situation[Listing], /) -> Objection:
    """Refuse a maxresults outside 1 to 25."""
    asked = s.request.maxresults
    if asked is None or 1 <= asked <= _MAXIMUM_PAGE:
        return None
    return Perhaps(unseen(400, "BadParameter", "maxresults is out of range"), emulated=True)


@guard(
    "PAGE-211",
    level=Level.OPEN,
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    presupposes=(caller_is_authenticated,),
)
def skip_token_is_known(s: Situation[Listing], /) -> Objection:
    """Refuse a skip token that no page of the list has given."""
    token = s.request.continuation
    if token is None or walk_before(s, collection_of(s.request)) is not None:
        return None
    # Pages of a walk that was given up are forgotten here, and still read.
    refusal = unseen(400, "BadParameter", "The skip token is not valid")
    return Perhaps(refusal, emulated=not continued(token))


@postcondition("PAGE-001", basis=Basis.DOCUMENTED, sources=(REST, *_RECORDED))
def page_is_no_longer_than_asked(s: Situation[Listing], reply: KeyPage, /) -> Finding:
    """List at most maxresults items on a page, and at most 25 where the request does not say."""
    asked = s.request.maxresults
    limit = asked if asked is not None and asked >= 1 else _MAXIMUM_PAGE
    if s.request.continuation is not None and asked is None:
        return VACUOUS
    return expect(len(reply.items) <= limit, f"at most {limit} items", f"{len(reply.items)} items")


@postcondition("PAGE-203", basis=Basis.OBSERVED, sources=_RECORDED)
def next_link_leads_on(s: Situation[Listing], reply: KeyPage, /) -> Finding:
    """Give as nextLink the same list's URL with just its maxresults and a skip token."""
    link = reply.next_link
    if link is None:
        return VACUOUS
    query, base = _query(link), link.partition("?")[0].rstrip("/")
    size = query.get("maxresults", [""])[0]
    known = s.request.continuation is None or s.request.maxresults is not None
    asked = str(s.request.maxresults or _MAXIMUM_PAGE) if known else size
    wanted = f"https://{s.host}{_path(s.request)}"
    good = (
        base == wanted
        and "#" not in link
        and query.keys() == {"maxresults", "$skiptoken"}
        and query["$skiptoken"] != [""]
        and size == asked
    )
    return expect(good, f"{wanted}?maxresults={asked}&$skiptoken=…", link)


def _path(request: Listing) -> str:
    match request:
        case ListKeys():
            return "/keys"
        case ListKeyVersions(name):
            return f"/keys/{name}/versions"
        case ListDeletedKeys():
            return "/deletedkeys"


@postcondition("PAGE-204", basis=Basis.DOCUMENTED, sources=(REST,))
def nothing_is_listed_twice(s: Situation[Listing], reply: KeyPage, /) -> Finding:
    """List nothing twice on a page."""
    kids = [str(item_in(item).kid) for item in reply.items]
    if len(kids) < 2:
        return VACUOUS
    return expect(len(set(kids)) == len(kids), "different items", "an item that is there twice")


@postcondition("PAGE-210", basis=Basis.OBSERVED, sources=_RECORDED)
def items_show_every_attribute(s: Situation[Listing], reply: KeyPage, /) -> Finding:
    """Show for every item all attributes that every key has, as the key itself shows them."""
    for listed in reply.items:
        item, shown = item_in(listed), item_in(listed).attributes
        told = (shown.enabled, shown.exportable, shown.recovery_level)
        if shown.created is None or shown.updated is None or None in told:
            return Mismatch(f"{item.kid} with enabled, exportable, times and level", "not all")
        if not is_name(item.kid.name):
            return Mismatch("a key name", item.kid.name)
        if not shown.created <= shown.updated <= s.now.latest:
            return Mismatch(f"{item.kid} created, then updated, both by now", str(shown.updated))
        finding = retention_finding(s, shown)
        if isinstance(finding, Mismatch):
            return finding
    return HELD if reply.items else VACUOUS


def page_of(
    host: str, path: str, names: list[str], request: Listing, size: int
) -> tuple[list[str], str | None]:
    """The emulator's page: the names on it, and the nextLink. `names` are in the list's order."""
    rest = names if request.continuation is None else _after(names, request.continuation)
    return page_from(host, path, rest, request, size)


def page_from(
    host: str, path: str, rest: Iterable[str], request: Listing, size: int
) -> tuple[list[str], str | None]:
    """The page that begins where `rest` does; no more of that is looked at than is needed."""
    limit = size if request.maxresults is None else min(request.maxresults, size)
    names = list(islice(rest, limit + 1))
    if len(names) <= limit:
        return names, None
    token = encoded(f"{_TOKEN_BEGIN}{names[limit - 1]}{_TOKEN_END}".encode())
    return names[:limit], f"https://{host}{path}?maxresults={limit}&$skiptoken={token}"


def continued(continuation: str) -> str:
    """The last item before the emulator's skip token; empty for a token that is not its own."""
    try:
        text = decoded(continuation).decode()
    except ValueError:
        return ""
    own = text.startswith(_TOKEN_BEGIN) and text.endswith(_TOKEN_END)
    return text[len(_TOKEN_BEGIN) : -len(_TOKEN_END)] if own else ""


def _after(names: list[str], continuation: str) -> list[str]:
    last = continued(continuation)
    if last in names:
        return names[names.index(last) + 1 :]
    return [name for name in names if name > last]


PAGE: tuple[Any, ...] = (
    page_is_no_longer_than_asked,
    next_link_leads_on,
    nothing_is_listed_twice,
    items_show_every_attribute,
)
