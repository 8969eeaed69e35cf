"""A server from its options: what it is made of, and how it begins and ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import uvloop

from mhsm_model.configuration import Configuration
from mhsm_targets.emulator import EmulatorFactory
from mhsm_targets.protocol import TargetFactory
from mhsm_targets.registry import target_factory
from mhsm_targets.server.addresses import ISSUER_HOST, address_of
from mhsm_targets.server.backing import Backing, TargetBacking, internal_host
from mhsm_targets.server.certificates import Authority
from mhsm_targets.server.chance import ForeseeableChance, SystemChance
from mhsm_targets.server.clock import ServerClock
from mhsm_targets.server.data_plane import DataPlane
from mhsm_targets.server.identity import APP_SERVICE_PATH, identity_endpoint, issuer_endpoint
from mhsm_targets.server.listening import HttpServer, data_sockets, loopback_socket
from mhsm_targets.server.model_backing import ModelBacking
from mhsm_targets.server.options import ServeOptions
from mhsm_targets.server.ready import Ready, write_ready
from mhsm_targets.server.tokens import Issuer, IssuerKey

__all__ = ["run_server"]

Announce = Callable[[Ready], None]


def run_server(options: ServeOptions, announce: Announce) -> None:
    """Serve until SIGTERM, Ctrl-C, or the end of standard input where the options say so.

    `announce` is called when requests are answered. Raises UnknownTargetError,
    TargetUnavailableError, PortUnavailableError, and OSError where a file cannot be written.
    """
    with contextlib.ExitStack() as held:
        uvloop.run(_served(options, announce, held))


async def _served(options: ServeOptions, announce: Announce, held: contextlib.ExitStack) -> None:
    factory = target_factory(options.target)
    sockets = data_sockets(options.port, len(options.instances))
    held.callback(_closed, sockets)
    port: int = sockets[0].getsockname()[1]
    identity_socket = loopback_socket(0)
    held.callback(identity_socket.close)
    folder = Path(tempfile.mkdtemp(prefix="mhsm-serve-"))
    held.callback(shutil.rmtree, folder, ignore_errors=True)

    internal = {name: internal_host() for name in options.instances}
    configurations = {internal[name]: told for name, told in options.instances.items()}
    clock = ServerClock()
    backing = _backing(factory, configurations, options.seed, clock)
    held.callback(backing.close)

    issuer = Issuer(IssuerKey.made())
    authority = Authority.made()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.install(context, tuple(options.instances))
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(authority.certificate)

    def accepts(token: str, resource: str) -> bool:
        if options.static_token is not None and token == options.static_token:
            return True
        return issuer.accepts(token, resource, int(time.time()))

    authority_url = f"https://{ISSUER_HOST}:{port}/{issuer.tenant}"
    plane = DataPlane(backing, internal, accepts, issuer_endpoint(issuer), authority_url)
    secret = secrets.token_urlsafe(24)
    servers = [
        HttpServer(plane, sockets, context),
        HttpServer(identity_endpoint(issuer, secret), [identity_socket]),
    ]
    identity_url = f"http://127.0.0.1:{identity_socket.getsockname()[1]}"
    ready = Ready(
        pid=os.getpid(),
        target=options.target,
        port=port,
        urls={n: f"https://{address_of(i)}:{port}" for i, n in enumerate(options.instances)},
        named_urls={n: f"https://{n}.localhost:{port}" for n in options.instances},
        ca_file=str(ca_file),
        issuer=issuer.name,
        authority=authority_url,
        token_url=identity_url + APP_SERVICE_PATH,
        token_secret=secret,
        metadata_url=identity_url,
    )
    await _until_stopped(options, servers, lambda: _announced(options, ready, announce, held))


def _backing(
    factory: TargetFactory,
    configurations: Mapping[str, Configuration],
    seed: int | None,
    clock: ServerClock,
) -> Backing:
    if isinstance(factory, EmulatorFactory):
        chance = SystemChance() if seed is None else ForeseeableChance(seed)
        return ModelBacking(configurations, chance, clock)
    drawn = secrets.randbits(256) if seed is None else seed
    return TargetBacking(factory, configurations, drawn, clock)


def _announced(
    options: ServeOptions, ready: Ready, announce: Announce, held: contextlib.ExitStack
) -> None:
    if options.ready_file is not None:
        path = Path(options.ready_file)
        write_ready(path, ready)
        held.callback(path.unlink, missing_ok=True)
    announce(ready)


async def _until_stopped(
    options: ServeOptions, servers: list[HttpServer], started: Callable[[], None]
) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    if options.stops_with_input:
        loop.add_reader(sys.stdin.fileno(), lambda: stop() if not os.read(0, 4096) else None)
    running = [asyncio.create_task(server.run_on_sockets()) for server in servers]
    while not all(server.started for server in servers):
        await asyncio.sleep(0.005)
    try:
        started()
    except BaseException:
        stop()
        raise
    finally:
        await asyncio.gather(*running)


def _closed(sockets: list[socket.socket]) -> None:
    for bound in sockets:
        bound.close()
