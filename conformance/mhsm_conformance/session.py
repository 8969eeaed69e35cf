"""The session that judges: it sends, lets the acceptor judge, records, and returns the reply.

Tests hold scenarios and no comparisons. What is right is the acceptor's to say; a test that goes on
after `send` may rely on the reply being lawful.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from mhsm_conformance.coverage import CRYPTOGRAPHIC, Coverage
from mhsm_conformance.doubt import Doubt
from mhsm_conformance.faults import ConformanceFailure, HarnessFault
from mhsm_conformance.steps import Lapse, Loss, Sent, Step, summary
from mhsm_model.acceptor import Strictness, accepts
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    Call,
    CreateKey,
    Credential,
    Decrypt,
    Encrypt,
    ImportKey,
    Indeterminate,
    KeyBundle,
    OperationResult,
    Reply,
    Request,
    Sign,
    UnwrapKey,
    WrapKey,
)
from mhsm_model.judgement import Breach, Judgement
from mhsm_model.moments import Interval
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.staleness import RecentStates
from mhsm_model.state import Absent, Estate, Instance
from mhsm_model.wire.exchange import wire_exchange
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.judge import with_bytes
from mhsm_model.wire.oddities import oddities_of
from mhsm_model.wire.onlooker import Onlooker
from mhsm_model.wire.request_decoding import decode_request
from mhsm_model.wire.request_encoding import encode_request
from mhsm_targets.protocol import (
    Capability,
    ClockTarget,
    InheritedTarget,
    LossyTarget,
    TargetProfile,
    WireTarget,
)

__all__ = ["JSON", "InapplicableError", "InconclusiveError", "InstanceSession", "Session"]

JSON: Final = "application/json"
"""How a body is announced where a test does not say otherwise."""

_BAD_TOKEN: Final = "not-a-token"


def _told(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a message that a step keeps: no credential, nothing that is always sent."""
    always = {"content-type": JSON}
    return {
        name: value
        for name, value in headers.items()
        if name != "authorization" and always.get(name) != value
    }


class InapplicableError(Exception):
    """The target lacks a capability that the check needs."""


class InconclusiveError(Exception):
    """What the target did cannot be told from what it might have done."""


