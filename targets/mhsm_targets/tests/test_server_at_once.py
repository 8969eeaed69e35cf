"""Requests that are answered when they are there as a whole, beside others on one connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence

import pytest

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra `server`)")

from mhsm_model.wire.http import HttpResponse
from mhsm_targets.server import connection
from mhsm_targets.server.connection import Connection
from mhsm_targets.server.data_plane import Receive, Scope, Send
from mhsm_targets.server.listening import HttpServer, loopback_socket

Answer = HttpResponse | asyncio.Future[HttpResponse | None] | None

NOW, LATER, RESET, ASGI, SLOW = "/now", "/later", "/reset", "/asgi", "/asgi-and-slow"


ANSWER = b"HTTP/1.1 200 "

SOON = 0.5
"""Seconds in which a client begins its request, also on a machine that has much to do."""


class Application:
    """Answers each path in its own way: at once, later, by a reset, or as ASGI has it."""

    def __init__(self) -> None:
        self.held: list[asyncio.Future[HttpResponse | None]] = []
        self.bodies: list[bytes] = []
        self.asked_as_asgi = 0

    def at_once(
        self, method: str, target: bytes, raw: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> Answer:
        """The answer of the path."""
        path = target.decode().partition("?")[0]
        self.bodies.append(body)
        if path == NOW:
            return answer(path)
        if path in (ASGI, SLOW):
            return None
        future: asyncio.Future[HttpResponse | None] = asyncio.get_running_loop().create_future()
        self.held.append(future)
        return future

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The same for what is asked as ASGI has it, after its body."""
        self.asked_as_asgi += 1
        while (await receive()).get("more_body"):
            pass
        if scope["path"] == SLOW:
            await asyncio.sleep(0.15)
        await scope["extensions"][connection.RESPOND](answer("asgi " + scope["path"]), last=False)

    def finish(self, response: HttpResponse | None) -> None:
        """Let what is answered later be answered so."""
        self.held.pop(0).set_result(response)


def answer(told: str) -> HttpResponse:
    return HttpResponse(200, {}, told.encode())


def request(path: str, body: bytes = b"", *headers: str) -> bytes:
    rows = [f"POST {path} HTTP/1.1", "Host: here", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*rows, "", ""]).encode() + body


@contextlib.asynccontextmanager
async def dialled(
    application: Application,
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter, HttpServer]]:
    """A connection to a server of its own."""
    bound = loopback_socket(0)
    server = HttpServer(application, [bound], None, application.at_once)
    running = asyncio.create_task(server.run_on_sockets())
    while not server.started:
        await asyncio.sleep(0.001)
    reader, writer = await asyncio.open_connection(*bound.getsockname())
    try:
        async with asyncio.timeout(30):
            yield reader, writer, server
    finally:
        writer.close()
        server.should_exit = True
        await running
        bound.close()


