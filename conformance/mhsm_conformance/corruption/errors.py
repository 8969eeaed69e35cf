"""Operators on the JSON of an error: its code, its message, its members, its activity id."""

from __future__ import annotations

from typing import Any, Final, cast

from mhsm_conformance.corruption.life import Stage, stages_before
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
from mhsm_conformance.corruption.statuses import may_refuse
from mhsm_model.exchange import (
    DeleteKey,
    PurgeDeletedKey,
    RecoverDeletedKey,
)
from mhsm_model.wire.reply_codec import ACTIVITY, without_activity

__all__ = ["ERRORS"]

_OTHER_ACTIVITY: Final = "4aa7b5f2-0b52-11ec-9e4b-000d3a8b5c21"
_FORM: Final = ("ERR-101",)
_RECORDED: Final = (
    "Exportable keys must have release policy",
    "Immutable Release policy cannot be modified",
    "Invalid key identifier or name",
    "JSON Web Key: k property of oct key is too large",
    "JSON Web Key: kty is missing",
    "Key Release Policy: missing 'version' property",
    "Non-exportable keys must not have release policy",
)
"""How the messages begin that the service was seen to answer with 400."""


def _error(place: Place) -> Document | None:
    """A copy of the error in the reply, or None where there is none in its form."""
    if place.status < 400 or place.status == 401 or place.shown is None:
        return None
    error = place.document().get("error")
    if not isinstance(error, dict):
        return None
    copied = cast("Document", error)
    return copied if {"code", "message"} <= copied.keys() else None


def _with(place: Place, error: Any, sight: Sight) -> Alteration:
    return altered(place, place.with_document({"error": error}), sight)


def _is_recorded(place: Place, message: str) -> bool:
    """Whether an answer of this code and message was seen: what was not may have any."""
    if place.status == 400:
        return message.startswith(_RECORDED)
    deletes = isinstance(place.request, DeleteKey)
    return place.status in (404, 500) or (place.status == 409 and deletes)


@corrupting("error-code")
def other_code(place: Place) -> Alteration | None:
    """Give another code, of the right form."""
    error = _error(place)
    if error is None:
        return None
    bound = _is_recorded(place, str(error["message"])) and not may_refuse(place)
    clauses = ("ERR-203", "BKP-201", "ERR-202", "ERR-201")
    sight: Sight = Seen(clauses) if bound else Unseen(Blindness.OPEN)
    return _with(place, {**error, "code": "StrangeMatter"}, sight)


@corrupting("error-message")
def other_message(place: Place) -> Alteration | None:
    """Give another message, with the activity id as it was."""
    error = _error(place)
    found = None if error is None else ACTIVITY.search(str(error["message"]))
    if error is None or found is None:
        return None
    sight: Sight = Seen(("ERR-203", "ERR-002", "ERR-003", "BKP-201", "ERR-202", "ERR-201"))
    if not _is_recorded(place, str(error["message"])) or may_refuse(place):
        sight = Unseen(Blindness.OPEN)
    return _with(place, {**error, "message": f"Something is wrong{found.group()}"}, sight)


@corrupting("error-of-another-key")
def error_of_another_key(place: Place) -> Alteration | None:
    """Name another key in the message of a 404."""
    error = _error(place)
    if error is None or place.status != 404 or place.name is None:
        return None
    message = str(error["message"]).replace(f"/{place.name}", "/other")
    if message == error["message"]:
        return None
    return _with(place, {**error, "message": message}, Seen(("ERR-203",)))


@corrupting("error-of-other-collection")
def error_of_other_collection(place: Place) -> Alteration | None:
    """Name keys for deletedkeys in the message of a 404, and the other way round."""
    error = _error(place)
    if error is None or place.status != 404:
        return None
    shown = str(error["message"])
    deleted = "/deletedkeys/" in shown
    one, other = ("/deletedkeys/", "/keys/") if deleted else ("/keys/", "/deletedkeys/")
    message = shown.replace(one, other)
    sight: Sight = Seen(("ERR-002", "ERR-003", "ERR-201"))
    if isinstance(place.request, PurgeDeletedKey | RecoverDeletedKey):
        # What a key in use answers to these is not recorded.
        in_use = Stage.ACTIVE in stages_before(place)
        sight = Unseen(Blindness.OPEN) if in_use else sight
    return _with(place, {**error, "message": message}, sight)


