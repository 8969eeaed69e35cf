"""The model behind the server: lawful steps at the real clock, kept where they are to be kept.

Only what changes keys moves the state. What merely uses them is answered from the state at hand and
forgotten, so a server that runs for days does not grow; and RSA keys are used in other threads,
for which the state, which never changes in place, needs no lock.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import sys
import threading
from collections import deque
from collections.abc import Awaitable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final, Protocol

from mhsm_model.alternatives import addressed_name
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    BackupKey,
    Call,
    Decrypt,
    GetDeletedKey,
    GetKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    Refused,
    Reply,
    Request,
    Sign,
    UnwrapKey,
)
from mhsm_model.generator import Step, Vault, answer, step
from mhsm_model.requests import CHANGING
from mhsm_model.state import Absent, Estate, Instance
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.request_decoding import decode_request
from mhsm_model.wire.response_codec import ServerMarks, encode_reply
from mhsm_targets.calls import received
from mhsm_targets.server.chance import RsaNeeded, ServerChance
from mhsm_targets.server.clock import ServerClock
from mhsm_targets.server.errors import ConflictError, ServerError
from mhsm_targets.server.recent_reads import RecentReads

__all__ = ["Change", "Keeper", "ModelBacking"]

_TOKEN: Final = "model-token"
_MOVING: Final = (*CHANGING, BackupKey)
"""A blob that was given out belongs to the state too."""

_NICE: Final = 10
"""How much a thread that makes an RSA key, which takes up to seconds, gives way to the others."""

_READING: Final = (GetDeletedKey, GetKey, ListDeletedKeys, ListKeys, ListKeyVersions)
_USED_ASIDE: Final = ("RS", "PS")
"""How the algorithms begin that use an RSA private key: RS256, PS256, RSA-OAEP and so on."""


class Change:
    """What an exchange changed: the state before and after, and where to look."""

    __slots__ = ("after", "before", "call", "name", "reply")

    def __init__(self, before: Step, after: Step, call: Call, name: str) -> None:
        self.before = before
        self.after = after
        self.call = call
        self.name = name
        self.reply = after.reply


class Keeper(Protocol):
    """Keeps changes; what it has kept is there again after the process has died."""

    def keep(self, change: Change) -> None:
        """Keep one change. Raises ServerError where that cannot be; nothing is kept then."""
        ...

    def clear(self) -> None:
        """Forget all that was kept of the state. Raises ServerError."""
        ...


class ModelBacking:
    """The specification run forwards, for a server. Used in one event loop."""

    def __init__(
        self,
        configurations: Mapping[str, Configuration],
        chance: ServerChance,
        clock: ServerClock,
        *,
        state: tuple[Estate, Vault] | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        self._estate, self._vault = state or (_fresh(configurations), Vault())
        self._chance = chance
        self._clock = clock
        self._keeper = keeper
        self._configurations = dict(configurations)
        self._lag = 0.0
        self._reads = RecentReads()
        self._past: deque[tuple[float, Estate, Vault]] = deque()
        self._uses = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="use")
        # Apart, so that nobody waits for a key that somebody else has made.
        self._births = ThreadPoolExecutor(2, thread_name_prefix="birth", initializer=_give_way)

    @property
    def token(self) -> str:
        """The bearer token that the model takes."""
        return _TOKEN

    @property
    def estate(self) -> Estate:
        """The state: what an onlooker who saw every change would know."""
        return self._estate

    @property
    def vault(self) -> Vault:
        """The secrets of the state."""
        return self._vault

    async def exchange(self, request: HttpRequest) -> HttpResponse:
        """The response to one request."""
        if request.method != "GET" or request.body or self._lag:
            return await self._answered(request)
        estate, second = self._estate, int(self._clock.now())
        response = self._reads.found(request, estate, second)
        if response is None:
            response = await self._answered(request)
            self._reads.keep(request, estate, second, response)
            return response
        headers = {**response.headers, "x-ms-request-id": _request_id()}
        return HttpResponse(response.status, headers, response.body)

    async def _answered(self, request: HttpRequest) -> HttpResponse:
        try:
            decoded = decode_request(request)
            aside = self._aside(request, decoded)
            reply = self._used(request, decoded) if aside is None else await aside
        except ServerError as error:
            # What could not be kept did not happen.
            print(f"mhsm serve: {error}", file=sys.stderr)
            reply = Refused(500, "InternalError", "The change could not be stored.")
        return encode_reply(request.method, reply, ServerMarks(request_id=_request_id()))

    def _aside(self, request: HttpRequest, decoded: Request) -> Awaitable[Reply] | None:
        """The reply to what is not answered at once from the state at hand, else None."""
        if isinstance(decoded, _MOVING):
            return self._changed(request, decoded)
        if isinstance(decoded, (Sign, Decrypt, UnwrapKey)) and decoded.algorithm.startswith(
            _USED_ASIDE
        ):
            loop = asyncio.get_running_loop()
            return loop.run_in_executor(self._uses, self._used, request, decoded)
        if self._lag and isinstance(decoded, _READING):
            return self._read_late(request, decoded)
        return None

    def _used(self, request: HttpRequest, decoded: Request) -> Reply:
        call = self._call(request, decoded)
        return answer(self._estate, self._vault, call, self._chance)

    async def _read_late(self, request: HttpRequest, decoded: Request) -> Reply:
        """A read at a replica that may not have seen the last changes yet."""
        call = self._call(request, decoded)
        began = self._clock.now() - self._lag
        while self._past and self._past[0][0] < began:
            self._past.popleft()
        seen = [(estate, vault) for _, estate, vault in self._past]
        estate, vault = secrets.choice([*seen, (self._estate, self._vault)])
        return answer(estate, vault, call, self._chance)

    async def _changed(self, request: HttpRequest, decoded: Request) -> Reply:
        while True:
            call = self._call(request, decoded)
            try:
                moved = step(self._estate, self._vault, call, self._chance)
            except RsaNeeded as needed:
                loop = asyncio.get_running_loop()
                secret = await loop.run_in_executor(self._births, needed.make)
                self._chance.give(needed, secret)
                continue
            name = addressed_name(self._estate, decoded, moved.reply)
            if self._keeper is not None:
                before = Step(self._estate, self._vault, moved.reply)
                self._keeper.keep(Change(before, moved, call, name))
            if self._lag:
                self._past.append((self._clock.now(), self._estate, self._vault))
            self._estate = _lent(moved, call.host, name)
            self._vault = moved.vault
            return moved.reply

    def _call(self, request: HttpRequest, decoded: Request) -> Call:
        return received(request, decoded, int(self._clock.now()), _TOKEN)

    @property
    def can_freeze(self) -> bool:
        """The model knows no clock but the server's."""
        return True

    @property
    def can_advance(self) -> bool:
        """The model knows no clock but the server's."""
        return True

    def let_lag(self, seconds: float) -> None:
        """Let reads answer with what was the case up to so many seconds ago."""
        self._lag = seconds
        self._past.clear()

    async def add_instance(self, host: str, configuration: Configuration) -> None:
        """Have one more instance."""
        self._configurations[host] = configuration
        self._estate = self._estate.with_instance(host, Instance(configuration))

    async def reset(self, configurations: Mapping[str, Configuration]) -> None:
        """Forget all keys, all material and all blobs. Raises ServerError."""
        if self._keeper is not None:
            if configurations:
                raise ConflictError(
                    "instances that are kept in a folder keep their configurations: reset them "
                    "without any, or add an instance"
                )
            self._keeper.clear()
        self._configurations |= configurations
        self._past.clear()
        self._estate, self._vault = _fresh(self._configurations), Vault()

    def close(self) -> None:
        """End the threads; a key that is being made is waited for."""
        self._uses.shutdown()
        self._births.shutdown(cancel_futures=True)


