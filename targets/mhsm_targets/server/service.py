"""A server put together: what stands behind it, who may use it, and its instances by name."""

from __future__ import annotations

import json
import re
import secrets
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mhsm_model.configuration import Configuration
from mhsm_targets.emulator import EmulatorFactory
from mhsm_targets.protocol import KeepingFactory, PlannedFactory, TargetFactory
from mhsm_targets.registry import target_factory
from mhsm_targets.server.addresses import INSTANCE_NAME, ISSUER_HOST, address_of
from mhsm_targets.server.backing import Backing, TargetBacking, internal_host, keeping
from mhsm_targets.server.certificates import Authority
from mhsm_targets.server.chance import ForeseeableChance, SystemChance
from mhsm_targets.server.clock import ServerClock
from mhsm_targets.server.data_plane import DataPlane
from mhsm_targets.server.errors import ConflictError, NotSupportedError, ServerError
from mhsm_targets.server.estate_store import EstateStore
from mhsm_targets.server.faults import Faults
from mhsm_targets.server.identity import issuer_endpoint
from mhsm_targets.server.listening import HttpServer, data_sockets, loopback_socket
from mhsm_targets.server.model_backing import ModelBacking
from mhsm_targets.server.options import ServeOptions
from mhsm_targets.server.store import Store
from mhsm_targets.server.tokens import Issuer, IssuerKey

__all__ = ["Service", "servable"]

_MOST_INSTANCES: Final = 200
_TOKEN: Final = re.compile(r"[!-~]{1,4096}")


