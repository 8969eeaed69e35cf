"""Connections of a server whose clients dawdle, and what it writes to them."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator

import pytest

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra `server`)")

from mhsm_targets.server import connection, listening
from mhsm_targets.server.certificates import Authority
from mhsm_targets.server.data_plane import Receive, Scope, Send
from mhsm_targets.server.listening import HttpServer, loopback_socket

HEAD = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\n"
ANSWER_BYTES = 1 << 20


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, and answer with many bytes."""
    while (message := await receive()).get("more_body"):
        pass
    if message["type"] == "http.request":
        length = (b"content-length", str(ANSWER_BYTES).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": bytes(ANSWER_BYTES)})


@contextlib.asynccontextmanager
async def served(context: ssl.SSLContext | None = None) -> AsyncGenerator[HttpServer]:
    """A server of its own."""
    bound = loopback_socket(0)
    server = HttpServer(echo, [bound], context)
    running = asyncio.create_task(server.run_on_sockets())
    while not server.started:
        await asyncio.sleep(0.001)
    try:
        yield server
    finally:
        server.should_exit = True
        await running
        bound.close()


@contextlib.asynccontextmanager
async def dialled(
    server: HttpServer,
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to the server."""
    address = server.servers[0].sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(*address)
    try:
        yield reader, writer
    finally:
        writer.close()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What comes until the server ends the connection, which it does."""
    received = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(30):
            while part := await reader.read(1 << 16):
                received += part
    return received


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n",
        b"POST / HT",
        b"POST / HTTP/1.1\r\nX: y",
        HEAD,
        HEAD + b"abc",
        b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    ],
)
def test_a_client_that_does_not_finish_its_request_is_let_go(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connection, "_REQUEST_SECONDS", 0.05)

    async def dawdle() -> bytes:
        async with served() as server, dialled(server) as (reader, writer):
            writer.write(sent)
            return await rest(reader)

    assert asyncio.run(dawdle()) == b""


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02"])
def test_a_client_that_does_not_finish_its_handshake_is_let_go(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(listening, "_HANDSHAKE_SECONDS", 0.05)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    Authority.made().install(context, ("hsm-a",))

    async def dawdle() -> bytes:
        async with served(context) as server, dialled(server) as (reader, writer):
            writer.write(sent)
            return await rest(reader)

    assert asyncio.run(dawdle()) == b""


def test_a_connection_that_is_idle_after_an_answer_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listening, "_IDLE_SECONDS", 0.05)

    async def idle() -> bytes:
        async with served() as server, dialled(server) as (reader, writer):
            writer.write(HEAD + b"abcd")
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(ANSWER_BYTES)
            return await rest(reader)

    assert asyncio.run(idle()) == b""


def test_drops_of_a_body_do_not_keep_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_REQUEST_SECONDS", 0.2)

    async def drip() -> bytes:
        async with served() as server, dialled(server) as (reader, writer):
            writer.write(HEAD.replace(b": 4", b": 40000"))
            ended = asyncio.create_task(rest(reader))
            while not ended.done():
                writer.write(b".")
                await asyncio.sleep(0.02)
            return ended.result()

    assert asyncio.run(drip()) == b""


def test_empty_lines_after_an_answer_do_not_keep_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "_REQUEST_SECONDS", 0.2)

    async def idle() -> bytes:
        async with served() as server, dialled(server) as (reader, writer):
            writer.write(HEAD + b"abcd")
            answered = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(ANSWER_BYTES)
            writer.write(b"\r\n")
            assert await rest(reader) == b""
            return answered

    assert asyncio.run(idle()).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_reads_no_answers_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_READING_SECONDS", 0.05)
    asked = 200

    async def deaf() -> int:
        async with served() as server, dialled(server) as (reader, writer):
            writer.write((HEAD + b"abcd") * asked)
            async with asyncio.timeout(30):
                while not server.server_state.connections:
                    await asyncio.sleep(0.01)
                while server.server_state.connections:
                    await asyncio.sleep(0.01)
            return len(await rest(reader))

    # The kernel holds what it can; the rest is never made, as nobody takes it.
    assert asyncio.run(deaf()) < asked * ANSWER_BYTES