@corrupting("activity-missing")
def activity_missing(place: Place) -> Alteration | None:
    """Leave out the activity id at the end of the message."""
    error = _error(place)
    if error is None or ACTIVITY.search(str(error["message"])) is None:
        return None
    message = without_activity(str(error["message"]))
    return _with(place, {**error, "message": message}, Seen(("ERR-100",)))


@corrupting("activity-other")
def activity_other(place: Place) -> Alteration | None:
    """Name another activity id than the request's."""
    error = _error(place)
    if error is None or ACTIVITY.search(str(error["message"])) is None:
        return None
    message = f"{without_activity(str(error['message']))} (Activity ID: {_OTHER_ACTIVITY})"
    kept = "x-ms-request-id" in place.answered.headers
    sight: Sight = Seen(("ERR-100",)) if kept else Unseen(Blindness.UNRECORDED)
    return _with(place, {**error, "message": message}, sight)


@corrupting("activity-again")
def activity_again(place: Place) -> Alteration | None:
    """Name the activity id of an earlier error."""
    error, earlier = _error(place), _activity_before(place)
    if error is None or earlier is None or ACTIVITY.search(str(error["message"])) is None:
        return None
    message = f"{without_activity(str(error['message']))} (Activity ID: {earlier})"
    # Where the header is kept, it still names the response by an id of its own.
    kept = "x-ms-request-id" in place.answered.headers
    clause = "ERR-100" if kept else "API-209"
    return _with(place, {**error, "message": message}, Seen((clause,)))


def _activity_before(place: Place) -> str | None:
    """The activity id of the last error before, where its message has one."""
    for before in reversed(place.session.places):
        error = _error(before) if before.index < place.index else None
        found = None if error is None else ACTIVITY.search(str(error["message"]))
        if found is not None:
            return found.group(1)
    return None


@corrupting("activity-drawn")
def activity_drawn(place: Place) -> Alteration | None:
    """Name an activity id that is a UUID of version 4."""
    error = _error(place)
    found = None if error is None else ACTIVITY.search(str(error["message"]))
    if error is None or found is None or found.group(1)[14] != "1":
        return None
    drawn = f"{found.group(1)[:14]}4{found.group(1)[15:]}"
    message = str(error["message"]).replace(found.group(1), drawn)
    return _with(place, {**error, "message": message}, Seen(("ERR-204",)))


@corrupting("activity-no-uuid")
def activity_no_uuid(place: Place) -> Alteration | None:
    """Name an activity id that is no UUID."""
    error = _error(place)
    if error is None or ACTIVITY.search(str(error["message"])) is None:
        return None
    message = f"{without_activity(str(error['message']))} (Activity ID: {'-' * 36})"
    return _with(place, {**error, "message": message}, Seen(("ERR-100",)))


@corrupting("error-inner")
def inner_error(place: Place) -> Alteration | None:
    """Add the innererror that vaults have."""
    error = _error(place)
    if error is None:
        return None
    return _with(place, {**error, "innererror": {"code": "KeyNotFound"}}, Seen(_FORM))


@corrupting("error-without-code")
def without_code(place: Place) -> Alteration | None:
    """Leave out the code."""
    error = _error(place)
    return None if error is None else _with(place, {"message": error["message"]}, Seen(_FORM))


@corrupting("error-without-message")
def without_message(place: Place) -> Alteration | None:
    """Leave out the message."""
    error = _error(place)
    return None if error is None else _with(place, {"code": error["code"]}, Seen(_FORM))


@corrupting("error-flat")
def flat_error(place: Place) -> Alteration | None:
    """Write code and message without the member error around them."""
    error = _error(place)
    return None if error is None else altered(place, place.with_document(error), Seen(_FORM))


@corrupting("error-with-neighbour")
def with_neighbour(place: Place) -> Alteration | None:
    """Write a member beside error."""
    error = _error(place)
    if error is None:
        return None
    return altered(place, place.with_document({"error": error, "status": 404}), Seen(_FORM))


ERRORS: Final[tuple[Operator, ...]] = (
    other_code,
    other_message,
    error_of_another_key,
    error_of_other_collection,
    activity_missing,
    activity_other,
    activity_again,
    activity_drawn,
    activity_no_uuid,
    inner_error,
    without_code,
    without_message,
    flat_error,
    with_neighbour,
)
