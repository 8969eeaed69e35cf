"""What stands behind the server: a target, opened with instances whose names nobody can guess.

The host that a client uses is the client's choice, and a target knows its instances by one name.
So each instance has an internal host, a token drawn at random, and its bytes are replaced in what
the target answers. Nothing a client sent can hold them.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

from mhsm_model.configuration import Configuration
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.protocol import ClockTarget, TargetFactory, WireTarget
from mhsm_targets.server.clock import ServerClock

__all__ = ["Backing", "TargetBacking", "internal_host"]

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

    async def exchange(self, request: HttpRequest) -> HttpResponse | None:
        """The response, or None where none is to arrive."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


class TargetBacking:
    """Any target. It takes one request at a time, in a thread of its own."""

    def __init__(
        self,
        factory: TargetFactory,
        configurations: Mapping[str, Configuration],
        seed: int,
        clock: ServerClock,
    ) -> None:
        self._target: WireTarget = factory.open(configurations, seed)
        self._clock = clock
        self._lane = ThreadPoolExecutor(1, thread_name_prefix="target")

    @property
    def token(self) -> str:
        """The bearer token that the target takes."""
        return self._target.token

    async def exchange(self, request: HttpRequest) -> HttpResponse | None:
        """The response, or None where none is to arrive."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._lane, self._exchange, request)

    def _exchange(self, request: HttpRequest) -> HttpResponse | None:
        if isinstance(self._target, ClockTarget):
            self._target.advance(max(0, int(self._clock.now()) - self._target.now()))
        return self._target.exchange(request)

    def close(self) -> None:
        """End the thread, then the target."""
        self._lane.shutdown()
        self._target.close()
