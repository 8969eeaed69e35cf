"""A transport that sends what is written in one turn of the event loop together.

uvicorn writes the head of a response and its body apart. Over TLS that would be two records, two
packets and two wake-ups of the client.
"""

from __future__ import annotations

import asyncio

__all__ = ["GatheringTransport"]


class GatheringTransport(asyncio.Transport):
    """Writes to another transport. It has what a server's protocol asks of one."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send the bytes before the loop's next turn."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(bytes(data))

    def is_closing(self) -> bool:
        """Whether the other one is."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Send what is written, and close."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once, and send nothing more."""
        self._parts.clear()
        self._transport.abort()

    def _flush(self) -> None:
        if self._parts:
            parts, self._parts = self._parts, []
            self._transport.write(b"".join(parts))
