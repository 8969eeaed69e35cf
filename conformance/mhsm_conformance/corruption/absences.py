"""Operators that drop a member, make it null, or add one that the schema lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mhsm_conformance.corruption.members import MEMBERS, Member, bound, chosen_show
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
from mhsm_conformance.corruption.sightings import ABSENT, Show, member_at
from mhsm_model.exchange import Encrypt
from mhsm_model.revisions import in_force

__all__ = ["ABSENCES", "at_path", "without"]

_DELETION: Final = ("recoveryId", "deletedDate", "scheduledPurgeDate")
_RESULT: Final = {
    "alg": ("ALG-211", "ALG-212"),
    "kid": ("WIRE-001", "ALG-212"),
    "value": ("WIRE-001",),
    "iv": ("GCM-001", "CBC-001"),
    "tag": ("GCM-001",),
    "aad": ("GCM-001",),
}
_POLICY: Final = ("contentType", "data")


def at_path(document: Document, path: tuple[str | int, ...]) -> Any:
    """The object or list at a path that is there."""
    value: Any = document
    for step in path:
        value = value[step]
    return value


def without(document: Document, path: tuple[str | int, ...]) -> Document:
    """The document with the member at the path taken away; it is altered in place."""
    del at_path(document, path[:-1])[path[-1]]
    return document


def _member_of_show(
    member: Member, verb: str, change: Callable[[Document, tuple[str | int, ...]], Document]
) -> Operator:
    """The operator that drops a member of a bundle or item, or makes it null."""

    def corrupts(place: Place) -> Alteration | None:
        show = chosen_show(place, f"{verb}-{member.name}")
        if show is None or (show.is_item and not member.in_items):
            return None
        if member_at(show.document, member.path) is ABSENT:
            return None
        reply = place.with_document(change(place.document(), (*show.place, *member.path)))
        sight = Seen(("WIRE-201", "WIRE-001")) if verb == "null" else _missed(place, show, member)
        return altered(place, reply, sight)

    words = "Leave out" if verb == "drop" else "Write as null"
    return Operator(f"{verb}-{member.name}", f"{words} the member {member.name}.", corrupts)


def _missed(place: Place, show: Show, member: Member) -> Sight:
    always = member.always_in_items if show.is_item else member.always
    return Seen(always) if always else bound(place, show, member)


def _nulled(document: Document, path: tuple[str | int, ...]) -> Document:
    at_path(document, path[:-1])[path[-1]] = None
    return document


def _member_of_deletion(name: str) -> Operator:
    def corrupts(place: Place) -> Alteration | None:
        show = chosen_show(place, f"drop-{name}")
        if show is None or name not in show.document:
            return None
        reply = place.with_document(without(place.document(), (*show.place, name)))
        return altered(
            place, reply, Seen(("PAGE-207",) if show.is_item else ("LIFE-003", "LIFE-004"))
        )

    return Operator(f"drop-{name}", f"Leave out the member {name}.", corrupts)


def _member_of_result(name: str, clauses: tuple[str, ...]) -> Operator:
    def corrupts(place: Place) -> Alteration | None:
        shown = place.shown
        if not place.succeeded or shown is None or name not in shown:
            return None
        if "key" in shown or isinstance(shown.get("value"), list):
            return None
        return altered(
            place, place.with_document(without(place.document(), (name,))), Seen(clauses)
        )

    return Operator(f"drop-result-{name}", f"Leave out {name} of a result.", corrupts)


def _member_of_policy(name: str) -> Operator:
    member = next(member for member in MEMBERS if member.name == "release_policy")
    path = (*member.path, name)

    def corrupts(place: Place) -> Alteration | None:
        show = chosen_show(place, f"drop-policy-{name}")
        if show is None or member_at(show.document, path) is ABSENT:
            return None
        reply = place.with_document(without(place.document(), (*show.place, *path)))
        sight = Seen(("WIRE-001",)) if name == "data" else bound(place, show, member, path)
        return altered(place, reply, sight)

    return Operator(f"drop-policy-{name}", f"Leave out {name} of a release policy.", corrupts)


# --- members that the schema lacks ----------------------------------------------------------------


def _added(
    name: str,
    sentence: str,
    where: tuple[str, ...],
    member: tuple[str, Any],
    clauses: tuple[str, ...],
    sees: Callable[[Place], Sight | None] = lambda place: None,
) -> Operator:
    """The operator that adds a member to an object of a bundle or item."""

    def corrupts(place: Place) -> Alteration | None:
        show = chosen_show(place, name)
        if show is None or not isinstance(member_at(show.document, where), dict):
            return None
        document = place.document()
        at_path(document, (*show.place, *where))[member[0]] = member[1]
        return altered(place, place.with_document(document), sees(place) or Seen(clauses))

    return Operator(name, sentence, corrupts)


def _platform_seen(place: Place) -> Sight | None:
    """The schema has the member from 7.5 on; a page may be asked for without an api-version."""
    revision = place.sent.query.get("api-version")
    if revision is None or in_force(revision, since="7.5-preview.1") is not False:
        return Unseen(Blindness.UNRECORDED if revision is None else Blindness.OPEN)
    return None


@corrupting("add-to-reply")
def added_to_reply(place: Place) -> Alteration | None:
    """Add to the reply's object a member that no schema has."""
    if not place.succeeded or place.shown is None:
        return None
    reply = place.with_document({**place.document(), "zone": "3"})
    return altered(place, reply, Seen(("WIRE-202",)))


