"""Target `model`: the specification run forwards, in process, with a virtual clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mhsm_model.configuration import Configuration
from mhsm_model.entropy import SeededEntropy
from mhsm_model.exchange import Call, Reply
from mhsm_model.generator import Step, Vault, step
from mhsm_model.rules import Guard
from mhsm_model.state import Estate, Instance
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.request_decoding import decode_request
from mhsm_model.wire.response_codec import ServerMarks, encode_reply
from mhsm_targets.calls import received
from mhsm_targets.profiles import profile
from mhsm_targets.protocol import TargetProfile
from mhsm_targets.request_ids import request_id

__all__ = ["EPOCH", "Emulator", "EmulatorFactory"]

EPOCH: Final = 1_900_000_000
"""Where the virtual clock starts, in seconds: far from every date that tests use otherwise."""

_TOKEN: Final = "emulator-token"


class Emulator:
    """A Managed HSM in memory. One call at a time; the clock moves only when it is told to."""

    def __init__(self, configurations: Mapping[str, Configuration], seed: int) -> None:
        self._entropy = SeededEntropy(seed)
        self._marks = SeededEntropy(f"marks {seed}".encode())
        self._clock = EPOCH
        self._vault = Vault()
        self._estate = Estate()
        self._loss: bool | None = None
        for host, configuration in configurations.items():
            instance = Instance(configuration)
            self._estate = self._estate.with_instance(host, instance)
        self._hosts = tuple(configurations)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of the instances."""
        return self._hosts

    @property
    def token(self) -> str:
        """The token that the emulator takes."""
        return _TOKEN

    @property
    def estate(self) -> Estate:
        """The state: what an onlooker who saw everything would know."""
        return self._estate

    def now(self) -> int:
        """The virtual clock, in seconds."""
        return self._clock

    def start_at(self, moment: int) -> None:
        """Put the virtual clock to that moment, in seconds, before the first request."""
        if self._estate.serial:
            raise ValueError("the clock of an HSM does not run back")
        self._clock = moment

    def advance(self, seconds: int) -> None:
        """Move the virtual clock forward."""
        if seconds < 0:
            raise ValueError("the clock of an HSM does not run back")
        self._clock += seconds

    def lose_next(self, *, after_effect: bool) -> None:
        """Lose the reply to the next request, which has its effect first or not at all."""
        self._loss = after_effect

    def exchange(self, request: HttpRequest) -> HttpResponse | None:
        """Answer one request, or None where the reply was to be lost."""
        loss, self._loss = self._loss, None
        if loss is False:
            return None
        call = self.call(request)
        moved = self.carry_out(call)
        self._estate, self._vault = moved.estate, moved.vault
        return None if loss else self.respond(request, call, moved.reply)

    def call(self, request: HttpRequest) -> Call:
        """The call that an HTTP request is, at the virtual clock."""
        return received(request, decode_request(request), self._clock, _TOKEN)

    def carry_out(
        self, call: Call, *, ignoring: Callable[[Guard[Any]], bool] | None = None
    ) -> Step:
        """One lawful step from the present state; the state stays as it is."""
        if ignoring is None:
            return step(self._estate, self._vault, call, self._entropy)
        return step(self._estate, self._vault, call, self._entropy, ignoring=ignoring)

    def respond(self, request: HttpRequest, call: Call, reply: Reply) -> HttpResponse:
        """The response that carries the reply."""
        marks = ServerMarks(request_id=request_id(self._marks.octets(16)))
        return encode_reply(request.method, reply, marks)

    def close(self) -> None:
        """Nothing is held."""


class EmulatorFactory:
    """Opens emulators."""

    @property
    def profile(self) -> TargetProfile:
        """What the emulator claims."""
        return profile("model")

    def open(self, configurations: Mapping[str, Configuration], seed: int) -> Emulator:
        """An emulator with an instance for each host name."""
        return Emulator(configurations, seed)
