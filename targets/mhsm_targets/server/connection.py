"""One connection: uvicorn's HTTP/1.1, with bounds on headers, and a way to reset it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from mhsm_model.exchange import Refused
from mhsm_model.wire.response_codec import ServerMarks, encode_reply
from mhsm_targets.request_ids import drawn_request_id

__all__ = ["RESET", "RESPOND", "Connection"]

RESET: Final = "mhsm.reset"
"""The extension in a request's scope whose value resets the connection when it is called."""

RESPOND: Final = "mhsm.respond"
"""The extension whose value sends a whole response in one write, head and body: status, headers as
pairs of bytes, body. It saves a TLS record and uvicorn's look at headers that are ours."""

_REQUEST_SECONDS: Final = 30.0
"""How long a client may take from the first byte of a request to its last, and from the connection
to there for the first request."""

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

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or has a method that the parser does not know, as an error."""
        marks = ServerMarks(request_id=drawn_request_id())
        response = encode_reply("", Refused(400, "BadRequest", msg.rstrip(".")), marks)
        lines = [f"{name}: {value}" for name, value in response.headers.items()]
        head = ["HTTP/1.1 400 Bad Request", *lines, f"content-length: {len(response.body)}"]
        self.transport.write("\r\n".join([*head, "connection: close", "", ""]).encode())
        self.transport.write(response.body)
        self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_headers, self._header_bytes = True, 0
        if self._patience is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """The headers of a request are there."""
        self._in_headers = False
        scope: Any = self.scope
        extensions: dict[str, Any] = {RESET: self._reset}
        scope["extensions"] = extensions
        super().on_headers_complete()
        # Requests may be pipelined, so each answers by the cycle that is its own.
        extensions[RESPOND] = partial(_respond, self.cycle)

    def on_message_complete(self) -> None:
        """A request is there as a whole."""
        self._cease()
        super().on_message_complete()

    def _reset(self) -> None:
        self.transport.abort()

    def _wait(self) -> None:
        self._patience = self.loop.call_later(_REQUEST_SECONDS, self._gone)

    def _cease(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _gone(self) -> None:
        self._patience = None
        self.transport.abort()


async def _respond(
    cycle: RequestResponseCycle,
    status: int,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
    *,
    last: bool,
) -> None:
    """Send a response as the cycle's own `send` does, in one write.

    `last` closes the connection after it.
    """
    cycle.keep_alive = cycle.keep_alive and not last
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if cycle.disconnected:
        return
    cycle.response_started = True
    cycle.waiting_for_100_continue = False
    lines = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *headers):
        lines += (name, b": ", value, b"\r\n")
    if not cycle.keep_alive:
        lines.append(b"connection: close\r\n")
    lines.append(b"\r\n")
    if cycle.scope["method"] != "HEAD":
        lines.append(body)
    cycle.transport.write(b"".join(lines))
    cycle.response_complete = True
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
