"""What a session lets a reader know of a key name: whether it is absent, in use or soft-deleted.

This is a second, much simpler reckoning than the judge's own, so that what can be seen is foretold
without asking the judge.
"""

from __future__ import annotations

import calendar
import time
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, cast

from mhsm_conformance.corruption.session import Place, RecordedSession
from mhsm_model.exchange import (
    DeleteKey,
    GetDeletedKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Unmodelled,
)
from mhsm_model.requests import Reach
from mhsm_model.tables.lifecycle import DAY_SECONDS

__all__ = ["Stage", "may_have_lapsed", "stages_before"]


class Stage(Enum):
    """What may be at a key name."""

    ABSENT = "absent"
    ACTIVE = "active"
    DELETED = "soft-deleted"


_ALL: Final = frozenset(Stage)
_ON_DELETED: Final = (GetDeletedKey, PurgeDeletedKey, RecoverDeletedKey)


def stages_before(place: Place, name: str | None = None) -> frozenset[Stage]:
    """The stages that the name may be in before the exchange, as far as earlier replies tell.

    `name` None means the name that the request addresses.
    """
    wanted = place.name if name is None else name
    possible = _ALL
    session = place.session
    for index in range(place.index):
        if session.exchanges[index].sent.host == place.sent.host:
            possible = _after(session, index, wanted, possible)
    return possible


def _after(
    session: RecordedSession, index: int, name: str | None, possible: frozenset[Stage]
) -> frozenset[Stage]:
    request, status = session.requests[index], session.exchanges[index].answered.status
    if request is None or status == 401:
        return possible
    if isinstance(request, Unmodelled):
        reached = request.reach is Reach.INSTANCE
        reached |= request.reach is Reach.NAME and request.name == name
        return _ALL if reached and status < 400 else possible
    if isinstance(request, ListKeys | ListDeletedKeys):
        stage = Stage.ACTIVE if isinstance(request, ListKeys) else Stage.DELETED
        listed = status == 200 and name in _listed(session.documents[index])
        return frozenset({stage}) if listed else possible
    if getattr(request, "name", None) != name:
        return possible
    if status == 404:
        return possible - {Stage.DELETED if isinstance(request, _ON_DELETED) else Stage.ACTIVE}
    if status >= 400:
        return possible
    if isinstance(request, PurgeDeletedKey):
        # Replicas lag: the deleted key may be shown for a while after its purge.
        return frozenset({Stage.ABSENT, Stage.DELETED})
    if isinstance(request, ListKeyVersions):
        return frozenset({Stage.ACTIVE}) if _listed(session.documents[index]) else possible
    deleted = isinstance(request, DeleteKey | GetDeletedKey)
    return frozenset({Stage.DELETED if deleted else Stage.ACTIVE})


def may_have_lapsed(place: Place, name: str | None = None) -> bool:
    """Whether the retention of a deleted key may have ended before the exchange.

    Recordings show no clock: an exchange may be from any time up to the day the session was
    published.
    """
    wanted = place.name if name is None else name
    published = place.session.header.recorded_by
    if published is None:
        return True
    end = calendar.timegm(time.strptime(published, "%Y-%m-%d")) + 2 * DAY_SECONDS
    for index in range(place.index):
        document = place.session.documents[index]
        if getattr(place.session.requests[index], "name", None) == wanted:
            shown = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
            date = shown.get("scheduledPurgeDate")
            if isinstance(date, int) and date <= end:
                return True
    return False


def _listed(document: Any) -> frozenset[str]:
    """The key names in a page."""
    items = cast("dict[str, Any]", document).get("value") if isinstance(document, dict) else None
    names: set[str] = set()
    for item in cast("Sequence[Any]", items) if isinstance(items, list) else ():
        kid = str(cast("dict[str, Any]", item).get("kid")) if isinstance(item, dict) else ""
        parts = kid.split("/")
        if len(parts) > 4:
            names.add(parts[4])
    return frozenset(names)
