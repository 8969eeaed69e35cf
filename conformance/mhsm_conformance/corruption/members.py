"""The members of key bundles and list items, and what binds the value of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from mhsm_conformance.corruption.operator import Blindness, Seen, Sight, Unseen
from mhsm_conformance.corruption.session import Place
from mhsm_conformance.corruption.sightings import Show, shows, witnessed
from mhsm_model.exchange import CreateKey, ImportKey, Sign, UpdateKey

__all__ = ["MEMBERS", "Member", "bound", "chosen_show", "shown_elsewhere", "uses"]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a bundle, and of a list item where items have it.

    `always` are the clauses that demand its presence in a bundle, `born` those that bind its value
    in the answer to create and import, `stored` those that bind it when it is shown again,
    `updated` those that bind it after an update; `asked` says whether an update sets it.
    """

    name: str
    path: tuple[str, ...]
    in_items: bool = False
    always: tuple[str, ...] = ()
    always_in_items: tuple[str, ...] = ()
    born: tuple[str, ...] = ()
    stored: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    asked: Callable[[UpdateKey], bool] | None = None


_ITEMS: Final = ("PAGE-205", "PAGE-208")
_WINDOW: Final = ("ATTR-002",)
_TIMES: Final = ("ATTR-211", *_ITEMS)

MEMBERS: Final[tuple[Member, ...]] = (
    Member(
        "enabled",
        ("attributes", "enabled"),
        in_items=True,
        always=("ATTR-004",),
        always_in_items=("PAGE-210",),
        born=("ATTR-001",),
        stored=("ATTR-210", *_ITEMS),
        updated=("ATTR-012",),
        asked=lambda asked: asked.attributes.enabled is not None,
    ),
    Member(
        "exportable",
        ("attributes", "exportable"),
        in_items=True,
        always=("ATTR-003",),
        always_in_items=("PAGE-210",),
        born=("ATTR-203",),
        stored=("ATTR-210", *_ITEMS),
        updated=("ATTR-012",),
    ),
    Member(
        "nbf",
        ("attributes", "nbf"),
        in_items=True,
        born=_WINDOW,
        stored=("ATTR-210", *_ITEMS),
        updated=("ATTR-012",),
        asked=lambda asked: asked.attributes.not_before is not None,
    ),
    Member(
        "exp",
        ("attributes", "exp"),
        in_items=True,
        born=_WINDOW,
        stored=("ATTR-210", *_ITEMS),
        updated=("ATTR-012",),
        asked=lambda asked: asked.attributes.expires is not None,
    ),
    Member(
        "created",
        ("attributes", "created"),
        in_items=True,
        always=("ATTR-004",),
        always_in_items=("PAGE-210",),
        stored=_TIMES,
        updated=("ATTR-231",),
    ),
    Member(
        "updated",
        ("attributes", "updated"),
        in_items=True,
        always=("ATTR-004",),
        always_in_items=("PAGE-210",),
        stored=_TIMES,
        updated=("ATTR-231",),
    ),
    Member(
        "recoverableDays",
        ("attributes", "recoverableDays"),
        in_items=True,
        always=("ATTR-005",),
        always_in_items=("PAGE-210",),
    ),
    Member(
        "recoveryLevel",
        ("attributes", "recoveryLevel"),
        in_items=True,
        always=("ATTR-006",),
        always_in_items=("PAGE-210",),
    ),
    Member("kid", ("key", "kid"), always=("WIRE-001",)),
    Member("kty", ("key", "kty"), always=("WIRE-001",)),
    Member(
        "key_ops",
        ("key", "key_ops"),
        born=("KEY-203", "KEY-028"),
        stored=("KEY-211",),
        updated=("KEY-230",),
        asked=lambda asked: asked.key_ops is not None,
    ),
    Member("n", ("key", "n"), always=("KEY-022",), stored=("KEY-210",), updated=("KEY-210",)),
    Member(
        "e",
        ("key", "e"),
        always=("KEY-022",),
        born=("KEY-021", "IMP-003"),
        stored=("KEY-210",),
        updated=("KEY-210",),
    ),
    Member("crv", ("key", "crv"), always=("KEY-023",)),
    Member("x", ("key", "x"), always=("KEY-023",)),
    Member("y", ("key", "y"), always=("KEY-023",)),
    Member(
        "tags",
        ("tags",),
        in_items=True,
        born=("ATTR-206",),
        stored=("ATTR-212", *_ITEMS),
        updated=("ATTR-230",),
        asked=lambda asked: asked.tags is not None,
    ),
    Member(
        "release_policy",
        ("release_policy",),
        born=("SKR-203",),
        stored=("SKR-210",),
        updated=("SKR-230",),
        asked=lambda asked: asked.release_policy is not None,
    ),
    Member("key", ("key",), always=("WIRE-001",)),
    Member(
        "attributes",
        ("attributes",),
        in_items=True,
        always=("WIRE-001",),
        always_in_items=("WIRE-001",),
    ),
)


def chosen_show(place: Place, salt: str) -> Show | None:
    """The bundle that a reply shows, or one of its items; None where it shows neither."""
    found = shows(place.session, place.index)
    return found[place.draw(salt, len(found))] if found else None


def bound(place: Place, show: Show, member: Member, path: tuple[str, ...] | None = None) -> Sight:
    """Whether a clause binds the value of a member in this reply.

    `path` leads to a part of the member, where only that is altered.
    """
    request = place.request
    if not show.is_item:
        if isinstance(request, CreateKey | ImportKey) and member.born:
            return Seen(member.born)
        if isinstance(request, UpdateKey) and member.asked is not None and member.asked(request):
            return Seen(member.updated)
    clauses = member.updated if isinstance(request, UpdateKey) else member.stored
    if not clauses:
        return Unseen(Blindness.FIRST_SIGHT)
    if place.operation == "RestoreKey":
        clauses = ("KBK-001",)
    return witnessed(place, show, path or member.path, clauses)


def shown_elsewhere(place: Place, clauses: tuple[str, ...]) -> Sight:
    """Whether another reply of the instance shows a key: its retention is known then."""
    indices = [*range(place.index), *range(place.index + 1, len(place.session.exchanges))]
    host = place.sent.host
    for index in indices:
        same = place.session.exchanges[index].sent.host == host
        found = [show for show in shows(place.session, index) if not show.is_item]
        if same and found:
            return Seen(clauses, later=index > place.index)
    return Unseen(Blindness.FIRST_SIGHT)


def uses(place: Place, show: Show) -> bool:
    """Whether a later exchange signs with the version that a reply shows."""
    for index in range(place.index + 1, len(place.session.exchanges)):
        request: Any = place.session.requests[index]
        same = isinstance(request, Sign) and request.name == show.name
        if same and request.version in (None, show.version):
            return place.session.exchanges[index].answered.status == 200
    return False
