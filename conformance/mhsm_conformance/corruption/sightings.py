"""Where else in a session a key version is shown, and so what binds the values of a reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from mhsm_conformance.corruption.operator import Blindness, Seen, Sight, Unseen
from mhsm_conformance.corruption.session import Document, Place, RecordedSession
from mhsm_model.exchange import Unmodelled, UpdateKey
from mhsm_model.requests import Reach

__all__ = ["ABSENT", "Show", "member_at", "shows", "witnessed"]

ABSENT: Final = object()
"""The value of a member that is not there."""

_CHANGED_BY: Final[dict[str, Callable[[UpdateKey], bool]]] = {
    "key_ops": lambda asked: asked.key_ops is not None,
    "tags": lambda asked: asked.tags is not None,
    "release_policy": lambda asked: asked.release_policy is not None,
    "enabled": lambda asked: asked.attributes.enabled is not None,
    "nbf": lambda asked: asked.attributes.not_before is not None,
    "exp": lambda asked: asked.attributes.expires is not None,
    "updated": lambda asked: True,
}
"""Which members an update sets."""


@dataclass(frozen=True, slots=True)
class Show:
    """One key version as one reply shows it: as a bundle, or as an item of a page.

    `place` is the path of the object in the reply's document. `version` is None for an item that
    names none, `current` says that the version shown is surely the current one.
    """

    index: int
    place: tuple[str | int, ...]
    document: Document
    host: str
    name: str
    version: str | None
    is_item: bool
    current: bool


def shows(session: RecordedSession, index: int) -> tuple[Show, ...]:
    """The key versions that a successful reply of a modelled operation shows."""
    request, exchange = session.requests[index], session.exchanges[index]
    document = session.documents[index]
    if request is None or isinstance(request, Unmodelled):
        return ()
    if not 200 <= exchange.answered.status < 300:
        return ()
    if not isinstance(document, dict):
        return ()
    return tuple(_found(index, exchange.sent.host, request, cast("Document", document)))


def _found(index: int, host: str, request: object, document: Document) -> Iterator[Show]:
    key = document.get("key")
    if isinstance(key, dict):
        named = _named(cast("Document", key).get("kid"))
        if named is not None:
            current = getattr(request, "version", None) is None
            yield Show(index, (), document, host, *named, is_item=False, current=current)
    items = document.get("value")
    for number, item in enumerate(cast("Sequence[Any]", items) if isinstance(items, list) else ()):
        named = _named(cast("Document", item).get("kid")) if isinstance(item, dict) else None
        if named is not None:
            shown, current = cast("Document", item), named[1] is None
            place = ("value", number)
            yield Show(index, place, shown, host, *named, is_item=True, current=current)


def _named(kid: object) -> tuple[str, str | None] | None:
    parts = str(kid).split("/")
    if len(parts) < 5 or not parts[4]:
        return None
    return parts[4], parts[5] if len(parts) > 5 and parts[5] else None


def member_at(document: object, path: Sequence[str | int]) -> object:
    """The value at a path in a JSON document, or ABSENT."""
    value: Any = document
    for step in path:
        if isinstance(value, dict):
            if step not in value:
                return ABSENT
            value = cast("Document", value)[cast("str", step)]
        elif isinstance(value, list):
            items = cast("Sequence[Any]", value)
            if not isinstance(step, int) or step >= len(items):
                return ABSENT
            value = items[step]
        else:
            return ABSENT
    return value


def witnessed(place: Place, show: Show, path: tuple[str, ...], clauses: tuple[str, ...]) -> Sight:
    """Whether another reply of the session shows the same value of the same version.

    `path` leads to the member from the bundle or item. An update in between that sets the member
    makes both values free, and so does an operation that is not modelled and may reach the key.
    """
    wanted = member_at(show.document, path)
    member = next((step for step in path if step not in ("attributes", "key")), "")
    earlier = range(show.index - 1, -1, -1)
    if _frees(place.session, show.index, show, member):
        earlier = range(0)
    for index in earlier:
        if _frees(place.session, index + 1, show, member) and index + 1 < show.index:
            break
        if _agrees(place.session, index, show, path, wanted):
            return Seen(clauses)
    for index in range(show.index + 1, len(place.session.exchanges)):
        if _frees(place.session, index, show, member):
            break
        if _agrees(place.session, index, show, path, wanted):
            return Seen(clauses, later=True)
    return Unseen(Blindness.FIRST_SIGHT)


def _agrees(
    session: RecordedSession, index: int, show: Show, path: tuple[str, ...], wanted: object
) -> bool:
    for other in shows(session, index):
        if (other.host, other.name) != (show.host, show.name):
            continue
        if other.version is None or show.version is None:
            if not (other.current and show.current):
                continue
        elif other.version != show.version:
            continue
        if other.is_item and not _listed(path):
            continue
        if path == ("key", "kid") and not other.current:
            # A request that names the version shows that one, whichever is current.
            continue
        if _same(member_at(other.document, path), wanted):
            return True
    return False


def _same(one: object, other: object) -> bool:
    """Whether two values say the same: the operations of a key come in any order."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, cast("Sequence[Any]", one))) == sorted(
            map(str, cast("Sequence[Any]", other))
        )
    return one == other


def _listed(path: tuple[str, ...]) -> bool:
    """Whether the items of a page show the member at all."""
    return path[0] in ("attributes", "tags", "deletedDate", "scheduledPurgeDate", "recoveryId")


def _frees(session: RecordedSession, index: int, show: Show, member: str) -> bool:
    request, exchange = session.requests[index], session.exchanges[index]
    if request is None or exchange.answered.status >= 400 or exchange.sent.host != show.host:
        return False
    if isinstance(request, Unmodelled):
        if request.reach is Reach.INSTANCE:
            return True
        return request.reach is Reach.NAME and request.name == show.name
    if isinstance(request, UpdateKey) and request.name == show.name:
        sets = _CHANGED_BY.get(member)
        return sets is not None and sets(request)
    return False
