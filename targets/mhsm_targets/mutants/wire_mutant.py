"""Mutants of the wire: faults that any target can be given, whatever it is made of.

The other faults are in the state of the model, so that only an emulator can have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeGuard

from mhsm_model.configuration import Configuration
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.mutants.mutant import BytesFault, ConfigurationFault, Fault
from mhsm_targets.protocol import (
    ClockTarget,
    LossyTarget,
    ProvableFactory,
    TargetFactory,
    TargetProfile,
    VirtualClockTarget,
    WireTarget,
)

__all__ = ["WireFault", "WireMutant", "WireMutantFactory", "is_wire_fault"]

WireFault = BytesFault | ConfigurationFault


def is_wire_fault(fault: Fault) -> TypeGuard[WireFault]:
    """Whether any target can be given the fault."""
    return isinstance(fault, BytesFault | ConfigurationFault)


class WireMutant:
    """A target whose responses are changed on their way out, or instances on their way in."""

    def __init__(self, target: WireTarget, fault: WireFault) -> None:
        self._target: Final = target
        self._fault: Final = fault

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of the instances."""
        return self._target.hosts

    @property
    def token(self) -> str:
        """The token that the target takes."""
        return self._target.token

    def now(self) -> int:
        """The target's clock, in seconds."""
        return self._target.now()

    def start_at(self, moment: int) -> None:
        """Put the target's clock to that moment; nothing where it is the real one."""
        if isinstance(self._target, VirtualClockTarget):
            self._target.start_at(moment)

    def advance(self, seconds: int) -> None:
        """Move the target's clock forward; raises TypeError where it cannot be moved."""
        if not isinstance(self._target, ClockTarget):
            raise TypeError("the clock of this target cannot be moved")
        self._target.advance(seconds)

    def lose_next(self, *, after_effect: bool) -> None:
        """Lose the reply to the next request; raises TypeError where the target cannot."""
        if not isinstance(self._target, LossyTarget):
            raise TypeError("this target loses no replies")
        self._target.lose_next(after_effect=after_effect)

    def exchange(self, request: HttpRequest) -> HttpResponse | None:
        """Send one request, and return the target's response with the fault."""
        response = self._target.exchange(request)
        if response is None or not isinstance(self._fault, BytesFault):
            return response
        return self._fault.change(request, response)

    def close(self) -> None:
        """Close the target."""
        self._target.close()


class WireMutantFactory:
    """Opens targets of another factory with one fault."""

    def __init__(self, factory: TargetFactory, fault: WireFault) -> None:
        self._factory: Final = factory
        self._fault: Final = fault

    @property
    def profile(self) -> TargetProfile:
        """What the target claims, which the mutant does not keep."""
        return self._factory.profile

    def prove(self) -> None:
        """See `ProvableFactory`; nothing where the target needs nothing of the system."""
        if isinstance(self._factory, ProvableFactory):
            self._factory.prove()

    def open(self, configurations: Mapping[str, Configuration], seed: int) -> WireMutant:
        """The target with an instance for each host name; raises TargetUnavailableError."""
        if isinstance(self._fault, ConfigurationFault):
            change = self._fault.change
            configurations = {host: change(own) for host, own in configurations.items()}
        return WireMutant(self._factory.open(configurations, seed), self._fault)
