"""What stands behind the server: a target, opened with instances whose names nobody can guess.

The host that a client uses is the client's choice, and a target knows its instances by one name.
So each instance has an internal host, a token drawn at random, and its bytes are replaced in what
the target answers. Nothing a client sent can hold them.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol

from mhsm_model.configuration import Configuration
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.protocol import (
    ClockTarget,
    KeepingFactory,
    TargetFactory,
    VirtualClockTarget,
    WireTarget,
)
from mhsm_targets.server.clock import ServerClock
from mhsm_targets.server.errors import ConflictError, NotSupportedError

__all__ = ["Backing", "TargetBacking", "internal_host", "keeping"]

_MARK: Final = ".instance.invalid"


def internal_host() -> str:
    """A host name that no request contains by chance; reserved by RFC 2606."""
    return f"{secrets.token_hex(16)}{_MARK}"


class Backing(Protocol):
    """Answers requests to internal hosts."""

    @property
    def token(self) -> str:
        """The bearer token that the target takes."""
        ...

    @property
    def can_freeze(self) -> bool:
        """Whether its clock stands still where the server's does."""
        ...

    @property
    def can_advance(self) -> bool:
        """Whether its clock is moved forward where the server's is."""
        ...

    def exchange(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse | None]:
        """The response, or one that is awaited, None where none is to arrive."""
        ...

    def let_lag(self, seconds: float) -> None:
        """Let reads answer with what was the case up to so long ago. Raises ServerError."""
        ...

    async def add_instance(self, host: str, configuration: Configuration) -> None:
        """Have one more instance. Raises ServerError, TargetUnavailableError."""
        ...

    async def reset(self, configurations: Mapping[str, Configuration]) -> None:
        """Let all instances be as at their beginning, some configured anew.

        Raises as opening does.
        """
        ...

    def close(self) -> None:
        """Give back what is held; calling it twice is fine."""
        ...


def keeping(factory: TargetFactory, name: str) -> KeepingFactory:
    """The factory, where its targets can keep instances in a folder. Raises NotSupportedError."""
    if not isinstance(factory, KeepingFactory):
        raise NotSupportedError(f"target {name} keeps nothing: leave --data out")
    return factory


class TargetBacking:
    """Any target. It takes one request at a time, in a thread of its own.

    `name` is what it is called in sentences to the user. `folder` is where a target keeps its
    instances that can keep any, None for one that forgets.
    """

    def __init__(
        self,
        name: str,
        factory: TargetFactory,
        configurations: Mapping[str, Configuration],
        seed: int,
        clock: ServerClock,
        folder: Path | None = None,
    ) -> None:
        self._name = name
        self._factory = factory
        self._configurations = dict(configurations)
        self._seed = seed
        self._clock = clock
        self._folder = folder
        self._target = self._opened(clock.now())
        self._lane = ThreadPoolExecutor(1, thread_name_prefix="target")

    def _opened(self, now: float) -> WireTarget:
        if self._folder is None:
            target = self._factory.open(self._configurations, self._seed)
            if isinstance(target, VirtualClockTarget):
                # A virtual clock starts in a future that the real one has not reached.
                target.start_at(int(now))
            return target
        return keeping(self._factory, self._name).open_kept(self._configurations, self._folder)

    @property
    def token(self) -> str:
        """The bearer token that the target takes."""
        return self._target.token

    @property
    def can_freeze(self) -> bool:
        """No: a target has a clock of its own, which can be moved forward at most."""
        return False

    @property
    def can_advance(self) -> bool:
        """Whether the target's clock can be moved."""
        return isinstance(self._target, ClockTarget)

    def exchange(self, request: HttpRequest) -> Awaitable[HttpResponse | None]:
        """The response, which is awaited, None where none is to arrive."""
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._lane, self._exchange, request)

    def _exchange(self, request: HttpRequest) -> HttpResponse | None:
        if isinstance(self._target, ClockTarget):
            self._target.advance(max(0, int(self._clock.now()) - self._target.now()))
        return self._target.exchange(request)

    def let_lag(self, seconds: float) -> None:
        """Targets have one state."""
        if seconds:
            raise NotSupportedError(
                f"target {self._name} has one state and does not lag: serve the model for that"
            )

    async def add_instance(self, host: str, configuration: Configuration) -> None:
        """Targets have the instances that they were opened with."""
        raise NotSupportedError(
            f"target {self._name} has the instances of its start: serve it with --instance for each"
        )

    async def reset(self, configurations: Mapping[str, Configuration]) -> None:
        """Open the target anew."""
        if self._folder is not None:
            raise ConflictError(
                f"what target {self._name} keeps in a folder is not reset: serve it without "
                f"--data, or with another folder"
            )
        self._configurations |= configurations
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._lane, self._reset)

    def _reset(self) -> None:
        self._target.close()
        # Whoever asks of it has seen nothing of the past, and the clock will be the real one.
        self._target = self._opened(time.time())

    def close(self) -> None:
        """End the thread, then the target."""
        self._lane.shutdown()
        self._target.close()
