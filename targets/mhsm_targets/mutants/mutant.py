"""What a mutant is: an emulator with one fault, and the clause that the fault breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mhsm_model.alternatives import situations
from mhsm_model.belief import objections
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Call, Refused, Reply
from mhsm_model.generator import Step
from mhsm_model.operations import BY_REQUEST
from mhsm_model.rules import Guard
from mhsm_model.state import Estate
from mhsm_model.tables.errors import Refusal
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.emulator import Emulator
from mhsm_targets.profiles import profile
from mhsm_targets.protocol import TargetProfile

__all__ = [
    "BytesFault",
    "CallFault",
    "ConfigurationFault",
    "Fault",
    "IgnoredGuard",
    "Mutant",
    "MutantEmulator",
    "MutantFactory",
    "ReplyFault",
    "StateFault",
    "entered",
    "register",
    "registered_mutants",
    "wrong_bytes",
    "wrong_call",
    "wrong_configuration",
    "wrong_reply",
    "wrong_state",
]


@dataclass(frozen=True, slots=True)
class IgnoredGuard:
    """The guard of a clause is not asked; where that leaves nothing to answer, it answers 500.

    Where the guard would have refused, those that presuppose it are not asked either: they speak of
    what the guard makes sure of.
    """

    clause: str


@dataclass(frozen=True, slots=True)
class ConfigurationFault:
    """The instances are configured otherwise than they were told."""

    change: Callable[[Configuration], Configuration]


@dataclass(frozen=True, slots=True)
class CallFault:
    """A call is misread on its way in: another is carried out, state and reply follow from that.

    The function gets the call and the state before it.
    """

    change: Callable[[Call, Estate], Call]


@dataclass(frozen=True, slots=True)
class ReplyFault:
    """A reply is changed on its way out; the state is right.

    The function gets the call, the lawful reply and the state before the call.
    """

    change: Callable[[Call, Reply, Estate], Reply]


@dataclass(frozen=True, slots=True)
class BytesFault:
    """A response is changed on its way out: method, then the lawful response."""

    change: Callable[[HttpRequest, HttpResponse], HttpResponse]


@dataclass(frozen=True, slots=True)
class StateFault:
    """The state after a call is changed, or a reply that needs the secrets to be changed.

    The function gets the call, the state before it, and the lawful step with state and vault.
    """

    change: Callable[[Call, Estate, Step], Step]


Fault = IgnoredGuard | ConfigurationFault | CallFault | ReplyFault | BytesFault | StateFault


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault with its name, the clause it breaks, and what is wrong in one sentence."""

    name: str
    clause: str
    prose: str
    fault: Fault


_REGISTERED: dict[str, Mutant] = {}


def register(mutant: Mutant) -> None:
    """Enter a mutant; raises ValueError for a name that is taken."""
    if mutant.name in _REGISTERED:
        raise ValueError(f"mutant {mutant.name} is declared twice")
    _REGISTERED[mutant.name] = mutant


def registered_mutants() -> tuple[Mutant, ...]:
    """All mutants declared so far, by clause and name. See `gallery` for the whole."""
    return tuple(sorted(_REGISTERED.values(), key=lambda mutant: (mutant.clause, mutant.name)))


def entered(function: Callable[..., Any], clause: str, fault: Fault) -> None:
    """Enter a mutant named like the function, whose docstring says what is wrong."""
    prose = " ".join((function.__doc__ or "").split())
    register(Mutant(function.__name__.replace("_", "-"), clause, prose, fault))


ConfigurationChange = Callable[[Configuration], Configuration]
CallChange = Callable[[Call, Estate], Call]
ReplyChange = Callable[[Call, Reply, Estate], Reply]
BytesChange = Callable[[HttpRequest, HttpResponse], HttpResponse]
StateChange = Callable[[Call, Estate, Step], Step]


