"""The examination of recorded traffic: every exchange of a session, judged in turn.

A session starts in the middle: the HSM held keys before it, and much is not recorded. What is not
recorded is unknown, and the clauses that need it are untested for that exchange.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from mhsm_conformance.masked_hosts import MaskedHosts
from mhsm_model.acceptor import LENIENT, Strictness, accepts
from mhsm_model.clauses import Clause, Kind
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    Call,
    Indeterminate,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    Reach,
    Request,
    Unauthenticated,
    Unmodelled,
)
from mhsm_model.judgement import Breach, Judgement
from mhsm_model.moments import FOREVER, Interval
from mhsm_model.state import Estate, Instance
from mhsm_model.tables.lifecycle import DAY_SECONDS
from mhsm_model.tables.quirks import expected_on
from mhsm_model.unknown import UNKNOWN, Unknown
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.judge import with_bytes
from mhsm_model.wire.oddities import oddities_of
from mhsm_model.wire.onlooker import Onlooker
from mhsm_model.wire.request_decoding import decode_request
from mhsm_targets.recordings.defects import explained
from mhsm_targets.recordings.reading import read_recording
from mhsm_targets.recordings.recording import LOST, RecordedExchange, SessionHeader

__all__ = ["CLOCK_SKEW_SECONDS", "ExchangeVerdict", "RecordedVerdict", "examine", "examined"]

CLOCK_SKEW_SECONDS: Final = 60
"""How far the clocks of an HSM's partitions may be apart in a recording."""

_ROUTINE: Final = frozenset({"ERR-201", "ERR-202"})
"""Clauses that every success keeps by being one."""

_UNJUDGED: Final = {"arm": "control plane", "vault": "standard vault", "other": "other host"}
"""What an exchange is told as that goes to no Managed HSM, by its plane."""


