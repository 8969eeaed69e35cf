"""One connection: uvicorn's HTTP/1.1, stricter, with bounds on headers, and a way to reset it.

What may be read in two ways is refused, so that nobody in front of the server can read it the other
way. Source: RFC 9112, sections 3.2, 6.1 and 11.2; RFC 9110, section 6.5.1.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import (
    HttpToolsProtocol,
    RequestResponseCycle,
)

from mhsm_model.wire.http import HttpResponse
from mhsm_targets.own_answers import own_refusal
from mhsm_targets.server.asgi_response import respond
from mhsm_targets.server.deadline import Deadline
from mhsm_targets.server.flow import PipelineFlow
from mhsm_targets.server.request_head import (
    LARGEST_HEAD,
    HeadTooLargeError,
    RefusedHeadError,
    absolute_form,
    body_length,
)
from mhsm_targets.server.response_bytes import response_bytes

__all__ = ["RESET", "RESPOND", "AtOnce", "Connection"]

AtOnce = Callable[
    [str, bytes, Sequence[tuple[bytes, bytes]], bytes],
    HttpResponse | asyncio.Future[HttpResponse | None] | None,
]
"""Takes a request that is there as a whole: method, target, headers with names in lower case, body.

Gives its answer, or one that comes later (None: the connection is reset), or None where the
application is to be asked as ASGI has it. Neither raises anything."""

RESET: Final = "mhsm.reset"
"""The extension in a request's scope whose value resets the connection when it is called."""

RESPOND: Final = "mhsm.respond"
"""The extension whose value sends a whole response in one write, head and body. It saves a TLS
record and uvicorn's look at headers that are ours."""

_REQUEST_SECONDS: Final = 30.0
"""How long a client may take from the first byte of a request to its last, and from the connection
to there for the first request. Bytes before a request (empty lines) count as its first."""

_READING_SECONDS: Final = 30.0
"""How long a client may leave answers unread once no more of them can be sent."""

_LINGER_SECONDS: Final = 0.5
"""How long what a client still sends is read and dropped after an answer that it need not await:
a connection that is closed with bytes unread is reset, and the answer is lost (RFC 9112, 9.6)."""

_WAITED_FOR: Final = 64 * 1024
"""Up to which length, in bytes, a body is waited for before anybody is asked for an answer."""

_MOST_AT_ONCE: Final = 8
"""How many requests of a connection are answered before others have their turn."""


