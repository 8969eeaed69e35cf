"""Bytes over TLS to a served instance, as no HTTP library would send them."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from collections.abc import Generator
from http.client import HTTPResponse
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from mhsm_targets.server import Served

__all__ = [
    "BODY",
    "TOKEN",
    "answered",
    "raw_connection",
    "read_response",
    "request_bytes",
    "resident",
    "statuses",
]

TOKEN: Final = "a-token-for-tests"
BODY: Final = b'{"kty":"EC-HSM"}'
_STATUS: Final = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")
_SECONDS: Final = 60


@contextlib.contextmanager
def raw_connection(served: Served) -> Generator[ssl.SSLSocket]:
    """A connection to the first instance; what waits for bytes that never come raises in the end.

    TLS is told to take the end of the connection for the end of the answer.
    """
    where = urlsplit(served.url)
    context = ssl.create_default_context(cafile=served.ca_file)
    address = (where.hostname or "", where.port or 0)
    with (
        socket.create_connection(address, timeout=_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=where.hostname) as secure,
    ):
        yield secure


def answered(served: Served, sent: bytes) -> bytes:
    """All that comes back on a connection of its own until the server ends it."""
    received = b""
    with raw_connection(served) as connection:
        # The server may end it before it has read all.
        with contextlib.suppress(OSError):
            connection.sendall(sent)
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while part := connection.recv(1 << 16):
                received += part
    return received


class _ReadBytes:
    """A socket that bytes were read from already, for http.client to read them."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, mode: str) -> BytesIO:
        """The bytes as a file."""
        return BytesIO(self._content)


def read_response(received: bytes, method: str | None = None) -> HTTPResponse:
    """The first answer in what came back, its head read, as http.client understands it."""
    socket_of_them: Any = _ReadBytes(received)
    response = HTTPResponse(socket_of_them, method=method)
    response.begin()
    return response


def statuses(received: bytes) -> list[int]:
    """The status of each answer in what came back; no answer of ours has such a line in it."""
    return [int(found) for found in _STATUS.findall(received)]


def request_bytes(
    served: Served,
    line: str = "GET /keys?api-version=7.6",
    *headers: str,
    body: bytes = b"",
    last: bool = False,
    token: str | None = TOKEN,
) -> bytes:
    """A request with those headers besides its own; `last` asks to close the connection."""
    rows = [f"{line} HTTP/1.1", f"Host: {urlsplit(served.url).netloc}", *headers]
    if token is not None:
        rows.append(f"Authorization: Bearer {token}")
    if last:
        rows.append("Connection: close")
    return "\r\n".join([*rows, "", ""]).encode("latin-1") + body


def resident(pid: int) -> int:
    """The memory that a process has in use, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return 1024 * int(line.split()[1])
    raise AssertionError("no resident memory")