def _give_way() -> None:
    """Let the thread that calls it yield the processor to those that answer, where it can."""
    if sys.platform == "linux":
        # There a thread has a priority of its own, under its number.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _lent(moved: Step, host: str, name: str) -> Estate:
    """The estate with the secrets of what is at the name in it.

    `step` lends each call the secret that it needs; here they are lent once and for all.
    """
    estate = moved.estate
    factor = estate.instances[host].factors.get(name)
    if factor is None or isinstance(factor.entries[0], Absent):
        return estate
    materials = estate.materials
    for version in factor.entries[0].key.versions:
        material = materials[version.material]
        if material.secret is None:
            secret = moved.vault[version.material]
            materials = materials.set(version.material, replace(material, secret=secret))
    return estate if materials is estate.materials else replace(estate, materials=materials)


def _fresh(configurations: Mapping[str, Configuration]) -> Estate:
    estate = Estate()
    for host, configuration in configurations.items():
        estate = estate.with_instance(host, Instance(configuration))
    return estate


# The system's random bytes cost more, and nobody must be unable to foresee these.
_REQUEST_IDS: Final = random.Random()


def _request_id() -> str:
    """A UUID of the service's form (version 1), of chance alone."""
    drawn = f"{_REQUEST_IDS.getrandbits(128):032x}"
    variant = "89ab"[int(drawn[16], 16) & 3]
    return f"{drawn[:8]}-{drawn[8:12]}-1{drawn[13:16]}-{variant}{drawn[17:20]}-{drawn[20:]}"
