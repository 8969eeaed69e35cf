"""A recorded session, asked of a target again: its requests in their order, its values in theirs.

What cannot be asked again, or whose answer hangs on what the recording does not show, is put apart
with the reason, and is no part of any share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, cast

from mhsm_conformance.fidelity.clients import PublicKeys, encrypted_anew
from mhsm_conformance.fidelity.comparison import Comparison, Difference, compared
from mhsm_conformance.fidelity.flow import Flow
from mhsm_conformance.fidelity.instances import begun_at, date_of, instances_of
from mhsm_conformance.fidelity.names import KnownNames, Lists, versions_shown
from mhsm_conformance.fidelity.old_builds import excused, is_of_an_old_build, version_on
from mhsm_conformance.fidelity.witness import Witness
from mhsm_conformance.masked_hosts import MaskedHosts
from mhsm_model.exchange import (
    CreateKey,
    DeleteKey,
    GetDeletedKey,
    GetKey,
    ImportKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    Request,
    Unmodelled,
    UpdateKey,
)
from mhsm_model.moments import Interval
from mhsm_model.revisions import is_known
from mhsm_model.tables.quirks import expected_on
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.request_decoding import decode_request
from mhsm_targets.protocol import ClockTarget, InheritedTarget, TargetFactory, WireTarget
from mhsm_targets.recordings.reading import read_recording
from mhsm_targets.recordings.recording import LOST, RecordedExchange, SessionHeader

__all__ = ["Apart", "Replayed", "replayed"]

_SEED: Final = 1
_EVENTS: Final = (CreateKey, ImportKey, UpdateKey, DeleteKey)
_DOMAIN: Final = ".managedhsm.azure.net"
CHALLENGE: Final = "challenge"
"""The operation that an exchange without a token is counted under."""


class Apart(StrEnum):
    """Why an exchange is no part of the comparison."""

    NOT_MODELLED = "its operation is not in the specification yet"
    NO_BODY = "the recording kept no body of the request"
    NO_QUERY = "the recording kept no query, and a list may be any page"
    NO_ANSWER = "the recording kept no answer"
    EARLIER = "it hangs on what was there before the session, or on an operation not modelled yet"
    OLD_BUILD = "the build of its time did otherwise, as it is known to have"
    LAG = "another replica answered, which had not seen the last change yet"


@dataclass(frozen=True, slots=True)
class Replayed:
    """One exchange, asked again: what came of it, or why it was put apart."""

    file: str
    sequence: int
    operation: str
    result: Comparison | Apart


def replayed(path: Path, factory: TargetFactory) -> Iterator[Replayed]:
    """Ask the target for what a recording asks for, on instances like those it met.

    Exchanges with other hosts are left out. Raises RecordingError where the recording cannot be
    read, and TargetUnavailableError where the target is gone.
    """
    header, read = read_recording(path)
    exchanges = [exchange for exchange in read if exchange.plane == "data"]
    if not exchanges:
        return
    opened = instances_of(exchanges)
    names = {host: f"hsm-{_letters(place)}{_DOMAIN}" for place, host in enumerate(opened)}
    asked = {names[host]: configuration for host, configuration in opened.items()}
    target = factory.open(asked, _SEED)
    try:
        hosts = dict(zip(opened, target.hosts, strict=True))
        here = {
            host: target.presumed(host, told) if isinstance(target, InheritedTarget) else told
            for host, told in zip(target.hosts, asked.values(), strict=True)
        }
        witness = Witness(here, live=factory.profile.live)
        yield from _Replay(str(path), header, exchanges, target, hosts, witness).all()
    finally:
        target.close()


def _letters(place: int) -> str:
    """A to z, then ba and so on."""
    rest, last = divmod(place, 26)
    return (_letters(rest) if rest else "") + chr(ord("a") + last)


class _Replay:
    """One session on one target."""

    def __init__(
        self,
        file: str,
        header: SessionHeader,
        exchanges: Sequence[RecordedExchange],
        target: WireTarget,
        hosts: dict[str, str],
        witness: Witness,
    ) -> None:
        self._file = file
        self._exchanges = exchanges
        self._target = target
        self._hosts = hosts
        self._witness = witness
        self._unlawful: tuple[Difference, ...] = ()
        began = begun_at(exchanges)
        self._drift = 0
        self._timed = began is not None and isinstance(target, ClockTarget)
        self._flow = Flow(0 if began is None else target.now() - began)
        self._masked = MaskedHosts()
        self._keys = PublicKeys()
        self._names = KnownNames()
        self._quirks = expected_on(header.recorded_by)
        known = [version for version in header.api_versions if is_known(version)]
        day = header.recorded_by if began is None else date_of(began)
        self._version = known[-1] if known else version_on(day)

    def all(self) -> Iterator[Replayed]:
        """Every exchange in its order."""
        for index, exchange in enumerate(self._exchanges):
            request = decode_request(exchange.sent)
            challenged = exchange.answered.status == 401
            yield Replayed(
                self._file,
                exchange.sequence,
                CHALLENGE if challenged else _named(request),
                self._one(index, exchange, request),
            )

    def _one(self, index: int, exchange: RecordedExchange, request: Request) -> Comparison | Apart:
        recorded = exchange.answered
        if recorded == LOST:
            return Apart.NO_ANSWER
        if recorded.status == 401:
            ours = self._sent(exchange.sent, exchange.sent.host, token=False)
            result = compared(self._flow, request, recorded, ours, drift=None)
            return replace(result, members=(*result.members, *self._unlawful))
        apart = self._barred(exchange, request)
        if apart is not None:
            self._names.unseen(request, recorded)
            return apart
        recorded = self._masked.unmasked(exchange.sent, recorded)
        self._advance(recorded)
        message = self._with_version(exchange.sent)
        ours = self._sent(message, exchange.sent.host, token=True, recorded=recorded)
        self._note_drift(request, recorded)
        if ours.status != recorded.status:
            if is_of_an_old_build(request, self._quirks):
                return Apart.OLD_BUILD
            if self._lags(index, request, ours.status):
                return Apart.LAG
        self._names.told(request, recorded)
        self._keys.learn(ours)
        theirs, mine = recorded, ours
        if isinstance(request, ListKeys | ListDeletedKeys):
            theirs, mine = Lists(self._names).common(request, recorded, ours)
        drift = self._drift if self._timed else None
        result = compared(self._flow, request, theirs, mine, drift=drift)
        result = excused(request, result, self._quirks)
        return replace(result, members=(*result.members, *self._unlawful))

    def _barred(self, exchange: RecordedExchange, request: Request) -> Apart | None:
        """Why the exchange cannot be asked again, if it cannot."""
        if not exchange.sent.body_recorded and isinstance(request, Unmodelled):
            return Apart.NO_BODY
        if isinstance(request, Unmodelled):
            return Apart.NOT_MODELLED
        if isinstance(request, ListKeys | ListDeletedKeys | ListKeyVersions):
            if not exchange.sent.query_recorded:
                return Apart.NO_QUERY
            token = request.continuation
            if token is not None and not self._flow.knows(token):
                return Apart.EARLIER
        version = getattr(request, "version", None)
        foreign = version is not None and not self._flow.knows(version)
        if isinstance(request, ListKeyVersions):
            shown = versions_shown(exchange.answered)
            foreign = not all(self._flow.knows(version) for version in shown)
        if self._names.are_needed(request, exchange.answered, foreign=foreign):
            return Apart.EARLIER
        return None

    def _with_version(self, message: HttpRequest) -> HttpRequest:
        """The message with an api-version, where the recording lost its query."""
        if message.query_recorded:
            return message
        return replace(message, target=f"{message.path}?api-version={self._version}")

    def _sent(
        self,
        message: HttpRequest,
        host: str,
        *,
        token: bool,
        recorded: HttpResponse | None = None,
    ) -> HttpResponse:
        """The target's answer, with the recorded host in the place of its own."""
        headers = {"content-type": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {self._target.token}"
        here = self._hosts[host]
        asked = self._flow.asked(message, here, headers)
        if recorded is not None and not self._is_known(message):
            asked = encrypted_anew(decode_request(asked), asked, recorded, self._keys)
        begun = self._target.now()
        answered = self._target.exchange(asked)
        if answered is None:
            return LOST
        self._unlawful = self._witness.saw(asked, answered, Interval(begun, self._target.now()))
        body = answered.body.replace(f"https://{here}/".encode(), f"https://{host}/".encode())
        return replace(answered, body=body)

    def _is_known(self, message: HttpRequest) -> bool:
        """Whether an earlier reply produced the value that the message is about."""
        document = message.document()
        value = cast("dict[str, Any]", document).get("value") if isinstance(document, dict) else ""
        return isinstance(value, str) and self._flow.knows(value)

    def _advance(self, recorded: HttpResponse) -> None:
        """Move the target's clock to when the service made or changed what its reply shows."""
        target = self._target
        if not self._timed or not isinstance(target, ClockTarget):
            return
        moment = _moment(recorded)
        lapse = 0 if moment is None else moment + self._flow.shift - self._target.now()
        if lapse > 0:
            target.advance(lapse)

    def _note_drift(self, request: Request, recorded: HttpResponse) -> None:
        """See by how much a clock that goes by itself was ahead when something was made."""
        moment = _moment(recorded) if isinstance(request, _EVENTS) else None
        if moment is not None:
            self._drift = max(self._drift, self._target.now() - moment - self._flow.shift)

    def _lags(self, index: int, request: Request, status: int) -> bool:
        """Whether a read was answered by a replica that had not seen the last change.

        The same read then has our answer later, with no change in between; or it shows what was
        purged just before.
        """
        if not isinstance(request, GetKey | GetDeletedKey):
            return False
        if isinstance(request, GetDeletedKey) and self._names.is_just_purged(request.name):
            return status == 404
        sent = self._exchanges[index].sent
        for later in self._exchanges[index + 1 :]:
            if (later.sent.method, later.sent.target) == (sent.method, sent.target):
                return later.answered.status == status
            if later.sent.method != "GET" and f"/{request.name}" in later.sent.path:
                return False
        return False


def _named(request: Request) -> str:
    if isinstance(request, Unmodelled):
        return request.operation
    return type(request).__name__


def _moment(recorded: HttpResponse) -> int | None:
    """The newest time of an event that a reply shows, in seconds."""
    document = recorded.document()
    if recorded.status != 200 or not isinstance(document, dict):
        return None
    shown = cast("dict[str, Any]", document)
    attributes = shown.get("attributes")
    times: list[Any] = [shown.get("deletedDate")]
    if isinstance(attributes, dict):
        told = cast("dict[str, Any]", attributes)
        times += [told.get("created"), told.get("updated")]
    return max((time for time in times if type(time) is int), default=None)