class Connection(HttpToolsProtocol):
    """A connection of a server.

    Most requests arrive at once and can be answered at once: those cost no task, and no round of
    the event loop. The others go the way of ASGI.
    """

    def __init__(self, *args: Any, at_once: AtOnce | None = None) -> None:
        super().__init__(*args)
        self._at_once = at_once
        self._target: bytes | None = None
        self._parts: list[bytes] = []
        self._patience = Deadline(self.loop, self._lose_patience)
        self._idleness = Deadline(self.loop, self.timeout_keep_alive_handler)
        self._unread = Deadline(self.loop, self._reset)
        self._answered = 0
        self._later: asyncio.Future[HttpResponse | None] | None = None
        self._is_last = False
        self._in_headers = True
        self._in_request = False
        self._head_bytes = 0
        self._is_too_large = False
        self._owed = 0
        self._refusal: str | None = None
        self._is_refused = False
        self.url: bytes = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.flow = PipelineFlow(transport, self.pipeline)
        self._patience.set(_REQUEST_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._patience.end()
        self._idleness.end()
        self._unread.end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, as long as the headers are not too many."""
        if self._refusal is not None:
            return
        # Of bytes in which a request begins, some may be of others: only more of it is counted
        # here, and the whole of it when it is there. A trailer counts from the end of the body.
        self._head_bytes += len(data)
        self._answered = 0
        super().data_received(data)
        if self._is_ending():
            return
        if self._in_request and self._head_bytes > LARGEST_HEAD:
            self._is_too_large = True
            self.send_400_response("The head of the request is too large.")
        elif not self._patience.is_set and self._is_awaited():
            # Most requests arrive at once: those need no deadline.
            self._patience.set(_REQUEST_SECONDS)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request that is taken, and close; after the answers owed before."""
        self._refusal = msg
        self._patience.lift()
        self._refuse()

    def _refuse(self) -> None:
        # A request that is refused in its body is one of those owed.
        itself = self._in_request and not self._in_headers
        if self._refusal is None or self._owed > itself or self._is_refused:
            return
        if self.transport.is_closing():
            return
        self._is_refused = True
        if itself and self._target is None:
            if not self._owed:
                # It was answered before its body was there, and gets no other answer.
                self.transport.close()
                return
            self.cycle.disconnected = True
        self._send_refusal(self._refusal.rstrip("."))
        if self._is_too_large:
            self.linger()
        else:
            self.transport.close()

    def _send_refusal(self, told: str) -> None:
        """Say as the service writes an error that it is no HTTP, of no known method, too large."""
        status, code = 400, "BadRequest"
        if self._is_too_large:
            status = 414 if len(self.url) > LARGEST_HEAD // 2 else 431
            code, told = "BadParameter", "The head of the request is too large"
        # Of a request whose line was read, the method is known.
        parser: Any = self.parser
        method = parser.get_method().decode("latin-1") if self.url else ""
        response = own_refusal(status, code, told, method)
        self.transport.write(response_bytes(response, method, keep_alive=False))

    def linger(self) -> None:
        """Take no more requests, and close in a while."""
        self._refusal, self._is_refused = self._refusal or "", True
        self.flow.resume_reading()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def on_response_complete(self) -> None:
        """A request is answered."""
        self._owed -= 1
        if self._is_refused:
            return
        super().on_response_complete()
        self._refuse()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._idleness.lift()
        self._in_headers, self._in_request, self._head_bytes = True, True, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is there. A field of a trailer is none."""
        if self._in_headers:
            # The parser leaves the blanks behind a value in it (RFC 9110, 5.5).
            super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        """The head of a request is there."""
        length = self._checked_length()
        self._in_headers = False
        self._target = self._whole_target(length)
        if self._target is None:
            self._begin()

    def on_body(self, body: bytes) -> None:
        """A part of the body is there."""
        self._head_bytes = 0
        if self._target is None:
            super().on_body(body)
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """A request is there as a whole."""
        self._in_request = False
        self._patience.lift()
        if self._target is None:
            super().on_message_complete()
        else:
            self._take(self._target)

    def _whole_target(self, length: int | None) -> bytes | None:
        """The target of a request that is taken as a whole, None for one that is begun by now.

        `length` is that of its body in bytes, None where it is not told beforehand.
        """
        parser: Any = self.parser
        if self._at_once is None or not self._is_free() or self.flow.write_paused:
            return None
        if length is None or length > _WAITED_FOR or self._answered >= _MOST_AT_ONCE:
            return None
        if self.expect_100_continue or not parser.should_keep_alive():
            return None
        if parser.get_http_version() != "1.1":
            return None
        parsed = httptools.parse_url(self.url)
        if not parsed.path.isascii():
            raise RefusedHeadError
        query: bytes | None = parsed.query
        return parsed.path + b"?" + query if query else parsed.path

    def _take(self, target: bytes) -> None:
        """Answer a request that is there as a whole, or begin to."""
        assert self._at_once is not None
        self._target = None
        body = b"".join(self._parts)
        self._parts.clear()
        parser: Any = self.parser
        method = parser.get_method().decode("ascii")
        scope: Any = self.scope
        answer = self._at_once(method, target, scope["headers"], body)
        if isinstance(answer, HttpResponse):
            self._answer(answer, method)
            self._answered += 1
        elif answer is not None:
            self._owed += 1
            self._later = answer
            pending: Any = answer
            self.tasks.add(pending)
            answer.add_done_callback(partial(self._answer_later, method))
        else:
            self._begin()
            super().on_body(body)
            super().on_message_complete()

    def _answer(self, response: HttpResponse, method: str) -> None:
        """Send the response to the request that is taken."""
        self.transport.write(response_bytes(response, method, keep_alive=not self._is_last))
        if self._is_last:
            self.transport.close()
        elif self._is_free() and not self._in_request:
            self._idleness.set(self.timeout_keep_alive)

    def _answer_later(self, method: str, answer: asyncio.Future[HttpResponse | None]) -> None:
        """Send what the request that is taken has come to."""
        self._later = None
        self._owed -= 1
        pending: Any = answer
        self.tasks.discard(pending)
        response = None if answer.cancelled() else answer.result()
        if response is None:
            self.transport.abort()
        elif not self.transport.is_closing():
            self._answer(response, method)
            self._refuse()

    def _begin(self) -> None:
        """Ask the application, as ASGI has it."""
        self._owed += 1
        scope: Any = self.scope
        extensions: dict[str, Any] = {}
        scope["extensions"] = extensions
        parser: Any = self.parser
        if parser.get_http_version() == "1.0":
            # RFC 9110, 10.1.1: the expectation of so old a client is passed over.
            self.expect_100_continue = False
        super().on_headers_complete()
        self.cycle.keep_alive = self.cycle.keep_alive and not self._is_last
        # Requests may be pipelined, so each answers by the cycle that is its own.
        extensions[RESET] = partial(self._reset, self.cycle)
        extensions[RESPOND] = partial(respond, self.cycle, self.linger)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        start = super()._start_asgi_task

        def start_behind(_: object) -> None:
            if not self.transport.is_closing():
                start(cycle, app)

        if self._later is None:
            start(cycle, app)
        else:
            # What came behind a request is answered behind it, or not at all.
            self._later.add_done_callback(start_behind)

    def shutdown(self) -> None:
        """Take no more requests; answer what is begun."""
        cycle: Any = self.cycle
        is_begun = self._later is not None or self._target is not None
        if is_begun and (cycle is None or cycle.response_complete):
            self._is_last = True
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        """The client reads no answers: begin to wait for that."""
        super().pause_writing()
        self._unread.set(_READING_SECONDS)

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        self._unread.lift()

    def _checked_length(self) -> int | None:
        """How many bytes the body of the request will have, None where its head does not say.

        Raises RefusedHeadError for a head that is not taken.
        """
        parser: Any = self.parser
        try:
            length = body_length(self.url, self.headers, parser.get_http_version())
        except HeadTooLargeError:
            self._is_too_large = True
            raise
        # An upgrade that is ignored would leave the rest of the request unread, as the parser does.
        if parser.should_upgrade():
            raise RefusedHeadError
        if self.url[:1] not in (b"/", b"*"):
            # The host in the request's line is the one that holds.
            authority, self.url = absolute_form(self.url)
            self.headers[:] = [row for row in self.headers if row[0] != b"host"]
            self.headers.append((b"host", authority))
        return length

    def _is_ending(self) -> bool:
        """Whether no more requests are taken."""
        return self._refusal is not None or self.transport.is_closing()

    def _is_awaited(self) -> bool:
        """Whether the client has begun a request and owes the rest of it."""
        # Empty lines after an answer begin one, but not what came before the answer.
        return self._in_request or (self._is_free() and not self._answered)

    def _is_free(self) -> bool:
        """Whether no answer is being made."""
        cycle: Any = self.cycle
        return self._later is None and (cycle is None or cycle.response_complete)

    def _reset(self, cycle: RequestResponseCycle | None = None) -> None:
        if cycle is not None:
            # No answer is owed any more: without one, uvicorn would take the application to task.
            cycle.disconnected = True
        self.transport.abort()

    def _lose_patience(self) -> None:
        if self.flow.read_paused:
            # The client has perhaps sent all: it is the server that does not read.
            self._patience.set(_REQUEST_SECONDS)
        else:
            self._reset()