def wrong_configuration(clause: str) -> Callable[[ConfigurationChange], ConfigurationChange]:
    """Declare the decorated function as a mutant that changes every instance's configuration."""

    def declared(change: ConfigurationChange) -> ConfigurationChange:
        entered(change, clause, ConfigurationFault(change))
        return change

    return declared


def wrong_call(clause: str) -> Callable[[CallChange], CallChange]:
    """Declare the decorated function as a mutant that misreads calls."""

    def declared(change: CallChange) -> CallChange:
        entered(change, clause, CallFault(change))
        return change

    return declared


def wrong_reply(clause: str) -> Callable[[ReplyChange], ReplyChange]:
    """Declare the decorated function as a mutant that changes replies."""

    def declared(change: ReplyChange) -> ReplyChange:
        entered(change, clause, ReplyFault(change))
        return change

    return declared


def wrong_bytes(clause: str) -> Callable[[BytesChange], BytesChange]:
    """Declare the decorated function as a mutant that changes responses."""

    def declared(change: BytesChange) -> BytesChange:
        entered(change, clause, BytesFault(change))
        return change

    return declared


def wrong_state(clause: str) -> Callable[[StateChange], StateChange]:
    """Declare the decorated function as a mutant that changes the state."""

    def declared(change: StateChange) -> StateChange:
        entered(change, clause, StateFault(change))
        return change

    return declared


class MutantEmulator(Emulator):
    """An emulator with one fault."""

    def __init__(
        self, configurations: Mapping[str, Configuration], seed: int, fault: Fault
    ) -> None:
        if isinstance(fault, ConfigurationFault):
            configurations = {host: fault.change(own) for host, own in configurations.items()}
        super().__init__(configurations, seed)
        self._fault: Final = fault

    def exchange(self, request: HttpRequest) -> HttpResponse | None:
        """Answer one request, with the fault."""
        response = super().exchange(request)
        if isinstance(self._fault, BytesFault) and response is not None:
            return self._fault.change(request, response)
        return response

    def carry_out(
        self, call: Call, *, ignoring: Callable[[Guard[Any]], bool] | None = None
    ) -> Step:
        """One step from the present state, with the fault."""
        fault, before = self._fault, self.estate
        if isinstance(fault, IgnoredGuard):
            return self._without_guard(call, fault.clause)
        if isinstance(fault, CallFault):
            return super().carry_out(fault.change(call, before))
        moved = super().carry_out(call)
        match fault:
            case ReplyFault(change):
                return Step(moved.estate, moved.vault, change(call, moved.reply, before))
            case StateFault(change):
                return change(call, before, moved)
            case _:
                return moved

    def _without_guard(self, call: Call, clause: str) -> Step:
        try:
            ignored = self._ignored(call, clause)
            return super().carry_out(
                call, ignoring=lambda guard: guard.clause.identifier in ignored
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            lawful = super().carry_out(call)
            fault = Refused(500, "UnknownError", "Unknown error")
            return Step(lawful.estate, lawful.vault, fault)

    def _ignored(self, call: Call, clause: str) -> frozenset[str]:
        """The clause, and where its guard would refuse, those whose guards presuppose it."""
        operation = BY_REQUEST.get(type(call.request))
        if operation is None:
            return frozenset()
        situation = next(iter(situations(self.estate, call)))
        found = objections(operation.guards, situation)
        refused = (guard for guard, objection in found if isinstance(objection, Refusal))
        ignored = {clause}
        if any(guard.clause.identifier == clause for guard in refused):
            for guard in operation.guards:
                if any(needed.clause.identifier in ignored for needed in guard.presupposes):
                    ignored.add(guard.clause.identifier)
        return frozenset(ignored)


class MutantFactory:
    """Opens one mutant."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    @property
    def profile(self) -> TargetProfile:
        """What the emulator claims, which the mutant does not keep."""
        return profile("model")

    def open(self, configurations: Mapping[str, Configuration], seed: int) -> MutantEmulator:
        """The mutant with an instance for each host name."""
        return MutantEmulator(configurations, seed, self._mutant.fault)
