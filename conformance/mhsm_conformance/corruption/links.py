"""Operators on the nextLink of a page: dropped, added, or leading elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mhsm_conformance.corruption.lists import LISTED, missing_names
from mhsm_conformance.corruption.operator import (
    Alteration,
    Blindness,
    Operator,
    Seen,
    Unseen,
    altered,
    corrupting,
)
from mhsm_conformance.corruption.session import Place

__all__ = ["LINKS"]

_LINK: Final = ("PAGE-203",)


def _link(name: str, sentence: str, change: Callable[[str], str]) -> Operator:
    def corrupts(place: Place) -> Alteration | None:
        link = place.shown.get("nextLink") if place.shown is not None else None
        if not isinstance(link, str) or change(link) == link:
            return None
        reply = place.with_document({**place.document(), "nextLink": change(link)})
        return altered(place, reply, Seen(_LINK))

    return Operator(name, sentence, corrupts)


@corrupting("nextLink-dropped")
def dropped_link(place: Place) -> Alteration | None:
    """End a list early: leave out the nextLink."""
    if place.shown is None or "nextLink" not in place.shown:
        return None
    document = {n: v for n, v in place.document().items() if n != "nextLink"}
    return altered(place, place.with_document(document), missing_names(place, (), last=True))


@corrupting("nextLink-added")
def added_link(place: Place) -> Alteration | None:
    """Give a nextLink on the last page."""
    if not isinstance(place.request, LISTED) or not place.succeeded or place.shown is None:
        return None
    if "nextLink" in place.shown:
        return None
    asked = getattr(place.request, "maxresults", None) or 25
    path = place.sent.path.rstrip("/")
    link = f"https://{place.sent.host}{path}?maxresults={asked}&$skiptoken=AAAA"
    reply = place.with_document({**place.document(), "nextLink": link})
    return altered(place, reply, Unseen(Blindness.FIRST_SIGHT))


LINKS: Final[tuple[Operator, ...]] = (
    dropped_link,
    added_link,
    _link(
        "nextLink-with-api-version",
        "Write the api-version into the nextLink, as vaults do.",
        lambda link: f"{link}&api-version=7.3",
    ),
    _link(
        "nextLink-other-host",
        "Lead on to another host.",
        lambda link: "/".join([*link.split("/")[:2], "another.net", *link.split("/")[3:]]),
    ),
    _link(
        "nextLink-other-list",
        "Lead on to another list.",
        lambda link: link.partition("?")[0] + "/more?" + link.partition("?")[2],
    ),
    _link(
        "nextLink-without-token",
        "Leave the skip token out of the nextLink.",
        lambda link: link.partition("&$skiptoken")[0],
    ),
)