class Session:
    """A conversation with one target, judged exchange by exchange."""

    def __init__(
        self,
        target: WireTarget,
        profile: TargetProfile,
        configurations: Mapping[str, Configuration],
        *,
        strict: bool = False,
        judged: bool = True,
        on_exchange: Callable[[], None] | None = None,
        on_end: Callable[[Exception], None] | None = None,
    ) -> None:
        self._target = target
        self.profile = profile
        self.configurations = dict(configurations)
        self.coverage = Coverage()
        self.exchanges = 0
        self.steps: list[Step] = []
        self.warnings: list[Breach] = []
        self.warned_at: list[int] = []
        """For each of the warnings, how many steps there were when it was given."""
        self.judgement = Judgement(Estate())
        """What was said of the last exchange."""

        self.answer: HttpResponse | None = None
        """The message that answered it, without what it gave away; None where it was lost."""

        self._strictness = Strictness(strict=strict, live=profile.live)
        self._judged = judged
        self._on_exchange = on_exchange
        self._on_end = on_end
        self._doubt = Doubt()
        self._losing = False
        self._recent = RecentStates(profile.staleness)
        self._onlooker = Onlooker()
        self.estate = Estate()
        for host, asked in configurations.items():
            told = target.presumed(host, asked) if isinstance(target, InheritedTarget) else asked
            self.estate = self.estate.with_instance(host, Instance(told))

    @property
    def lost(self) -> int:
        """How many replies were lost without being asked for."""
        return self._doubt.lost

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of the instances."""
        return self._target.hosts

    def at(self, host: str) -> InstanceSession:
        """The session seen from one instance."""
        return InstanceSession(self, host)

    def need(self, capability: Capability) -> None:
        """Raise InapplicableError where the target lacks the capability."""
        if capability not in self.profile.capabilities:
            raise InapplicableError(f"the target lacks the capability {capability.value}")

    def send(
        self,
        host: str,
        request: Request,
        *,
        credential: Credential = Credential.TOKEN,
        api_version: str | None = LATEST_RECORDED,
    ) -> Reply:
        """Send a request, judge the exchange, and return the reply.

        Raises ConformanceFailure where the exchange is unlawful, HarnessFault where the request
        does not survive our own codec, TargetUnavailableError where the target is gone.
        """
        sent = encode_request(request, host, api_version, self._token(credential))
        if self._judged and decode_request(sent) != request:
            raise HarnessFault(f"the codec does not give back {request}")
        return self._exchange(sent, request, credential, api_version)

    def send_message(
        self,
        host: str,
        method: str,
        target: str,
        body: bytes,
        *,
        credential: Credential = Credential.TOKEN,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send an HTTP request made by hand; judged like any other.

        `headers` are further ones, their names in small letters.
        """
        headers = {"content-type": content_type, **(headers or {})}
        token = self._token(credential)
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        sent = HttpRequest(method, host, target, headers, body)
        api_version = sent.query.get("api-version")
        request = decode_request(sent)
        return self._exchange(sent, request, credential, api_version, by_hand=True)

    def _token(self, credential: Credential) -> str | None:
        return {
            Credential.TOKEN: self._target.token,
            Credential.INVALID: _BAD_TOKEN,
            Credential.ANONYMOUS: None,
        }[credential]

    def _exchange(
        self,
        sent: HttpRequest,
        request: Request,
        credential: Credential,
        api_version: str | None,
        *,
        by_hand: bool = False,
    ) -> Reply:
        host = sent.host
        self.exchanges += 1
        begun = self._target.now()
        answered = self._target.exchange(sent)
        time = Interval(begun, self._target.now())
        oddities = oddities_of(sent, request)
        call = Call(host, request, time, api_version, credential, oddities=oddities)
        message = replace(sent, headers=_told(sent.headers)) if by_hand else None
        if self._judged:
            self._onlooker.send(sent, request)
        losing, self._losing = self._losing, False
        self.answer = None
        if answered is None:
            lost = Indeterminate("the reply was lost")
            if not losing:
                self._doubt.lose(call)
            if self._judged:
                judgement = accepts(self.estate, call, lost, self._strictness)
                self._concluded(call, lost, judgement, message)
            return lost
        if not self._judged:
            return wire_exchange(sent, answered, request).reply
        exchange = self._onlooker.receive(sent, answered, request)
        self.answer = exchange.answered
        judgement = accepts(self.estate, call, exchange.reply, self._strictness)
        judgement = self._recent.excused(
            self.estate, call, exchange.reply, judgement, self._strictness
        )
        judgement = with_bytes(judgement, exchange, self._strictness)
        self._concluded(call, exchange.reply, judgement, message)
        return exchange.reply

    def _concluded(
        self, call: Call, reply: Reply, judgement: Judgement, message: HttpRequest | None
    ) -> None:
        judgement = self._without_expected(judgement)
        self.judgement = judgement
        self.coverage.add(call, reply, judgement, self._kind(call))
        self.steps.append(Sent(call, reply, message))
        self.warnings += judgement.warnings
        self.warned_at += [len(self.steps)] * len(judgement.warnings)
        self._recent = self._recent.followed(self.estate, judgement.estate, call.time.latest)
        self.estate = judgement.estate
        if self._on_exchange is not None:
            self._on_exchange()
        error = self._ending(call, reply, judgement)
        if error is not None:
            if self._on_end is not None:
                self._on_end(error)
            raise error

    def _ending(self, call: Call, reply: Reply, judgement: Judgement) -> Exception | None:
        """What ends the check, or None."""
        if judgement.breaches:
            if not self._doubt.reaches(call):
                return ConformanceFailure(judgement.breaches, self.steps, self.configurations)
            # A request whose reply was lost may have been carried out only now.
            return InconclusiveError(f"a reply was lost before: {judgement.breaches[0]}")
        if judgement.inconclusive is not None and not isinstance(reply, Indeterminate):
            return InconclusiveError(judgement.inconclusive)
        return None

    def _without_expected(self, judgement: Judgement) -> Judgement:
        """The judgement without the breaches that the target's profile declares."""
        declared = self.profile.expected_failures
        if not declared or not judgement.breaches:
            return judgement
        known = [b for b in judgement.breaches if b.clause.identifier in declared]
        self.coverage.declared.update(b.clause.identifier for b in known)
        rest = tuple(b for b in judgement.breaches if b.clause.identifier not in declared)
        return replace(judgement, breaches=rest)

    def _kind(self, call: Call) -> str | None:
        request = call.request
        if not isinstance(request, CRYPTOGRAPHIC):
            return None
        factor = self.estate.instances[call.host].factors.get(request.name)
        entry = factor.entries[0] if factor is not None else Absent()
        if isinstance(entry, Absent) or not entry.key.versions:
            return None
        place = None if request.version is None else entry.key.place_of(request.version)
        version = entry.key.versions[-1 if place is None else place]
        material = self.estate.materials.get(version.material)
        return None if material is None else str(material.kind)

    def advance(self, seconds: int) -> None:
        """Move the target's clock forward; needs Capability.CLOCK."""
        self.need(Capability.CLOCK)
        if isinstance(self._target, ClockTarget):
            self._target.advance(seconds)
            self.steps.append(Lapse(seconds))

    def lose_next(self, *, after_effect: bool) -> None:
        """Lose the reply to the next request; needs Capability.LOSSES."""
        self.need(Capability.LOSSES)
        if isinstance(self._target, LossyTarget):
            self._target.lose_next(after_effect=after_effect)
            self._losing = True
            self.steps.append(Loss(after_effect))

    def now(self) -> int:
        """The target's clock, in seconds."""
        return self._target.now()


