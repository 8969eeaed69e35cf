"""A reply beside the recorded one: status, members, headers and message, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlsplit

from mhsm_conformance.fidelity.flow import Flow
from mhsm_model.base64url import is_base64url
from mhsm_model.exchange import BackupKey, Decrypt, Request, UnwrapKey
from mhsm_model.identifiers import parse_key_identifier
from mhsm_model.wire.http import HttpResponse
from mhsm_model.wire.reply_codec import ACTIVITY, without_activity

__all__ = ["Comparison", "Difference", "compared"]

_HEADERS: Final = (
    *("content-type", "www-authenticate", "x-ms-build-version", "x-ms-keyvault-network-info"),
    *("x-ms-keyvault-region", "x-ms-server-latency"),
)
_EXACT_HEADERS: Final = frozenset({"content-type", "www-authenticate"})
_TIMES: Final = frozenset({"created", "updated", "nbf", "exp", "deletedDate", "scheduledPurgeDate"})
_CHOSEN_BY_CLIENT: Final = frozenset({"nbf", "exp"})
_DOUBT: Final = {"deletedDate": 1, "scheduledPurgeDate": 1}
"""Seconds by which the service itself tells a time otherwise from one reply to the next."""

_CHOSEN: Final = frozenset({"n", "x", "y", "iv", "tag", "value"})
_LONG: Final = _CHOSEN | {"data", "kid"}
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a reply is not the recorded one; `recorded` and `ours` are None for what is absent.

    Values that may be secret are shown by their length.
    """

    place: str
    recorded: str | None
    ours: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two replies have in common; `message` and `headers` are None where there are none."""

    outcome: bool
    members: tuple[Difference, ...]
    headers: tuple[Difference, ...] | None
    message: bool | None

    @property
    def differences(self) -> tuple[Difference, ...]:
        """All differences."""
        return (*self.members, *(self.headers or ()))


def compared(
    flow: Flow,
    request: Request,
    recorded: HttpResponse,
    ours: HttpResponse,
    *,
    drift: int | None,
) -> Comparison:
    """Lay our reply to a request beside the recorded one, and learn from it what stands for what.

    `drift` is by how many seconds our clock may have run ahead of the recording, which it follows;
    None for one that does not follow it: only the times that clients chose are then the same.
    """
    reader = _Reader(flow, request, drift)
    theirs, mine = recorded.document(), ours.document()
    codes = (_error(theirs).get("code"), _error(mine).get("code"))
    outcome = (recorded.status, codes[0]) == (ours.status, codes[1])
    if not outcome:
        told = (f"{recorded.status} {codes[0] or ''}".strip(), f"{ours.status} {codes[1] or ''}")
        members = (Difference("status and code", told[0], told[1].strip()),)
        return Comparison(outcome, members, None, None)
    message = None
    if _error(theirs):
        texts = (str(_error(theirs).get("message")), str(_error(mine).get("message")))
        message = _same_message(*texts)
    found = tuple(reader.differences("", "", theirs, mine))
    return Comparison(outcome, found, _headers(recorded, ours), message)


def _error(document: Any) -> dict[str, Any]:
    error = cast("dict[str, Any]", document).get("error") if isinstance(document, dict) else None
    return cast("dict[str, Any]", error) if isinstance(error, dict) else {}


def _same_message(theirs: str, mine: str) -> bool:
    """Whether both say the same, and both or neither name an activity."""
    named = [ACTIVITY.search(text) is not None for text in (theirs, mine)]
    return named[0] == named[1] and without_activity(theirs) == without_activity(mine)


def _headers(recorded: HttpResponse, ours: HttpResponse) -> tuple[Difference, ...] | None:
    if not recorded.headers:
        return None
    found: list[Difference] = []
    for name in _HEADERS:
        theirs, mine = recorded.headers.get(name), ours.headers.get(name)
        if theirs is None and name in recorded.dropped:
            continue
        same = (theirs is None) == (mine is None)
        if same and theirs is not None and name in _EXACT_HEADERS:
            same = theirs == mine
        if not same:
            found.append(Difference(f"header {name}", theirs, mine))
    return tuple(found)


class _Reader:
    """Reads two documents side by side."""

    def __init__(self, flow: Flow, request: Request, drift: int | None) -> None:
        self._flow = flow
        self._drift = drift
        self._blob = isinstance(request, BackupKey)
        self._plaintext = isinstance(request, Decrypt | UnwrapKey)

    def differences(self, place: str, name: str, theirs: Any, mine: Any) -> Iterator[Difference]:
        """The differences of two values of a member."""
        if isinstance(theirs, dict) and isinstance(mine, dict):
            yield from self._of_objects(
                place, cast("dict[str, Any]", theirs), cast("dict[str, Any]", mine)
            )
        elif isinstance(theirs, list) and isinstance(mine, list):
            yield from self._of_lists(
                place, name, cast("Sequence[Any]", theirs), cast("Sequence[Any]", mine)
            )
        elif not self._same(name, theirs, mine):
            yield Difference(place, _shown(name, theirs), _shown(name, mine))

    def _of_objects(
        self, place: str, theirs: dict[str, Any], mine: dict[str, Any]
    ) -> Iterator[Difference]:
        for name in sorted(theirs.keys() | mine.keys()):
            there = f"{place}.{name}" if place else name
            if name not in mine:
                yield Difference(there, _shown(name, theirs[name]), None)
            elif name not in theirs:
                yield Difference(there, None, _shown(name, mine[name]))
            else:
                yield from self.differences(there, name, theirs[name], mine[name])

    def _of_lists(
        self, place: str, name: str, theirs: Sequence[Any], mine: Sequence[Any]
    ) -> Iterator[Difference]:
        if name == "key_ops":
            if sorted(map(str, theirs)) != sorted(map(str, mine)):
                yield Difference(place, _shown(name, sorted(theirs)), _shown(name, sorted(mine)))
            return
        if len(theirs) != len(mine):
            yield Difference(place, f"{len(theirs)} items", f"{len(mine)} items")
            return
        for number, (one, other) in enumerate(zip(theirs, mine, strict=True)):
            yield from self.differences(f"{place}[{number}]", name, one, other)

    def _same(self, name: str, theirs: Any, mine: Any) -> bool:
        if type(theirs) is not type(mine):
            return False
        if name in _TIMES and isinstance(theirs, int):
            return self._same_time(name, theirs, mine)
        if not isinstance(theirs, str):
            return bool(theirs == mine)
        if name == "kid":
            return self._same_identifier(theirs, mine)
        if name == "nextLink":
            return self._same_link(theirs, mine)
        if name == "message":
            return _same_message(theirs, mine)
        if name == "value" and self._blob:
            # Nothing but its alphabet is known of a blob, and nothing else of it can agree.
            self._flow.learn(theirs, mine)
            return is_base64url(theirs) and is_base64url(mine)
        if name in _CHOSEN and not (name == "value" and self._plaintext):
            return self._flow.agree(theirs, mine)
        return bool(theirs == mine)

    def _same_time(self, name: str, theirs: int, mine: int) -> bool:
        ahead = mine - theirs - self._flow.shift
        if name in _CHOSEN_BY_CLIENT:
            return ahead == 0
        doubt = _DOUBT.get(name, 0)
        return self._drift is None or -doubt <= ahead <= self._drift + doubt

    def _same_identifier(self, theirs: str, mine: str) -> bool:
        one, other = parse_key_identifier(theirs), parse_key_identifier(mine)
        if one is None or other is None:
            return theirs == mine
        same = (one.host, one.collection, one.name) == (other.host, other.collection, other.name)
        if one.version is None or other.version is None:
            return same and one.version is other.version
        return same and self._flow.agree(one.version, other.version)

    def _same_link(self, theirs: str, mine: str) -> bool:
        one, other = urlsplit(theirs), urlsplit(mine)
        queries = dict(parse_qsl(one.query)), dict(parse_qsl(other.query))
        tokens = [query.pop("$skiptoken", None) for query in queries]
        if tokens[0] is not None and tokens[1] is not None:
            self._flow.learn(tokens[0], tokens[1])
        places = [(url.netloc, url.path.rstrip("/")) for url in (one, other)]
        return places[0] == places[1] and queries[0] == queries[1]


def _shown(name: str, value: Any) -> str:
    if isinstance(value, str) and name in _LONG and name != "kid":
        return f"{len(value)} characters"
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
