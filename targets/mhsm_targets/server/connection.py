"""One connection: uvicorn's HTTP/1.1, with bounds on headers, and a way to reset it."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["RESET", "Connection"]

RESET: Final = "mhsm.reset"
"""The extension in a request's scope whose value resets the connection when it is called."""

_HEADER_SECONDS: Final = 30.0
"""How long a client may take from the first byte of a request to the end of its headers, and from
the connection to there for the first."""

_HEADER_BYTES: Final = 64 * 1024

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class Connection(HttpToolsProtocol):
    """A connection of a server."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._patience: asyncio.TimerHandle | None = None
        self._in_headers = True
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._cease()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, as long as the headers are not too many."""
        super().data_received(data)
        if self._in_headers and not self.transport.is_closing():
            self._header_bytes += len(data)
            if self._header_bytes > _HEADER_BYTES:
                self.transport.write(_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        scope: Any = self.scope
        scope["extensions"] = {RESET: self._reset}
        self._in_headers, self._header_bytes = True, 0
        if self._patience is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """The headers of a request are there."""
        self._in_headers = False
        self._cease()
        super().on_headers_complete()

    def _reset(self) -> None:
        self.transport.abort()

    def _wait(self) -> None:
        self._patience = self.loop.call_later(_HEADER_SECONDS, self._gone)

    def _cease(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _gone(self) -> None:
        self._patience = None
        self.transport.abort()