@corrupting("add-iv-to-result")
def added_iv(place: Place) -> Alteration | None:
    """Add an iv and a tag to a cryptographic result other than that of encrypt."""
    shown = place.shown
    if not place.succeeded or shown is None or "alg" not in shown or "kid" not in shown:
        return None
    if isinstance(place.request, Encrypt) or "iv" in shown:
        return None
    document = {**place.document(), "iv": "AAAAAAAAAAAAAAAA", "tag": "A" * 22}
    return altered(place, place.with_document(document), Seen(("WIRE-202", "GCM-004")))


ABSENCES: Final[tuple[Operator, ...]] = (
    *(_member_of_show(member, "drop", without) for member in MEMBERS),
    *(_member_of_show(member, "null", _nulled) for member in MEMBERS),
    *(_member_of_deletion(name) for name in _DELETION),
    *(_member_of_result(name, clauses) for name, clauses in _RESULT.items()),
    *(_member_of_policy(name) for name in _POLICY),
    added_to_reply,
    _added(
        "add-to-attributes",
        "Add to the attributes a member that no schema has.",
        ("attributes",),
        ("zone", "3"),
        ("WIRE-202",),
    ),
    _added(
        "add-platform",
        "Add to the attributes the member hsmPlatform, which a Managed HSM never shows.",
        ("attributes",),
        ("hsmPlatform", "2"),
        ("WIRE-202",),
        _platform_seen,
    ),
    _added(
        "add-to-key",
        "Add to the key a member that no schema has.",
        ("key",),
        ("zone", "3"),
        ("WIRE-202",),
    ),
    _added(
        "add-private-member",
        "Add to the key the private member d.",
        ("key",),
        ("d", "AQAB"),
        ("KEY-009", "WIRE-202"),
    ),
    _added(
        "add-symmetric-member",
        "Add to the key the private member k.",
        ("key",),
        ("k", "AQAB"),
        ("KEY-009", "WIRE-202"),
    ),
    _added(
        "add-managed",
        "Add the member managed, which only vaults show.",
        (),
        ("managed", True),
        ("WIRE-202",),
    ),
    _added(
        "add-to-policy",
        "Add to the release policy a member that no schema has.",
        ("release_policy",),
        ("zone", "3"),
        ("WIRE-202",),
    ),
    added_iv,
)