class RecordedVerdict(StrEnum):
    """What became of a recorded exchange."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNMODELLED = "unmodelled"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class ExchangeVerdict:
    """The verdict on one recorded exchange.

    `clauses` were exercised in a way that could have failed, `vacuous` ones were not; an accepted
    exchange without any of the former is accepted vacuously. `explanation` tells of a rejection
    that is the recording's own fault.
    """

    file: str
    sequence: int
    verdict: RecordedVerdict
    operation: str
    status: int
    clauses: tuple[Clause, ...] = ()
    vacuous: tuple[Clause, ...] = ()
    breaches: tuple[Breach, ...] = ()
    warnings: tuple[Breach, ...] = ()
    answers: tuple[tuple[Clause, str], ...] = ()
    inconclusive: str | None = None
    explanation: str | None = None

    @property
    def strong(self) -> bool:
        """Whether a clause about the meaning was tested, and not only the form of the messages."""
        return any(
            clause.kind is not Kind.WIRE and clause.identifier not in _ROUTINE
            for clause in self.clauses
        )


def examine(path: Path, strictness: Strictness = LENIENT) -> Iterator[ExchangeVerdict]:
    """Judge a recording of any known format, exchange by exchange.

    Raises RecordingError where it cannot be read; the verdicts before that stand.
    """
    header, exchanges = read_recording(path)
    yield from examined(str(path), header, exchanges, strictness)


def examined(
    file: str,
    header: SessionHeader,
    exchanges: Iterable[RecordedExchange],
    strictness: Strictness = LENIENT,
) -> Iterator[ExchangeVerdict]:
    """Judge the exchanges of one session that was read before, in their order."""
    session = _Session(file, header, strictness)
    for exchange in exchanges:
        yield session.judge(exchange)


def _until(day: str | None) -> int:
    """The last second of a day (ISO 8601), or FOREVER."""
    if day is None:
        return FOREVER
    try:
        year, month, date = (int(part) for part in day.split("-"))
        return calendar.timegm((year, month, date, 0, 0, 0)) + DAY_SECONDS - 1
    except (ValueError, OverflowError):
        return FOREVER


class _Session:
    """The belief about the HSMs of one recorded session, moved on by each exchange."""

    def __init__(self, file: str, header: SessionHeader, strictness: Strictness) -> None:
        self._file = file
        self._name = header.session
        self._strictness = strictness
        self._estate = Estate()
        self._time = Interval(0, _until(header.recorded_by))
        self._configuration = Configuration(
            domain=UNKNOWN,
            authority=UNKNOWN,
            retention_days=UNKNOWN,
            purge_protection=UNKNOWN,
            purge_settles_at_once=False,
            clock_skew=CLOCK_SKEW_SECONDS,
            quirks=expected_on(header.recorded_by),
        )
        self._onlooker = Onlooker()
        self._hosts = MaskedHosts()

    def judge(self, exchange: RecordedExchange) -> ExchangeVerdict:
        """Judge the next exchange."""
        sent, status = exchange.sent, exchange.answered.status
        request = _asked(sent)
        operation = request.operation if isinstance(request, Unmodelled) else type(request).__name__
        if exchange.plane != "data":
            operation = f"{sent.method} {_UNJUDGED.get(exchange.plane, exchange.plane)}"
            return self._verdict(exchange, RecordedVerdict.OUT_OF_SCOPE, operation)
        answered = self._hosts.unmasked(sent, exchange.answered)
        judgement = self._judged(sent, answered, request, self._time_of(exchange.at))
        self._estate = judgement.estate
        if status == LOST.status and not isinstance(request, Unmodelled):
            operation = f"{operation} without its answer"
            lost = self._verdict(exchange, RecordedVerdict.UNMODELLED, operation)
            return replace(lost, inconclusive=judgement.inconclusive)
        if isinstance(request, Unmodelled) and status != 401:
            return self._verdict(exchange, RecordedVerdict.UNMODELLED, operation)
        accepted = not judgement.breaches
        verdict = RecordedVerdict.ACCEPTED if accepted else RecordedVerdict.REJECTED
        return replace(
            self._verdict(exchange, verdict, operation),
            clauses=(*judgement.refused, *judgement.held),
            vacuous=judgement.vacuous,
            breaches=judgement.breaches,
            warnings=judgement.warnings,
            answers=judgement.answers,
            inconclusive=judgement.inconclusive,
            explanation=self._explanation(exchange.sequence, judgement.breaches),
        )

    def _explanation(self, sequence: int, breaches: tuple[Breach, ...]) -> str | None:
        if not breaches:
            return None
        return explained(self._name, sequence, (b.clause.identifier for b in breaches))

    def _verdict(
        self, exchange: RecordedExchange, verdict: RecordedVerdict, operation: str
    ) -> ExchangeVerdict:
        status = exchange.answered.status
        return ExchangeVerdict(self._file, exchange.sequence, verdict, operation, status)

    def _time_of(self, told: Interval | None) -> Interval:
        """When an exchange was, by what the recording tells of it and of those before it.

        A time that cannot be, such as one after the recording was published, tells nothing.
        """
        known = self._time
        if told is None or told.latest < known.earliest or told.earliest > known.latest:
            return known
        # Exchanges may overlap, so one is not before the start of the last, but may be before its
        # end.
        self._time = Interval(max(known.earliest, told.earliest), known.latest)
        return Interval(self._time.earliest, min(known.latest, told.latest))

    def _judged(
        self, sent: HttpRequest, answered: HttpResponse, request: Request, time: Interval
    ) -> Judgement:
        host = sent.host
        if host not in self._estate.instances:
            instance = Instance(self._configuration, fresh=False, restoring=UNKNOWN)
            self._estate = self._estate.with_instance(host, instance)
        call = Call(
            host=host,
            request=request,
            time=time,
            api_version=_api_version(sent),
            credential=UNKNOWN,
            host_masked=self._hosts.is_masked(host),
            oddities=oddities_of(sent, request),
        )
        if answered.status == LOST.status:
            lost = Indeterminate("the answer was not recorded")
            return accepts(self._estate, call, lost, self._strictness)
        self._onlooker.send(sent, request)
        exchange = self._onlooker.receive(sent, answered, request)
        judgement = accepts(self._estate, call, exchange.reply, self._strictness)
        if isinstance(request, Unmodelled) and not isinstance(exchange.reply, Unauthenticated):
            return judgement
        return with_bytes(judgement, exchange, self._strictness)


def _asked(sent: HttpRequest) -> Request:
    """What a recorded request asks for.

    A list whose query was not kept may be of any page, so that nothing follows from its answer.
    """
    request = decode_request(sent)
    if sent.query_recorded or not isinstance(request, ListKeys | ListKeyVersions | ListDeletedKeys):
        return request
    name = request.name if isinstance(request, ListKeyVersions) else None
    return Unmodelled(f"{type(request).__name__} without its query", Reach.NOTHING, name)


def _api_version(sent: HttpRequest) -> str | Unknown | None:
    return sent.query.get("api-version") if sent.query_recorded else UNKNOWN