async def told(reader: asyncio.StreamReader) -> str:
    """The body of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    length = next(row for row in head.split(b"\r\n") if row.startswith(b"content-length: "))
    return (await reader.readexactly(int(length.partition(b": ")[2]))).decode()


async def taken(application: Application) -> None:
    """Until a request waits for its answer."""
    while not application.held:
        await asyncio.sleep(0.001)


def test_answers_come_in_the_order_of_the_requests_whatever_way_they_are_made() -> None:
    async def asked() -> list[str]:
        application = Application()
        paths = (NOW, LATER, NOW, ASGI, LATER)
        async with dialled(application) as (reader, writer, _):
            writer.write(b"".join(request(path) for path in paths))
            await taken(application)
            # Nothing that came behind may have been answered before.
            first = await told(reader)
            await asyncio.sleep(0.02)
            application.finish(answer("finished"))
            return [first, *[await told(reader) for _ in paths[1:]]]

    # What is behind an answer that is still to come goes the way of ASGI.
    assert asyncio.run(asked()) == ["/now", "finished", "asgi /now", "asgi /asgi", "asgi /later"]


@pytest.mark.parametrize("path", [NOW, LATER, ASGI])
def test_a_body_is_waited_for_however_it_arrives(path: str) -> None:
    async def asked() -> tuple[str, list[bytes]]:
        application = Application()
        async with dialled(application) as (reader, writer, _):
            for byte in request(path, b"abcd"):
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0)
            if path == LATER:
                await taken(application)
                application.finish(answer(path))
            return await told(reader), application.bodies

    said, bodies = asyncio.run(asked())
    assert (said.endswith(path), bodies) == (True, [b"abcd"])


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (("Expect: 100-continue",), b"abcd"),
        ((), bytes(70_000)),
        (("Connection: close",), b""),
    ],
)
def test_what_must_be_looked_at_before_its_body_goes_the_way_of_asgi(
    headers: tuple[str, ...], body: bytes
) -> None:
    async def asked() -> tuple[str, list[bytes]]:
        application = Application()
        async with dialled(application) as (reader, writer, _):
            writer.write(request(NOW, body, *headers))
            if "Expect: 100-continue" in headers:
                assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            return await told(reader), application.bodies

    assert asyncio.run(asked()) == ("asgi /now", [])


def test_an_answer_that_is_not_to_come_resets_the_connection_and_what_is_behind_is_not_asked() -> (
    None
):
    async def asked() -> tuple[bytes, int]:
        application = Application()
        received = b""
        async with dialled(application) as (reader, writer, server):
            writer.write(request(RESET) + request(NOW))
            await taken(application)
            application.finish(None)
            with contextlib.suppress(ConnectionError):
                received = await reader.read()
            while server.server_state.tasks or server.server_state.connections:
                await asyncio.sleep(0.001)
        return received, application.asked_as_asgi

    assert asyncio.run(asked()) == (b"", 0)


def test_a_client_that_went_away_is_answered_nothing_and_nobody_complains() -> None:
    async def asked() -> None:
        application = Application()
        complaints: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
        async with dialled(application) as (_, writer, server):
            writer.write(request(LATER))
            await taken(application)
            writer.transport.abort()
            while server.server_state.connections:
                await asyncio.sleep(0.001)
            application.finish(answer("nobody reads this"))
        assert complaints == []

    asyncio.run(asked())


@pytest.mark.parametrize("path", [NOW, ASGI])
def test_a_server_that_ends_answers_what_has_not_arrived_to_its_end(path: str) -> None:
    async def asked() -> bytes:
        application = Application()
        async with dialled(application) as (reader, writer, server):
            sent = request(path, b"abcd")
            writer.write(sent[:-1])
            await begun(server)
            server.should_exit = True
            while server.servers and server.servers[0].is_serving():
                await asyncio.sleep(0.001)
            writer.write(sent[-1:])
            return await reader.read()

    head, _, body = asyncio.run(asked()).partition(b"\r\n\r\n")
    assert (head.endswith(b"connection: close"), body.decode().endswith(path)) == (True, True)


async def begun(server: HttpServer) -> Connection:
    """The connection of the server, once a request has begun on it."""
    while True:
        await asyncio.sleep(0.001)
        for found in server.server_state.connections:
            url: object = getattr(found, "url", None)
            if isinstance(found, Connection) and url:
                return found


@pytest.mark.parametrize("behind", [(), (NOW,), (SLOW,)])
def test_a_server_that_ends_answers_what_it_has_begun_and_closes(behind: tuple[str, ...]) -> None:
    async def asked() -> tuple[list[str], bytes]:
        application = Application()
        async with dialled(application) as (reader, writer, server):
            writer.write(b"".join(request(path) for path in (LATER, *behind)))
            await taken(application)
            server.should_exit = True
            while server.servers and server.servers[0].is_serving():
                await asyncio.sleep(0.001)
            application.finish(answer("in the end"))
            return [await told(reader) for _ in (LATER, *behind)], await reader.read()

    assert asyncio.run(asked()) == (["in the end", *(f"asgi {path}" for path in behind)], b"")


def test_a_connection_that_was_answered_at_once_may_be_idle_for_longer_than_a_request_may_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "_REQUEST_SECONDS", SOON)

    async def asked() -> list[str]:
        application = Application()
        said: list[str] = []
        async with dialled(application) as (reader, writer, _):
            writer.write(request(NOW))
            said.append(await told(reader))
            await asyncio.sleep(2 * SOON)
            writer.write(request(LATER))
            await taken(application)
            await asyncio.sleep(2 * SOON)
            application.finish(answer("after a while"))
            said.append(await told(reader))
            await asyncio.sleep(2 * SOON)
            writer.write(request(NOW))
            return [*said, await told(reader)]

    assert asyncio.run(asked()) == ["/now", "after a while", "/now"]


@pytest.mark.parametrize("path", [NOW, LATER])
def test_a_connection_that_is_idle_after_such_an_answer_is_let_go(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("mhsm_targets.server.listening._IDLE_SECONDS", 0.05)

    async def asked() -> bytes:
        application = Application()
        async with dialled(application) as (reader, writer, _):
            writer.write(request(path))
            if path == LATER:
                await taken(application)
                application.finish(answer(path))
            assert await told(reader) == path
            return await reader.read()

    assert asyncio.run(asked()) == b""


@pytest.mark.parametrize("paths", [(NOW, LATER), (NOW, SLOW), (LATER, SLOW)])
def test_a_connection_is_not_idle_while_an_answer_is_made(
    monkeypatch: pytest.MonkeyPatch, paths: tuple[str, ...]
) -> None:
    monkeypatch.setattr("mhsm_targets.server.listening._IDLE_SECONDS", 0.05)

    async def asked() -> list[str]:
        application = Application()
        said: list[str] = []
        async with dialled(application) as (reader, writer, _):
            writer.write(b"".join(request(path) for path in paths))
            for path in paths:
                if path == LATER:
                    await taken(application)
                    await asyncio.sleep(0.15)
                    application.finish(answer(path))
                said.append(await told(reader))
        return said

    assert asyncio.run(asked()) == [f"asgi {path}" if path == SLOW else path for path in paths]


def test_a_connection_is_not_idle_while_the_rest_of_a_request_is_to_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mhsm_targets.server.listening._IDLE_SECONDS", 0.05)

    async def asked() -> list[str]:
        application = Application()
        async with dialled(application) as (reader, writer, _):
            second = request(LATER)
            writer.write(request(LATER) + second[:10])
            await taken(application)
            application.finish(answer("first"))
            said = [await told(reader)]
            writer.write(second[10:])
            await taken(application)
            await asyncio.sleep(0.15)
            application.finish(answer("second"))
            return [*said, await told(reader)]

    assert asyncio.run(asked()) == ["first", "second"]


def test_others_have_their_turn_though_one_client_sends_much_at_once() -> None:
    many = 20

    async def asked() -> list[str]:
        async with dialled(Application()) as (reader, writer, _):
            writer.write(request(NOW) * many)
            return [await told(reader) for _ in range(many)]

    said = asyncio.run(asked())
    assert 0 < said.count("/now") < many
    # Those beyond are begun one by one, each in a round of the event loop.
    assert said == sorted(said, key=lambda each: each != "/now")
    assert set(said) == {"/now", "asgi /now"}


@pytest.mark.parametrize("first", [NOW, LATER])
def test_what_waits_behind_an_answer_is_bounded(first: str) -> None:
    many = 40_000

    async def asked() -> tuple[int, int]:
        application = Application()
        most, answers, rest = 0, 0, b""
        async with dialled(application) as (reader, writer, server):
            writer.write(request(first) + request(NOW) * many)
            found = await begun(server)
            if first == LATER:
                await taken(application)
                await asyncio.sleep(0.05)
                application.finish(answer("first"))
            while answers <= many:
                most = max(most, len(found.pipeline))
                rest += await reader.read(1 << 16)
                answers += rest.count(ANSWER)
                rest = rest[rest.rfind(ANSWER) + len(ANSWER) :] if ANSWER in rest else rest
            return most, answers

    most, answers = asyncio.run(asked())
    assert answers == many + 1
    # What one look at the socket brings, of requests of some sixty bytes.
    assert most < many // 4


def test_a_client_is_given_time_while_the_server_does_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "_REQUEST_SECONDS", SOON)

    async def asked() -> list[str]:
        application = Application()
        async with dialled(application) as (reader, writer, _):
            writer.write(request(LATER) + request(NOW) + request(NOW, bytes(1 << 19)))
            await taken(application)
            await asyncio.sleep(2 * SOON)
            application.finish(answer("first"))
            return [await told(reader) for _ in range(3)]

    assert asyncio.run(asked()) == ["first", "asgi /now", "asgi /now"]


def test_fields_of_a_trailer_are_kept_nowhere() -> None:
    head = b"POST /now HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"

    async def asked() -> tuple[int, str]:
        async with dialled(Application()) as (reader, writer, server):
            writer.write(head + b"a: b\r\n" * 1000)
            found = await begun(server)
            await asyncio.sleep(0.05)
            kept = len(found.headers)
            writer.write(b"\r\n")
            return kept, await told(reader)

    assert asyncio.run(asked()) == (2, "asgi /now")


def test_a_refusal_is_sent_however_long_the_answer_before_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "_REQUEST_SECONDS", SOON)

    async def asked() -> tuple[str, bytes]:
        application = Application()
        async with dialled(application) as (reader, writer, _):
            writer.write(request(LATER) + b"POST / HT")
            await taken(application)
            writer.write(b"\x00\r\n\r\n")
            await asyncio.sleep(2 * SOON)
            application.finish(answer("first"))
            return await told(reader), await reader.read()

    said, refused = asyncio.run(asked())
    assert (said, refused[:13]) == ("first", b"HTTP/1.1 400 ")


def test_what_is_no_request_is_refused_after_the_answer_that_is_still_to_come() -> None:
    async def asked() -> tuple[str, bytes]:
        application = Application()
        async with dialled(application) as (reader, writer, _):
            writer.write(request(LATER) + b"\x00\r\n\r\n")
            await taken(application)
            await asyncio.sleep(0.02)
            application.finish(answer("first"))
            return await told(reader), await reader.read()

    said, refused = asyncio.run(asked())
    assert (said, refused[:13]) == ("first", b"HTTP/1.1 400 ")
