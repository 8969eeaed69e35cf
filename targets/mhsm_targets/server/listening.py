"""Sockets on loopback addresses, and HTTP servers on them."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Generator, Sequence
from typing import Final

import uvicorn

from mhsm_targets.server.addresses import address_of
from mhsm_targets.server.connection import AtOnce, Connection
from mhsm_targets.server.data_plane import ASGIApp
from mhsm_targets.server.errors import ConflictError

__all__ = ["HttpServer", "PortUnavailableError", "data_sockets", "loopback_socket"]

_ATTEMPTS: Final = 20
_BACKLOG: Final = 2048

_HANDSHAKE_SECONDS: Final = 30.0
"""How long a client may take for its TLS handshake, which comes before all that a Connection
bounds."""

_IDLE_SECONDS: Final = 60
"""How long a connection is kept after an answer when no other request comes."""


class PortUnavailableError(ConflictError):
    """A port cannot be had; the text says which and why."""


def loopback_socket(port: int, address: str = "127.0.0.1") -> socket.socket:
    """A socket bound to the port of a loopback address, 0 for any that is free.

    Raises PortUnavailableError.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((address, port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortUnavailableError(f"port {port} of {address} is in use") from None
        reason = (error.strerror or str(error)).lower()
        raise PortUnavailableError(f"port {port} of {address} cannot be had: {reason}") from None
    return bound


def data_sockets(port: int, instances: int) -> list[socket.socket]:
    """One socket an instance, all on one port; the addresses are those of the instances.

    [::1] is added where it can be had: `localhost` may mean that one. Raises PortUnavailableError.
    """
    for attempt in range(_ATTEMPTS):
        sockets = [loopback_socket(port)]
        chosen: int = sockets[0].getsockname()[1]
        try:
            for number in range(1, instances):
                sockets.append(loopback_socket(chosen, address_of(number)))
        except PortUnavailableError:
            for bound in sockets:
                bound.close()
            if port or attempt == _ATTEMPTS - 1:
                raise
            continue
        with contextlib.suppress(PortUnavailableError):
            sockets.append(loopback_socket(chosen, "::1"))
        return sockets
    raise AssertionError("the last attempt raises")


class HttpServer(uvicorn.Server):
    """A uvicorn server that leaves signals to whoever runs it."""

    def __init__(
        self,
        app: ASGIApp,
        sockets: Sequence[socket.socket],
        context: ssl.SSLContext | None = None,
        at_once: AtOnce | None = None,
    ) -> None:
        config = uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=2,
        )
        config.load()
        config.ssl = context
        super().__init__(config)
        self._sockets = list(sockets)
        self._at_once = at_once

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave them."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve the sockets; uvicorn itself would set no bound on a handshake."""
        listening = [await self._listening_on(bound) for bound in sockets or ()]
        await super().startup([])
        self.servers = listening

    async def listen_on(self, bound: socket.socket) -> None:
        """Serve one more socket, until the end."""
        self.servers.append(await self._listening_on(bound))

    async def _listening_on(self, bound: socket.socket) -> asyncio.Server:
        loop = asyncio.get_running_loop()

        def connected() -> asyncio.Protocol:
            return Connection(self.config, self.server_state, {}, at_once=self._at_once)

        context = self.config.ssl
        return await loop.create_server(
            connected,
            sock=bound,
            ssl=context,
            backlog=_BACKLOG,
            # Only TLS has one.
            ssl_handshake_timeout=None if context is None else _HANDSHAKE_SECONDS,
        )

    async def run_on_sockets(self) -> None:
        """Serve until `should_exit` is set."""
        await self.serve(self._sockets)
