"""The answer to a request that was asked for as ASGI has it, in one write."""

from __future__ import annotations

from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mhsm_model.wire.http import HttpResponse
from mhsm_targets.server.response_bytes import response_bytes

__all__ = ["respond"]


async def respond(
    cycle: RequestResponseCycle,
    linger: Callable[[], None],
    response: HttpResponse,
    *,
    last: bool,
) -> None:
    """Send a response as the cycle's own `send` does, in one write.

    `last` lets the connection end after it by `linger`, as the client may still be sending.
    """
    cycle.keep_alive = cycle.keep_alive and not last
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if cycle.disconnected:
        return
    cycle.response_started = True
    cycle.waiting_for_100_continue = False
    method = cycle.scope["method"]
    cycle.transport.write(response_bytes(response, method, keep_alive=cycle.keep_alive))
    cycle.response_complete = True
    cycle.message_event.set()
    if last:
        linger()
    elif not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
