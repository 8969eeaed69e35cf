"""The conversation with a target: orders are sent through a session, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from mhsm_conformance.cases.case import Case
from mhsm_conformance.cases.recording import context_of, recorded_case
from mhsm_conformance.faults import ConformanceFailure, HarnessFault
from mhsm_conformance.session import JSON, InapplicableError, InconclusiveError, Session
from mhsm_conformance.shell.exchanges import Exchange
from mhsm_conformance.shell.orders import Circumstances, Order
from mhsm_conformance.shell.words import LineError
from mhsm_conformance.steps import Sent, Step
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Credential, Reply
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.state import Estate, Instance
from mhsm_targets.protocol import Capability, NotOfferedError, TargetFactory, WireTarget

__all__ = ["Conversation"]

_LAST: Final = "_"
_USUAL: Final = Circumstances(Credential.TOKEN, LATEST_RECORDED)


class Conversation:
    """A judged session that goes on after what is unlawful, with names for its replies."""

    def __init__(
        self,
        factory: TargetFactory,
        configurations: Mapping[str, Configuration],
        seed: int,
        *,
        strict: bool = False,
    ) -> None:
        self._factory = factory
        self._seed = seed
        self._strict = strict
        self._target: WireTarget | None = None
        self.configurations = dict(configurations)
        self.begin()

    def begin(self) -> None:
        """Open the target anew, as if nothing had been sent; raises TargetUnavailableError."""
        self.close()
        self._target = self._factory.open(self.configurations, self._seed)
        self._session = Session(
            self._target, self._factory.profile, self.configurations, strict=self._strict
        )
        self.host = next(iter(self.configurations))
        self.circumstances = _USUAL
        self.exchanges: list[Exchange] = []
        self._labels: dict[str, int] = {}

    def close(self) -> None:
        """Give back what the target holds."""
        if self._target is not None:
            self._target.close()

    @property
    def target(self) -> str:
        """The name of the target."""
        return self._factory.profile.name

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of the instances."""
        return tuple(self.configurations)

    @property
    def estate(self) -> Estate:
        """What is known by now."""
        return self._session.estate

    @property
    def instance(self) -> Instance:
        """What is known of the instance that orders go to."""
        return self.estate.instances[self.host]

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was sent, and what else was done, in order."""
        return tuple(self._session.steps)

    def as_case(self) -> Case:
        """What was sent as a case; its clause is the one that the last exchange broke, if any."""
        last = self.exchanges[-1].judgement.breaches if self.exchanges else ()
        return recorded_case(
            self.steps,
            last[0].clause.identifier if last else None,
            None,
            self._seed,
            context_of(self.target, self._factory.profile),
            self.configurations,
            strict=self._strict,
        )

    @property
    def now(self) -> int:
        """The target's clock in seconds."""
        return self._session.now()

    @property
    def can_begin_again(self) -> bool:
        """Whether the target's instances can be had anew, with nothing in them."""
        profile = self._factory.profile
        return Capability.INSTANCES in profile.capabilities and not profile.live

    def reply_named(self, name: str) -> Reply | None:
        """The reply with that label or number, or the last one for `_`, or None."""
        place = int(name) - 1 if name.isdecimal() else self._labels.get(name, -1)
        if name == _LAST:
            place = len(self.exchanges) - 1
        return self.exchanges[place].sent.reply if 0 <= place < len(self.exchanges) else None

    def reply_names(self) -> tuple[str, ...]:
        """The labels, and `_` where something was sent."""
        return (*self._labels, *((_LAST,) if self.exchanges else ()))

    def send(self, line: str, order: Order) -> Exchange:
        """Send what the line orders.

        Raises LineError where it has no REST form or the target does not offer it, and
        TargetUnavailableError where the target is gone.
        """

        def sending() -> None:
            self._session.send(
                self.host,
                order.request,
                credential=order.circumstances.credential,
                api_version=order.circumstances.api_version,
            )

        return self._exchanged(line, order.label, sending)

    def send_message(
        self,
        line: str,
        label: str | None,
        method: str,
        path: str,
        body: bytes,
        content_type: str = JSON,
    ) -> Exchange:
        """Send an HTTP message made by hand; raises what `send` does."""
        credential = self.circumstances.credential

        def sending() -> None:
            self._session.send_message(
                self.host, method, path, body, credential=credential, content_type=content_type
            )

        return self._exchanged(line, label, sending)

    def _exchanged(self, line: str, label: str | None, sending: Callable[[], None]) -> Exchange:
        before, problem, steps = self.estate, None, len(self._session.steps)
        try:
            # What is unlawful is told with the exchange, and the conversation goes on.
            with suppress(ConformanceFailure):
                sending()
        except InconclusiveError as error:
            problem = str(error)
        except HarnessFault:
            raise LineError(
                "the REST form has no such request; `http` sends any message", 0
            ) from None
        except NotOfferedError as error:
            raise LineError(str(error), 0) from None
        sent = next(step for step in self._session.steps[steps:] if isinstance(step, Sent))
        number = len(self.exchanges) + 1
        judgement = self._session.judgement
        exchange = Exchange(
            number, line, label, before, sent, self._session.answer, judgement, problem
        )
        self.exchanges.append(exchange)
        if label is not None:
            self._labels[label] = number - 1
        return exchange

    def advance(self, seconds: int) -> None:
        """Move the target's clock forward; raises LineError where it has none that can be moved."""
        self._capable(lambda: self._session.advance(seconds))

    def lose_next(self, *, after_effect: bool) -> None:
        """Lose the reply to the next request; raises LineError where the target cannot."""
        self._capable(lambda: self._session.lose_next(after_effect=after_effect))

    def _capable(self, doing: Callable[[], None]) -> None:
        try:
            doing()
        except InapplicableError as error:
            raise LineError(str(error), 0) from None

    def use(self, name: str) -> str:
        """Send what follows to the instance of that name; returns its host name.

        Raises LineError where there is none.
        """
        for host in self.hosts:
            if name in (host, host.partition(".")[0]):
                self.host = host
                return host
        known = ", ".join(host.partition(".")[0] for host in self.hosts)
        raise LineError(f"no instance is called {name!r}; there is {known}", 0)

    def show_credential(self, credential: Credential) -> None:
        """Show this credential with what follows."""
        self.circumstances = replace(self.circumstances, credential=credential)

    def ask_under(self, api_version: str | None) -> None:
        """Send what follows under this api-version, or without one."""
        self.circumstances = replace(self.circumstances, api_version=api_version)
