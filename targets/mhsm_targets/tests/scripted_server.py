"""A TLS server that does what a test wrote down for each request, in turn."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import trustme

HOST: Final = "hsm-a.managedhsm.azure.net"


@dataclass
class Answer:
    """A response, or another end of the exchange: `reset` before it, `half` of it, or `silent`."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b"{}"
    end: str = "whole"

    def octets(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Scripted", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


@dataclass
class ScriptedServer:
    port: int
    ca_file: Path
    script: list[Answer]
    received: list[bytes] = field(default_factory=list[bytes])
    connections: int = 0

    @property
    def lines(self) -> list[str]:
        """The first line of each request."""
        return [octets.partition(b"\r\n")[0].decode() for octets in self.received]

    def header(self, name: str, request: int = -1) -> str | None:
        head = self.received[request].partition(b"\r\n\r\n")[0].decode()
        for line in head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name:
                return value.strip()
        return None


@contextlib.contextmanager
def scripted_server(
    folder: Path, script: Sequence[Answer], *, name: str = HOST
) -> Generator[ScriptedServer]:
    """Serve on loopback with a certificate for the name until the block ends."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.05)
    server = ScriptedServer(listening.getsockname()[1], ca_file, list(script))
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def accept() -> None:
        while not ended.is_set():
            try:
                plain, _ = listening.accept()
            except TimeoutError:
                continue
            server.connections += 1
            thread = threading.Thread(target=serve, args=(plain,), daemon=True)
            threads.append(thread)
            thread.start()

    def serve(plain: socket.socket) -> None:
        plain.settimeout(0.5)
        with (
            contextlib.suppress(OSError),
            plain,
            context.wrap_socket(plain, server_side=True) as connection,
        ):
            while not ended.is_set() and _one(connection, server, ended):
                pass

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        ended.set()
        for thread in (accepting, *threads):
            thread.join(6)
        listening.close()


def _one(connection: ssl.SSLSocket, server: ScriptedServer, ended: threading.Event) -> bool:
    request = _request(connection)
    if not request:
        return False
    server.received.append(request)
    answer = server.script.pop(0) if server.script else Answer(418)
    if answer.end == "silent":
        ended.wait(5)
        return False
    if answer.end == "reset":
        # No linger: the peer gets RST, not FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    octets = answer.octets()
    connection.sendall(octets if answer.end == "whole" else octets[:-1])
    return answer.end == "whole"


def _request(connection: ssl.SSLSocket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        more = connection.recv(65536)
        if not more:
            return b""
        read += more
    head, _, body = read.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
