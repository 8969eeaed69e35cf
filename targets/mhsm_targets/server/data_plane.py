"""The data plane: HTTP in, the target's answer out, under the host that the client used."""

from __future__ import annotations

import asyncio
import math
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import replace
from typing import Any, Final

from mhsm_model.wire.challenge import challenge_header
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.own_answers import own_refusal
from mhsm_targets.server.addresses import ISSUER_HOST, PublicHost, public_host
from mhsm_targets.server.backing import Backing
from mhsm_targets.server.connection import RESET, RESPOND
from mhsm_targets.server.faults import Fault, FaultKind, Faults

__all__ = ["LARGEST_BODY", "ASGIApp", "DataPlane", "Receive", "Scope", "Send"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY: Final = 1 << 20
"""The largest body that is read, in bytes; the largest lawful one is a backup's."""

_OVERLOADS: Final = {
    FaultKind.THROTTLE: (429, "Throttled", "Too many requests."),
    FaultKind.UNAVAILABLE: (503, "ServiceUnavailable", "The service is unavailable."),
}
_REMEMBERED_HOSTS: Final = 1024
_BEARER: Final = "bearer "


class _TooLargeError(Exception):
    """The body is larger than what is read."""


class _GoneError(Exception):
    """The client went away, or sent its body too slowly."""


class DataPlane:
    """An ASGI application. `accepts(token, resource)` says whether a bearer token is good."""

    def __init__(
        self,
        backing: Backing,
        internal: Mapping[str, str],
        accepts: Callable[[str, str], bool],
        issuer: ASGIApp,
        authority: str,
        faults: Faults,
    ) -> None:
        self._backing = backing
        self._internal = dict(internal)
        self._accepts = accepts
        self._issuer = issuer
        self._authority = authority
        self._faults = faults
        self._hosts: dict[str, PublicHost] = {}

    def add_instance(self, name: str, internal: str) -> None:
        """Know one more instance by its name."""
        self._internal[name] = internal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._answer(scope, receive, send)
        except Exception as error:
            await _respond(scope, _failed(error, scope["method"]))

    def at_once(
        self, method: str, target: bytes, raw: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> HttpResponse | asyncio.Future[HttpResponse | None] | None:
        """Answer a request that is there as a whole, or begin to. See connection.AtOnce."""
        try:
            headers = _headers(raw)
            host = self._host(headers)
            if host is None:
                return None
            answer = self._exchanged(method, target, host, headers, body)
        except Exception as error:
            return _failed(error, method)
        return answer if isinstance(answer, HttpResponse) else _watched(answer, method)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope["headers"])
        host = self._host(headers)
        if host is None:
            await self._misdirected(headers, scope, receive, send)
            return
        try:
            body = await _body(headers, receive)
        except _TooLargeError:
            told = "The request body is too large."
            await _refuse(scope, 413, "BadParameter", told, last=True)
            return
        except _GoneError:
            _reset(scope)
            return
        target = scope["raw_path"]
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        response = await _settled(self._exchanged(scope["method"], target, host, headers, body))
        if response is None:
            _reset(scope)
        else:
            await _respond(scope, response)

    async def _misdirected(
        self, headers: Mapping[str, str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer a request whose host is no instance's."""
        written = headers.get("host", "")
        if written.lower().partition(":")[0] == ISSUER_HOST:
            await self._issuer(scope, receive, send)
        else:
            # RFC 9112, 3.2: a request has one Host, and no other is answered for it.
            one = bool(written) and "," not in written
            told = "No instance has this host." if one else "The request has not one host."
            await _refuse(scope, 421 if one else 400, "BadParameter", told)

    def _exchanged(
        self, method: str, target: bytes, host: PublicHost, headers: dict[str, str], body: bytes
    ) -> HttpResponse | Awaitable[HttpResponse | None]:
        """The answer of an instance, or one that is awaited; None is a reset."""
        asked = target.decode("latin-1")
        fault = self._faults.taken(host.instance, method, asked)
        request = self._request(method, asked, host, headers, body)
        if fault is not None:
            return self._faulty(fault, request, host)
        answer = self._backing.exchange(request)
        if isinstance(answer, HttpResponse):
            return self._shown(answer, host)
        return self._awaited(answer, host)

    async def _awaited(
        self, answer: Awaitable[HttpResponse | None], host: PublicHost
    ) -> HttpResponse | None:
        response = await answer
        return None if response is None else self._shown(response, host)

    async def _faulty(
        self, fault: Fault, request: HttpRequest, host: PublicHost
    ) -> HttpResponse | None:
        """The answer to a request that a fault happens to."""
        match fault.kind:
            case FaultKind.RESET_BEFORE:
                return None
            case FaultKind.THROTTLE | FaultKind.UNAVAILABLE:
                status, code, told = _OVERLOADS[fault.kind]
                refused = own_refusal(status, code, told, request.method)
                after = {"retry-after": str(math.ceil(fault.seconds))}
                return replace(refused, headers={**refused.headers, **after})
            case FaultKind.DELAY:
                await asyncio.sleep(fault.seconds)
            case FaultKind.RESET_AFTER:
                pass
        response = await _settled(self._backing.exchange(request))
        if response is None or fault.kind is FaultKind.RESET_AFTER:
            return None
        return self._shown(response, host)

    def _host(self, headers: Mapping[str, str]) -> PublicHost | None:
        """The instance that the Host header names, None where it names none."""
        written = headers.get("host", "")
        return self._hosts.get(written) or self._found(written)

    def _found(self, written: str) -> PublicHost | None:
        host = public_host(written, tuple(self._internal))
        if host is not None and len(self._hosts) < _REMEMBERED_HOSTS:
            self._hosts[written] = host
        return host

    def _request(
        self, method: str, target: str, host: PublicHost, headers: dict[str, str], body: bytes
    ) -> HttpRequest:
        shown = headers.get("authorization")
        if shown is not None:
            good = shown[: len(_BEARER)].lower() == _BEARER and self._accepts(
                shown[len(_BEARER) :].strip(), host.resource
            )
            # The target itself answers a bad credential: with one of its own that is as bad.
            headers["authorization"] = f"Bearer {self._backing.token if good else 'not-good'}"
        internal = self._internal[host.instance]
        headers["host"] = internal
        return HttpRequest(method, internal, target, headers, body)

    def _shown(self, response: HttpResponse, host: PublicHost) -> HttpResponse:
        """The response as a client sees it, who knows the instance by another host."""
        internal = self._internal[host.instance]
        headers, body = response.headers, response.body
        if internal in "\n".join(headers.values()):
            headers = {n: value.replace(internal, host.written) for n, value in headers.items()}
        if "www-authenticate" in headers and not host.is_of_service:
            challenge = challenge_header(self._authority, host.resource)
            headers = {**headers, "www-authenticate": challenge}
        body = body.replace(internal.encode(), host.written.encode("latin-1"))
        return HttpResponse(response.status, headers, body)


async def _settled(answer: HttpResponse | Awaitable[HttpResponse | None]) -> HttpResponse | None:
    return answer if isinstance(answer, HttpResponse) else await answer


def _watched(
    answer: Awaitable[HttpResponse | None], method: str
) -> asyncio.Future[HttpResponse | None]:
    """The answer once it is there; it raises nothing."""

    async def watched() -> HttpResponse | None:
        try:
            return await answer
        except Exception as error:
            return _failed(error, method)

    return asyncio.get_running_loop().create_task(watched())


def _failed(error: Exception, method: str) -> HttpResponse:
    """Whatever is wrong with the server, the client is answered, and the log has a line."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.filename}:{place.lineno}"
    print(f"mhsm serve: {type(error).__name__} at {where}: {error}", file=sys.stderr)
    return own_refusal(500, "InternalError", "The server failed.", method)


def _headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name_bytes, value_bytes in raw:
        name, value = name_bytes.decode("latin-1"), value_bytes.decode("latin-1")
        # A header that stands twice is one with a comma (RFC 9110, 5.2): so two hosts are none.
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


async def _body(headers: Mapping[str, str], receive: Receive) -> bytes:
    told = headers.get("content-length", "0")
    if told.isdigit() and int(told) > LARGEST_BODY:
        raise _TooLargeError
    if told == "0" and "transfer-encoding" not in headers:
        return b""
    parts: list[bytes] = []
    size = 0
    while True:
        # The connection goes away where a client takes too long.
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            raise _TooLargeError
        if not message.get("more_body", False):
            return b"".join(parts)


def _reset(scope: Scope) -> None:
    scope["extensions"][RESET]()


async def _refuse(scope: Scope, status: int, code: str, told: str, *, last: bool = False) -> None:
    await _respond(scope, own_refusal(status, code, told, scope["method"]), last=last)


async def _respond(scope: Scope, response: HttpResponse, *, last: bool = False) -> None:
    """Send the response; `last` closes the connection after it."""
    await scope["extensions"][RESPOND](response, last=last)
