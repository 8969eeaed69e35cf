"""Key names of a session: which of them it made itself, so that a target holds the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, cast

from mhsm_model.exchange import (
    CreateKey,
    GetRandomBytes,
    ImportKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    Request,
    RestoreKey,
    Unmodelled,
)
from mhsm_model.identifiers import parse_key_identifier
from mhsm_model.requests import Reach
from mhsm_model.wire.http import HttpResponse

__all__ = ["KnownNames", "Lists", "versions_shown"]

_MAKING: Final = (CreateKey, ImportKey, RestoreKey)
_OF_NO_NAME: Final = (GetRandomBytes, ListDeletedKeys, ListKeys)


class KnownNames:
    """The names that the session made or purged, and that nothing else reached since."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._strange_domain = False
        self._purged: str | None = None

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def is_just_purged(self, name: str) -> bool:
        """Whether the last change was that the name was purged."""
        return self._purged == name

    def are_needed(self, request: Request, recorded: HttpResponse, *, foreign: bool) -> bool:
        """Whether the reply shows what the session did not make; `foreign` tells of a version.

        A key that is made may be made onto one that was there, which nobody can tell.
        """
        if isinstance(request, RestoreKey) and self._strange_domain:
            return True
        if isinstance(request, (*_MAKING, *_OF_NO_NAME)) or recorded.status in (400, 401):
            return False
        name = str(getattr(request, "name", ""))
        if recorded.status == 404:
            return False
        if isinstance(request, ListKeyVersions) and not versions_shown(recorded):
            return False
        return name not in self._known or foreign

    def told(self, request: Request, recorded: HttpResponse) -> None:
        """Learn from an exchange that was asked again."""
        if recorded.status >= 300:
            return
        name = getattr(request, "name", None)
        if isinstance(request, _MAKING):
            named = _name_shown(recorded) if name is None else str(name)
            if named is not None:
                self._known.add(named)
        if isinstance(request, _MAKING):
            self._purged = None
        elif isinstance(request, PurgeDeletedKey):
            self._purged = request.name

    def unseen(self, request: Request, recorded: HttpResponse) -> None:
        """Learn from an exchange that was not asked again: what it reached is not known here."""
        if not isinstance(request, Unmodelled) or recorded.status >= 300:
            return
        if request.reach is Reach.DOMAIN:
            self._strange_domain = True
        if request.reach is Reach.INSTANCE:
            self._known.clear()
        elif request.reach is Reach.NAME and request.name is not None:
            self._known.discard(request.name)


def _name_shown(recorded: HttpResponse) -> str | None:
    document = recorded.document()
    key = cast("dict[str, Any]", document).get("key") if isinstance(document, dict) else None
    kid = cast("dict[str, Any]", key).get("kid") if isinstance(key, dict) else None
    found = parse_key_identifier(kid) if isinstance(kid, str) else None
    return None if found is None else found.name


def versions_shown(recorded: HttpResponse) -> list[str]:
    """The versions that the items of a page show."""
    document = recorded.document()
    if not _is_page(document):
        return []
    kids = (parse_key_identifier(str(item.get("kid"))) for item in document["value"])
    return [kid.version for kid in kids if kid is not None and kid.version is not None]


class Lists:
    """Pages of names, of which others than the session's own are left out.

    Other tests used the same HSM, so that a list shows keys that no target can have; where one page
    has a nextLink and the other has none, the link is left out too.
    """

    def __init__(self, names: KnownNames) -> None:
        self._names = names

    def common(
        self, request: ListKeys | ListDeletedKeys, recorded: HttpResponse, ours: HttpResponse
    ) -> tuple[HttpResponse, HttpResponse]:
        """Both pages with the items that both show, and those of the session that one lacks.

        Where a list has several pages, on which of them an item stands is the other tests' doing.
        """
        theirs, mine = recorded.document(), ours.document()
        if not _is_page(theirs) or not _is_page(mine):
            return recorded, ours
        both = [cast("dict[str, Any]", page) for page in (theirs, mine)]
        listed = [{str(item.get("kid")): item for item in page["value"]} for page in both]
        paged = request.continuation is not None or any("nextLink" in page for page in both)
        shown = listed[0].keys() & listed[1].keys()
        if not paged:
            shown |= {kid for kid in listed[0].keys() | listed[1].keys() if self._is_own(kid)}
        links = all("nextLink" in page for page in both)
        pages: list[HttpResponse] = []
        for response, page, items in zip((recorded, ours), both, listed, strict=True):
            kept = {name: page[name] for name in page if name != "nextLink" or links}
            kept["value"] = [items[kid] for kid in sorted(items) if kid in shown]
            pages.append(replace(response, body=json.dumps(kept).encode()))
        return pages[0], pages[1]

    def _is_own(self, kid: str) -> bool:
        found = parse_key_identifier(kid)
        return found is not None and found.name in self._names


def _is_page(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    value = cast("dict[str, Any]", document).get("value")
    items = cast("Sequence[Any]", value) if isinstance(value, list) else (None,)
    return all(isinstance(item, dict) for item in items)
