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
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
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
from mhsm_model.generator import Step, Vault, answer, answering, step
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
from mhsm_targets.server.workers import Workers

__all__ = ["Change", "Keeper", "ModelBacking"]

_TOKEN: Final = "model-token"
_MOVING: Final = (*CHANGING, BackupKey)
"""A blob that was given out belongs to the state too."""

_NICE: Final = 10
"""How much a thread that makes an RSA key, which takes up to seconds, gives way to the others."""

_USING: Final = (Decrypt, Sign, UnwrapKey)
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
        self._uses = Workers(os.cpu_count() or 1, "use")
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

    def exchange(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        """The response to one request, or one that is awaited."""
        if request.method != "GET" or request.body or self._lag:
            return self._answered(request)
        estate, second = self._estate, int(self._clock.now())
        found = self._reads.found(request, estate, second)
        if found is not None:
            headers = {**found.headers, "x-ms-request-id": _request_id()}
            return HttpResponse(found.status, headers, found.body)
        response = self._answered(request)
        if isinstance(response, HttpResponse):
            self._reads.keep(request, estate, second, response)
        return response

    def _answered(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        decoded = decode_request(request)
        if self._lag and isinstance(decoded, _READING):
            return _encoded(request, self._read_late(request, decoded))
        if isinstance(decoded, _MOVING):
            return self._changed(request, decoded)
        if isinstance(decoded, _USING) and decoded.algorithm.startswith(_USED_ASIDE):
            return self._used_aside(request, decoded)
        return _encoded(request, answer(*self._asked(request, decoded)))

    def _used_aside(
        self, request: HttpRequest, decoded: Request
    ) -> HttpResponse | Awaitable[HttpResponse]:
        asked = self._asked(request, decoded)
        # To find out whether anything can be deciphered is to decipher it.
        reply = answering(*asked) if isinstance(decoded, Sign) else partial(answer, *asked)
        return self._done_aside(request, reply) if callable(reply) else _encoded(request, reply)

    async def _done_aside(self, request: HttpRequest, reply: Callable[[], Reply]) -> HttpResponse:
        return _encoded(request, await self._uses.result_of(reply))

    def _asked(
        self, request: HttpRequest, decoded: Request
    ) -> tuple[Estate, Vault, Call, ServerChance]:
        return self._estate, self._vault, self._call(request, decoded), self._chance

    def _read_late(self, request: HttpRequest, decoded: Request) -> Reply:
        """A read at a replica that may not have seen the last changes yet."""
        call = self._call(request, decoded)
        began = self._clock.now() - self._lag
        while self._past and self._past[0][0] < began:
            self._past.popleft()
        seen = [(estate, vault) for _, estate, vault in self._past]
        estate, vault = secrets.choice([*seen, (self._estate, self._vault)])
        return answer(estate, vault, call, self._chance)

    def _changed(
        self, request: HttpRequest, decoded: Request
    ) -> HttpResponse | Awaitable[HttpResponse]:
        try:
            return _encoded(request, self._moved(request, decoded))
        except RsaNeeded as needed:
            return self._changed_later(request, decoded, needed)

    async def _changed_later(
        self, request: HttpRequest, decoded: Request, needed: RsaNeeded
    ) -> HttpResponse:
        loop = asyncio.get_running_loop()
        while True:
            secret = await loop.run_in_executor(self._births, needed.make)
            self._chance.give(needed, secret)
            try:
                return _encoded(request, self._moved(request, decoded))
            except RsaNeeded as again:
                needed = again

    def _moved(self, request: HttpRequest, decoded: Request) -> Reply:
        """The reply to what changes the state, and the change. Raises RsaNeeded before it."""
        call = self._call(request, decoded)
        moved = step(self._estate, self._vault, call, self._chance)
        name = addressed_name(self._estate, decoded, moved.reply)
        if self._keeper is not None:
            before = Step(self._estate, self._vault, moved.reply)
            try:
                self._keeper.keep(Change(before, moved, call, name))
            except ServerError as error:
                # What could not be kept did not happen.
                print(f"mhsm serve: {error}", file=sys.stderr)
                return Refused(500, "InternalError", "The change could not be stored.")
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
        self._uses.close()
        self._births.shutdown(cancel_futures=True)


def _encoded(request: HttpRequest, reply: Reply) -> HttpResponse:
    return encode_reply(request.method, reply, ServerMarks(request_id=_request_id()))


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
