"""Operators on attributes, tags and the dates of a deletion: another value of the right form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mhsm_conformance.corruption.absences import at_path
from mhsm_conformance.corruption.members import (
    MEMBERS,
    Member,
    bound,
    chosen_show,
    shown_elsewhere,
)
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
from mhsm_conformance.corruption.session import Place
from mhsm_conformance.corruption.sightings import ABSENT, Show, member_at, witnessed
from mhsm_model.exchange import CreateKey, DeleteKey, ImportKey, UpdateKey
from mhsm_model.tables.lifecycle import DAY_SECONDS

__all__ = ["ATTRIBUTES", "BY_NAME"]

BY_NAME: Final[Mapping[str, Member]] = {member.name: member for member in MEMBERS}


def _changed(
    name: str,
    member: Member,
    sentence: str,
    change: Callable[[Any], Any],
    *,
    absent: Any = ABSENT,
    sees: Callable[[Place, Show, Member], Sight] = bound,
) -> Operator:
    """The operator that changes the value of a member; `absent` stands for one that is not there.

    A change that gives ABSENT does not apply.
    """

    def corrupts(place: Place) -> Alteration | None:
        show = chosen_show(place, name)
        if show is None or (show.is_item and not member.in_items):
            return None
        value = member_at(show.document, member.path)
        if value is ABSENT:
            value = absent
        made = ABSENT if value is ABSENT else change(value)
        if made is ABSENT:
            return None
        document = place.document()
        at_path(document, (*show.place, *member.path[:-1]))[member.path[-1]] = made
        return altered(place, place.with_document(document), sees(place, show, member))

    return Operator(name, sentence, corrupts)


def _alone(place: Place, show: Show, member: Member) -> Sight:
    """A time that is shifted alone: a new version shows the same second twice."""
    if isinstance(place.request, CreateKey | ImportKey):
        return Seen(("ATTR-204",))
    return bound(place, show, member)


def _created_later(place: Place, show: Show, member: Member) -> Sight:
    """A created after updated is never right."""
    shown = member_at(show.document, ("attributes", "updated"))
    created = member_at(show.document, ("attributes", "created"))
    if isinstance(place.request, CreateKey | ImportKey):
        return Seen(("ATTR-204",))
    if isinstance(shown, int) and isinstance(created, int) and created + DAY_SECONDS > shown:
        return Seen(("PAGE-210",) if show.is_item else ("ATTR-004",))
    return bound(place, show, member)


def _days(place: Place, show: Show, member: Member) -> Sight:
    days = member_at(show.document, member.path)
    if days == 90:
        return Seen(("ATTR-006", "PAGE-210"))
    if show.is_item and "deletedDate" in show.document:
        return Seen(("PAGE-207", "PAGE-210"))
    if "deletedDate" in show.document:
        return Seen(("LIFE-003", "ATTR-005"))
    return shown_elsewhere(place, ("ATTR-005", "PAGE-210"))


def _level(place: Place, show: Show, member: Member) -> Sight:
    return shown_elsewhere(place, ("ATTR-006", "PAGE-210"))


def _never(place: Place, show: Show, member: Member) -> Sight:
    return Seen(("ATTR-006", "PAGE-210"))


def _first_tag_changed(tags: dict[str, str]) -> Any:
    return {**tags, next(iter(tags)): "another value"} if tags else ABSENT


def _empty_tags(place: Place, show: Show, member: Member) -> Sight:
    """An empty map where there are no tags: the member is left out, unless some were set before."""
    sight = bound(place, show, member)
    if isinstance(sight, Seen) and sight.later:
        return Unseen(Blindness.EQUIVALENT)
    if isinstance(place.request, UpdateKey) and place.request.tags is not None:
        return Unseen(Blindness.OPEN)
    return sight


@corrupting("times-shifted-together")
def both_times(place: Place) -> Alteration | None:
    """Shift created and updated by the same day."""
    show = chosen_show(place, "times-shifted-together")
    if show is None:
        return None
    document = place.document()
    attributes = at_path(document, (*show.place, "attributes"))
    if not {"created", "updated"} <= attributes.keys():
        return None
    attributes["created"] -= DAY_SECONDS
    attributes["updated"] -= DAY_SECONDS
    clauses = ("ATTR-231",) if isinstance(place.request, UpdateKey) else BY_NAME["created"].stored
    sight = witnessed(place, show, BY_NAME["created"].path, clauses)
    return altered(place, place.with_document(document), sight)


def _deletion_moved(name: str, sentence: str, seconds: int, *moved: str) -> Operator:
    """The operator that shifts dates of a deletion; one alone contradicts the other."""

    def corrupts(place: Place) -> Alteration | None:
        show = chosen_show(place, name)
        if show is None or not {"deletedDate", "scheduledPurgeDate"} <= show.document.keys():
            return None
        document = place.document()
        for member in moved:
            at_path(document, show.place)[member] += seconds
        return altered(place, place.with_document(document), _dates(place, show, seconds, moved))

    return Operator(name, sentence, corrupts)


def _dates(place: Place, show: Show, seconds: int, moved: tuple[str, ...]) -> Sight:
    if len(moved) == 1:
        return Seen(("PAGE-207",) if show.is_item else ("LIFE-003",))
    shown = member_at(show.document, ("attributes", "updated"))
    date = show.document["deletedDate"] + seconds
    if isinstance(place.request, DeleteKey) and isinstance(shown, int) and date < shown:
        return Seen(("LIFE-202",))
    clauses = ("PAGE-207",) if show.is_item else ("LIFE-203",)
    return witnessed(place, show, ("deletedDate",), clauses)


def _recovery(name: str, sentence: str, change: Callable[[str], str]) -> Operator:
    def corrupts(place: Place) -> Alteration | None:
        show = chosen_show(place, name)
        if show is None or not isinstance(show.document.get("recoveryId"), str):
            return None
        document = place.document()
        item = at_path(document, show.place)
        item["recoveryId"] = change(item["recoveryId"])
        clauses = ("PAGE-207",) if show.is_item else ("LIFE-004",)
        return altered(place, place.with_document(document), Seen(clauses))

    return Operator(name, sentence, corrupts)


def _dated(date: int) -> Callable[[int], Any]:
    """The date where there is none."""
    return lambda shown: ABSENT if shown else date


def _inverted(value: bool) -> bool:
    return not value


def _unpurgeable(level: str) -> Any:
    return level.removesuffix("+Purgeable") if level.endswith("+Purgeable") else ABSENT


ATTRIBUTES: Final[tuple[Operator, ...]] = (
    _changed("enabled-inverted", BY_NAME["enabled"], "Show enabled the other way.", _inverted),
    _changed(
        "exportable-inverted", BY_NAME["exportable"], "Show exportable the other way.", _inverted
    ),
    _changed("nbf-a-second-later", BY_NAME["nbf"], "Show nbf a second later.", lambda v: v + 1),
    _changed("nbf-added", BY_NAME["nbf"], "Show an nbf.", _dated(1500000000), absent=0),
    _changed("exp-a-day-later", BY_NAME["exp"], "Show exp a day later.", lambda v: v + DAY_SECONDS),
    _changed("exp-added", BY_NAME["exp"], "Show an exp.", _dated(4000000000), absent=0),
    _changed(
        "created-a-second-earlier",
        BY_NAME["created"],
        "Show created a second earlier.",
        lambda v: v - 1,
        sees=_alone,
    ),
    _changed(
        "created-a-day-later",
        BY_NAME["created"],
        "Show created a day later.",
        lambda v: v + DAY_SECONDS,
        sees=_created_later,
    ),
    _changed(
        "updated-a-second-later",
        BY_NAME["updated"],
        "Show updated a second later.",
        lambda v: v + 1,
        sees=_alone,
    ),
    both_times,
    _changed(
        "recoverableDays-one-less",
        BY_NAME["recoverableDays"],
        "Show one day of retention less, or one more than the least.",
        lambda v: v - 1 if v > 7 else v + 1,
        sees=_days,
    ),
    _changed(
        "recoverableDays-out-of-range",
        BY_NAME["recoverableDays"],
        "Show 91 days of retention.",
        lambda v: 91,
        sees=lambda place, show, member: Seen(("ATTR-005", "PAGE-210")),
    ),
    _changed(
        "recoveryLevel-protected",
        BY_NAME["recoveryLevel"],
        "Show the recovery level of an instance with purge protection.",
        _unpurgeable,
        sees=_level,
    ),
    _changed(
        "recoveryLevel-purgeable",
        BY_NAME["recoveryLevel"],
        "Show the recovery level of an instance without soft delete.",
        lambda v: "Purgeable",
        sees=_never,
    ),
    _changed("tag-changed", BY_NAME["tags"], "Show another value for a tag.", _first_tag_changed),
    _changed(
        "tag-added",
        BY_NAME["tags"],
        "Show a tag more.",
        lambda tags: {**tags, "another": "tag"},
        absent={},
    ),
    _changed(
        "tags-empty",
        BY_NAME["tags"],
        "Show an empty map of tags where there are none.",
        lambda tags: ABSENT if tags else {},
        absent={},
        sees=_empty_tags,
    ),
    _deletion_moved("deletedDate-alone", "Shift deletedDate by a second.", 1, "deletedDate"),
    _deletion_moved(
        "scheduledPurgeDate-alone",
        "Shift scheduledPurgeDate by a day.",
        DAY_SECONDS,
        "scheduledPurgeDate",
    ),
    _deletion_moved(
        "deletion-a-day-later",
        "Shift both dates of a deletion by a day.",
        DAY_SECONDS,
        "deletedDate",
        "scheduledPurgeDate",
    ),
    _deletion_moved(
        "deletion-a-day-earlier",
        "Shift both dates of a deletion back by a day.",
        -DAY_SECONDS,
        "deletedDate",
        "scheduledPurgeDate",
    ),
    _recovery(
        "recoveryId-active",
        "Give as recoveryId the URL of the key in use.",
        lambda v: v.replace("/deletedkeys/", "/keys/"),
    ),
    _recovery(
        "recoveryId-other-name",
        "Give as recoveryId the URL of another key.",
        lambda v: f"{v}-other",
    ),
)
