"""A server from its options: how it begins, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import uvloop

from mhsm_targets.server.controls import controls_endpoint
from mhsm_targets.server.errors import ServerError
from mhsm_targets.server.identity import APP_SERVICE_PATH, identity_endpoint
from mhsm_targets.server.listening import HttpServer, loopback_socket
from mhsm_targets.server.options import ServeOptions
from mhsm_targets.server.ready import Ready, read_ready, write_ready
from mhsm_targets.server.service import Service, servable
from mhsm_targets.server.store import Store

__all__ = ["ServerError", "run_server"]

Announce = Callable[[Ready], None]


def run_server(options: ServeOptions, announce: Announce) -> None:
    """Serve until SIGTERM, Ctrl-C, or the end of standard input where the options say so.

    `announce` is called when requests are answered. Raises UnknownTargetError,
    TargetUnavailableError, and ServerError for whatever else stands in the way.
    """
    logging.getLogger("uvicorn.error").addFilter(_is_of_a_fault)
    _allow_many_connections()
    with contextlib.ExitStack() as held:
        uvloop.run(_served(options, announce, held))


def _is_of_a_fault(record: logging.LogRecord) -> bool:
    """Whether what uvicorn says is of use: not what clients do, nor what an end cuts short."""
    error = record.exc_info[1] if record.exc_info else None
    about_us = record.getMessage().startswith(("Exception in ", "ASGI callable "))
    return about_us and not isinstance(error, asyncio.CancelledError)


async def _served(options: ServeOptions, announce: Announce, held: contextlib.ExitStack) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    if options.stops_with_input:
        loop.add_reader(0, lambda: None if os.read(0, 4096) else stopped.set())
    factory = servable(options)
    store = None
    if options.data is not None:
        store = Store(Path(options.data))
        held.callback(store.close)
    service = Service(factory, options, store)
    held.callback(service.close)
    secret = secrets.token_urlsafe(24)
    servers = [service.server]
    urls: list[str] = []
    apps = [identity_endpoint(service.issuer, secret)]
    if options.controls:
        apps.append(controls_endpoint(service))
    for app in apps:
        bound = loopback_socket(0)
        held.callback(bound.close)
        servers.append(HttpServer(app, [bound]))
        urls.append(f"http://127.0.0.1:{bound.getsockname()[1]}")
    ready = Ready(
        pid=os.getpid(),
        target=options.target,
        port=service.port,
        urls=service.urls,
        named_urls=service.named_urls,
        ca_file=str(_ca_file(service, store, held)),
        issuer=service.issuer.name,
        authority=service.authority_url,
        token_url=urls[0] + APP_SERVICE_PATH,
        token_secret=secret,
        metadata_url=urls[0],
        controls_url=urls[1] if options.controls else None,
    )
    await _run(servers, stopped, lambda: _announced(options, ready, announce, held))


def _ca_file(service: Service, store: Store | None, held: contextlib.ExitStack) -> Path:
    try:
        if store is not None:
            folder = store.folder
        else:
            folder = Path(tempfile.mkdtemp(prefix="mhsm-serve-"))
            held.callback(shutil.rmtree, folder, ignore_errors=True)
        path = folder.resolve() / "ca.pem"
        path.write_bytes(service.authority.certificate)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ServerError(f"cannot write the CA file {error.filename}: {reason}") from None
    return path


def _announced(
    options: ServeOptions, ready: Ready, announce: Announce, held: contextlib.ExitStack
) -> None:
    if options.ready_file is not None:
        path = Path(options.ready_file)
        try:
            write_ready(path, ready)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ServerError(f"cannot write the ready file {path}: {reason}") from None
        held.callback(_removed, path, ready)
    announce(ready)


def _removed(path: Path, ready: Ready) -> None:
    """Remove the ready file, but not that of a server which has begun in the meantime."""
    with contextlib.suppress(OSError, ValueError):
        if read_ready(path.read_text("utf-8")).pid == ready.pid:
            path.unlink()


async def _run(
    servers: list[HttpServer], stopped: asyncio.Event, started: Callable[[], None]
) -> None:
    running = [asyncio.create_task(server.run_on_sockets()) for server in servers]
    try:
        while not all(server.started for server in servers):
            await asyncio.sleep(0.001)
        started()
        await stopped.wait()
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*running)


def _allow_many_connections() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
