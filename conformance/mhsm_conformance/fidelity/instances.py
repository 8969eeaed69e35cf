"""The instances that a recorded session met: how they were configured, as its replies show it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from mhsm_model.configuration import Configuration
from mhsm_model.wire.challenge import parse_challenge
from mhsm_targets.recordings.recording import RecordedExchange

__all__ = ["begun_at", "date_of", "instances_of"]

_DAYS = re.compile(rb'"recoverableDays":(\d{1,2})\b')
_LEVEL = re.compile(rb'"recoveryLevel":"([A-Za-z+]+)"')
_EVENT = re.compile(rb'"(?:created|deletedDate)":(\d{9,10})\b')
_PERMITTED: Final = range(7, 91)


def instances_of(exchanges: Iterable[RecordedExchange]) -> dict[str, Configuration]:
    """The hosts of a session with the configuration that each is to be opened with."""
    found: dict[str, Configuration] = {}
    for exchange in exchanges:
        host = exchange.sent.host
        configuration = found.get(host, Configuration())
        body = exchange.answered.body
        days, level = _DAYS.search(body), _LEVEL.search(body)
        if days is not None and int(days.group(1)) in _PERMITTED:
            configuration = replace(configuration, retention_days=int(days.group(1)))
        if level is not None:
            protected = not level.group(1).endswith(b"+Purgeable")
            configuration = replace(configuration, purge_protection=protected)
        authority = parse_challenge(exchange.answered.headers.get("www-authenticate", "")).authority
        if authority is not None:
            configuration = replace(configuration, authority=authority)
        found[host] = configuration
    return found


def begun_at(exchanges: Iterable[RecordedExchange]) -> int | None:
    """When the session made or deleted its first key, in seconds; None where it does not show."""
    for exchange in exchanges:
        made = exchange.sent.method in ("POST", "PUT", "DELETE") and exchange.answered.status == 200
        shown = _EVENT.findall(exchange.answered.body) if made else []
        if shown:
            return max(int(moment) for moment in shown)
    return None


def date_of(moment: int) -> str:
    """The day (ISO 8601, UTC) of a moment of at most ten digits, in seconds."""
    return datetime.fromtimestamp(moment, UTC).date().isoformat()