class InstanceSession:
    """The session seen from one instance, with names of its own."""

    def __init__(self, session: Session, host: str) -> None:
        self.session = session
        self.host = host
        self._names = 0

    def fresh_name(self) -> str:
        """A key name not used before in this view."""
        self._names += 1
        return f"key-{self._names}"

    def send_message(
        self,
        method: str,
        target: str,
        body: bytes,
        *,
        credential: Credential = Credential.TOKEN,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send an HTTP request made by hand to this instance: see `Session.send_message`."""
        return self.session.send_message(
            self.host,
            method,
            target,
            body,
            credential=credential,
            content_type=content_type,
            headers=headers,
        )

    def created(self, request: CreateKey | ImportKey) -> KeyBundle:
        """Make a key version that nothing speaks against, and return what is shown of it.

        Raises InconclusiveError where it is lawfully refused all the same.
        """
        reply = self.send(request)
        if not isinstance(reply, KeyBundle):
            raise InconclusiveError(f"no key could be made: {summary(reply)}")
        return reply

    def result(
        self,
        request: Sign | Encrypt | Decrypt | WrapKey | UnwrapKey,
        *,
        api_version: str | None = LATEST_RECORDED,
    ) -> OperationResult:
        """Compute what nothing speaks against; raises InconclusiveError where it is refused."""
        reply = self.send(request, api_version=api_version)
        if not isinstance(reply, OperationResult):
            raise InconclusiveError(f"nothing was computed: {summary(reply)}")
        return reply

    def send(
        self,
        request: Request,
        *,
        credential: Credential = Credential.TOKEN,
        api_version: str | None = LATEST_RECORDED,
    ) -> Reply:
        """Send a request to this instance: see `Session.send`."""
        return self.session.send(self.host, request, credential=credential, api_version=api_version)