class Service:
    """The instances of one server. Raises ServerError, TargetUnavailableError."""

    def __init__(self, factory: TargetFactory, options: ServeOptions, store: Store | None) -> None:
        self._store = store
        kept = {} if store is None else store.instances()
        asked = options.instances or ({} if kept else {"hsm-a": Configuration()})
        self._configurations = {name: told for name, (_, told) in kept.items()} | {
            name: told for name, told in asked.items() if name not in kept
        }
        self._check_names(self._configurations)
        self._internal = {
            name: kept[name][0] if name in kept else internal_host()
            for name in self._configurations
        }
        self._recorded(options, kept)
        ahead = None if store is None else store.setting("ahead")
        self.clock = ServerClock(float(ahead or 0))
        self.faults = Faults()
        self.lag = 0.0
        self.issuer = Issuer(self._issuer_key())
        self.authority = self._certificate_authority()
        self._target_name = options.target
        self._static_token = _sendable(options.static_token)
        self._sockets = data_sockets(options.port, len(self._configurations))
        self.port: int = self._sockets[0].getsockname()[1]
        try:
            self.backing = self._backing(factory, options.seed)
        except BaseException:
            for bound in self._sockets:
                bound.close()
            raise
        self.authority_url = f"https://{ISSUER_HOST}:{self.port}/{self.issuer.tenant}"
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.install(self._context, tuple(self._configurations))
        self._plane = DataPlane(
            self.backing,
            self._internal,
            self._accepts,
            issuer_endpoint(self.issuer),
            self.authority_url,
            self.faults,
        )
        self.server = HttpServer(self._plane, self._sockets, self._context, self._plane.at_once)

    @property
    def urls(self) -> dict[str, str]:
        """The URL of each instance that works on any machine."""
        names = enumerate(self._configurations)
        return {name: f"https://{address_of(number)}:{self.port}" for number, name in names}

    @property
    def named_urls(self) -> dict[str, str]:
        """The URL of each instance with its name in it."""
        return {name: f"https://{name}.localhost:{self.port}" for name in self._configurations}

    def let_lag(self, seconds: float) -> None:
        """Let reads answer with what was the case up to so many seconds ago."""
        self.backing.let_lag(seconds)
        self.lag = seconds

    def freeze(self, frozen: bool) -> None:
        """Let the clock stand still, or run on."""
        if not frozen:
            self.clock.resume()
        elif self.backing.can_freeze:
            self.clock.freeze()
        else:
            raise NotSupportedError(
                f"the clock of target {self._target_name} does not stand still: that of the model "
                f"does"
            )
        self._keep_clock()

    def advance(self, seconds: float) -> None:
        """Move the clock forward; it stays ahead after a restart."""
        if not self.backing.can_advance:
            raise NotSupportedError(
                f"the clock of target {self._target_name} cannot be moved: that of the model can"
            )
        self.clock.advance(seconds)
        self._keep_clock()

    async def add_instance(self, name: str, configuration: Configuration) -> None:
        """Add an instance, with an address of its own."""
        if name in self._configurations:
            raise ConflictError(f"there is an instance {name} already")
        grown = {**self._configurations, name: configuration}
        self._check_names(grown)
        bound = loopback_socket(self.port, address_of(len(self._configurations)))
        host = internal_host()
        try:
            await self.backing.add_instance(host, configuration)
            if self._store is not None:
                self._store.add_instance(name, host, configuration)
        except BaseException:
            bound.close()
            raise
        self._configurations = grown
        self._internal[name] = host
        self.authority.install(self._context, tuple(grown))
        self._plane.add_instance(name, host)
        await self.server.listen_on(bound)

    async def reset(self, configurations: Mapping[str, Configuration]) -> None:
        """Let all instances be as at their beginning, and the clock the real one.

        Those that are named are configured anew.
        """
        unknown = configurations.keys() - self._configurations.keys()
        if unknown:
            raise ServerError(f"there is no instance {min(unknown)}")
        await self.backing.reset({self._internal[n]: told for n, told in configurations.items()})
        self._configurations |= configurations
        self.faults.clear()
        self.let_lag(0)
        self.clock.restart()
        self._keep_clock()

    def _starts(self) -> int:
        """How many servers have had the folder before this one: a stream is not drawn twice."""
        if self._store is None:
            return 0
        starts = int(self._store.setting("starts") or 0)
        self._store.set({"starts": str(starts + 1)})
        return starts

    def _keep_clock(self) -> None:
        if self._store is not None:
            self._store.set({"ahead": repr(self.clock.ahead)})

    def close(self) -> None:
        """Give back what is held."""
        self.backing.close()
        for bound in self._sockets:
            bound.close()

    def _accepts(self, token: str, resource: str) -> bool:
        if self._static_token is not None and token == self._static_token:
            return True
        # Tokens are of the real world: a client whose clock is not moved would be locked out.
        return self.issuer.accepts(token, resource, int(time.time()))

    def _check_names(self, instances: Mapping[str, Configuration]) -> None:
        for name in instances:
            if INSTANCE_NAME.fullmatch(name) is None:
                raise ServerError(
                    f"{name!r} is no name of an instance: a letter, then up to 23 of a-z, 0-9, -"
                )
        if len(instances) > _MOST_INSTANCES:
            raise ServerError(f"a server has at most {_MOST_INSTANCES} instances")

    def _recorded(self, options: ServeOptions, kept: Mapping[str, object]) -> None:
        if self._store is None:
            return
        target = self._store.setting("target")
        if target is None:
            self._store.set({"target": options.target})
        elif target != options.target:
            folder = self._store.folder
            raise ServerError(f"the data folder {folder} is of target {target}: serve that")
        for name, configuration in self._configurations.items():
            if name not in kept:
                self._store.add_instance(name, self._internal[name], configuration)

    def _issuer_key(self) -> IssuerKey:
        if self._store is None:
            return IssuerKey.made()
        tenant, key = self._store.setting("tenant"), self._store.setting("issuer_key")
        if tenant is not None and key is not None:
            return IssuerKey(tenant, key.encode())
        made = IssuerKey.made()
        self._store.set({"tenant": made.tenant, "issuer_key": made.private_key.decode()})
        return made

    def _certificate_authority(self) -> Authority:
        told = None if self._store is None else self._store.setting("authority")
        if told is not None:
            certificate, key = json.loads(told)
            return Authority(certificate.encode(), key.encode())
        made = Authority.made()
        if self._store is not None:
            both = made.certificate.decode(), made.private_key.decode()
            self._store.set({"authority": json.dumps(both)})
        return made

    def _backing(self, factory: TargetFactory, seed: int | None) -> Backing:
        configurations = {self._internal[name]: told for name, told in self._configurations.items()}
        if not isinstance(factory, EmulatorFactory):
            folder = None if self._store is None else self._tokens_folder(self._store.folder)
            drawn = secrets.randbits(64) if seed is None else seed
            return TargetBacking(
                self._target_name, factory, configurations, drawn, self.clock, folder
            )
        chance = SystemChance() if seed is None else ForeseeableChance(seed, self._starts())
        if self._store is None:
            return ModelBacking(configurations, chance, self.clock)
        keeper = EstateStore(self._store)
        state = keeper.state(configurations)
        return ModelBacking(configurations, chance, self.clock, state=state, keeper=keeper)

    @staticmethod
    def _tokens_folder(folder: Path) -> Path:
        return folder / "target"


def servable(options: ServeOptions) -> TargetFactory:
    """The factory of the target, where it can be served so; nothing is written yet.

    Raises UnknownTargetError, TargetUnavailableError and NotSupportedError.
    """
    factory = target_factory(options.target)
    if isinstance(factory, PlannedFactory):
        raise NotSupportedError(
            f"target {options.target} is served already: let clients use its own URL"
        )
    if options.seed is not None and isinstance(factory, KeepingFactory):
        raise NotSupportedError(f"target {options.target} draws its keys itself: leave --seed out")
    if options.data is not None and not isinstance(factory, EmulatorFactory):
        keeping(factory, options.target)
    return factory


def _sendable(token: str | None) -> str | None:
    """The token as it is, where a header can carry it; raises ServerError."""
    if token is not None and _TOKEN.fullmatch(token) is None:
        raise ServerError(
            "a static token is 1 to 4096 letters, digits or signs of ASCII, with no space: a "
            "header carries no other"
        )
    return token
