"""Operators that give an exchange the reply of another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from mhsm_conformance.corruption.life import Stage, stages_before
from mhsm_conformance.corruption.lists import items_of, missing_names
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
from mhsm_conformance.corruption.results import asked_of, public_is_shown
from mhsm_conformance.corruption.session import Place
from mhsm_conformance.corruption.sightings import shows
from mhsm_conformance.corruption.statuses import missing
from mhsm_model.exchange import (
    CreateKey,
    GetDeletedKey,
    ImportKey,
    PurgeDeletedKey,
    RecoverDeletedKey,
    UpdateKey,
)

__all__ = ["SEQUENCES"]

_STORED: Final = ("KEY-210", "KEY-211", "KEY-212", "ATTR-210", "ATTR-211", "ATTR-212", "SKR-210")
_OTHER_KEY: Final = ("KEY-004", "ALG-012", "ALG-212", "ERR-203", "WIRE-001")
_TELLING_BYTES: Final = 16
_ON_DELETED: Final = (GetDeletedKey, PurgeDeletedKey, RecoverDeletedKey)


def _settled(document: Any) -> Any:
    """A document without what differs between two answers that mean the same."""
    if isinstance(document, dict):
        members = cast("dict[str, Any]", document)
        if isinstance(members.get("error"), dict):
            return members["error"].get("code")
        return {
            name: sorted(member) if name == "key_ops" else _settled(member)
            for name, member in members.items()
        }
    if isinstance(document, list):
        return [_settled(item) for item in cast("Sequence[Any]", document)]
    return document


def _means_the_same(one: Place, other: Place) -> bool:
    if one.status != other.status:
        return False
    documents = one.session.documents
    return bool(_settled(documents[one.index]) == _settled(documents[other.index]))


@corrupting("stale-reply")
def stale_reply(place: Place) -> Alteration | None:
    """Give an earlier reply to the same request, which said something else."""
    if place.status == 401:
        return None
    for other in reversed(place.session.places):
        if other.index >= place.index or other.status == 401:
            continue
        same = (other.sent.method, other.sent.host, other.sent.target, other.sent.body)
        if same != (place.sent.method, place.sent.host, place.sent.target, place.sent.body):
            continue
        if not _means_the_same(place, other):
            return altered(place, other.answered, _staleness(place, other))
    return None


def _staleness(place: Place, other: Place) -> Sight:
    if place.succeeded and not other.succeeded:
        return missing(place)
    if other.succeeded and not place.succeeded:
        return _still_there(place)
    if asked_of(place, "alg") is not None:
        return _repeated(place)
    count = asked_of(place, "count")
    if isinstance(count, int):
        # Of fewer bytes the same may come again by chance.
        return Seen(("RNG-005",)) if count >= _TELLING_BYTES else Unseen(Blindness.RANDOM)
    removed = {str(i.get("kid")) for i in items_of(place)} - {
        str(i.get("kid")) for i in items_of(other)
    }
    if items_of(place) or items_of(other):
        return missing_names(place, {kid.rpartition("/")[2] for kid in removed})
    if isinstance(place.request, CreateKey | ImportKey):
        return Seen(("KEY-006", "KEY-204"))
    between = place.session.places
    changed = any(
        other.index < p.index <= place.index
        and p.name == place.name
        and p.succeeded
        and isinstance(p.request, CreateKey | ImportKey | UpdateKey)
        for p in between
    )
    return Seen(_STORED) if changed else Unseen(Blindness.FIRST_SIGHT)


def _still_there(place: Place) -> Sight:
    """A success where there is nothing any more: visible unless replicas may lag."""
    deleted = isinstance(place.request, _ON_DELETED)
    wanted = Stage.DELETED if deleted else Stage.ACTIVE
    if wanted not in stages_before(place):
        return Seen(("ERR-003",) if deleted else ("ERR-002",))
    return Unseen(Blindness.LAG if deleted else Blindness.FIRST_SIGHT)


def _repeated(place: Place) -> Sight:
    """An earlier result for the same request: only encryption must never give it again."""
    algorithm = str(asked_of(place, "alg"))
    encrypts = place.sent.path.rstrip("/").lower().endswith(("encrypt", "/wrapkey"))
    if encrypts and (algorithm.endswith("GCM") or algorithm.startswith("RSA")):
        return Seen(("GCM-007", "ALG-233"))
    return Unseen(Blindness.RANDOM)


@corrupting("reply-of-another-key")
def reply_of_another_key(place: Place) -> Alteration | None:
    """Give the reply to the same operation on another key."""
    if not place.succeeded or place.name is None or place.shown is None or items_of(place):
        return None
    for other in place.session.places:
        same = other.operation == place.operation and other.succeeded
        if same and other.name != place.name and other.shown is not None:
            if "value" in other.shown and "kid" not in other.shown:
                return None
            return altered(place, other.answered, Seen(_OTHER_KEY))
    return None


@corrupting("replies-exchanged")
def exchanged(place: Place) -> Alteration | None:
    """Exchange the reply with that of the next exchange."""
    if place.status == 401:
        return None
    following = [p for p in place.session.places if p.index > place.index and p.status != 401]
    if not following or _means_the_same(place, following[0]):
        return None
    other = following[0]
    answers = {place.index: other.answered, other.index: place.answered}
    return Alteration(answers, _confusion(place, other))


def _confusion(one: Place, other: Place) -> Sight:
    if _kind(one) != _kind(other) and one.succeeded and other.succeeded:
        return Seen(("WIRE-001", "WIRE-202", "LIFE-003", "KEY-005", "KEY-205", "PAGE-207"))
    if one.succeeded != other.succeeded:
        success, error = (one, other) if one.succeeded else (other, one)
        if _kind(success) != _expected(error) or one.name != other.name:
            return Seen(_OTHER_KEY)
        return Unseen(Blindness.FIRST_SIGHT)
    if one.name != other.name:
        return Seen(_OTHER_KEY)
    return _same_kind(one, other)


def _same_kind(one: Place, other: Place) -> Sight:
    """Two replies of one kind about one key."""
    if UpdateKey in (type(one.request), type(other.request)):
        return Seen((*_STORED, "ATTR-012", "ATTR-230", "ATTR-231", "KEY-230", "SKR-230"))
    if asked_of(one, "alg") is not None:
        if asked_of(one, "alg") != asked_of(other, "alg"):
            return Seen(("ALG-211",))
        differs = asked_of(one, "value") != asked_of(other, "value")
        return (
            Seen(("ALG-005", "ALG-006", "ALG-007"))
            if differs and public_is_shown(one)
            else (Unseen(Blindness.RANDOM))
        )
    if asked_of(one, "count") is not None:
        same = asked_of(one, "count") == asked_of(other, "count")
        return Unseen(Blindness.EQUIVALENT) if same else Seen(("RNG-001",))
    return Unseen(Blindness.FIRST_SIGHT)


def _expected(place: Place) -> str:
    """The kind of reply that a success of the operation has."""
    if isinstance(place.request, PurgeDeletedKey):
        return "nothing"
    name = place.operation
    if name in ("DeleteKey", "GetDeletedKey"):
        return "deleted bundle"
    return "bundle" if name.endswith("Key") and asked_of(place, "alg") is None else name


def _kind(place: Place) -> str:
    """The kind of a success."""
    shown = place.shown
    if shown is None:
        return "nothing"
    if "key" in shown:
        return "deleted bundle" if "deletedDate" in shown else "bundle"
    if isinstance(shown.get("value"), list):
        return place.operation
    return "result" if shows(place.session, place.index) == () else "page"


SEQUENCES: Final[tuple[Operator, ...]] = (stale_reply, reply_of_another_key, exchanged)
