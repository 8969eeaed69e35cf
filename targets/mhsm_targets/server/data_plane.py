"""The data plane: HTTP in, the target's answer out, under the host that the client used."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from mhsm_model.wire.challenge import challenge_header
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.response_codec import FIXED_HEADERS
from mhsm_targets.server.addresses import ISSUER_HOST, PublicHost, public_host
from mhsm_targets.server.backing import Backing

__all__ = ["LARGEST_BODY", "ASGIApp", "DataPlane", "Receive", "Scope", "Send"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY: Final = 1 << 20
"""The largest body that is read, in bytes; the largest lawful one is a backup's."""

_BODY_SECONDS: Final = 30.0
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
    ) -> None:
        self._backing = backing
        self._internal = internal
        self._names = tuple(internal)
        self._accepts = accepts
        self._issuer = issuer
        self._authority = authority

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise ValueError(f"{scope['type']} is not served")
        headers = _headers(scope["headers"])
        written = headers.get("host", "")
        host = public_host(written, self._names)
        if host is None:
            if written.lower().partition(":")[0] == ISSUER_HOST:
                await self._issuer(scope, receive, send)
            else:
                await _respond(send, _refused(421, f"no instance is called {written!r}"))
            return
        try:
            body = await _body(headers, receive)
        except _TooLargeError:
            await _respond(send, _refused(413, "The request body is too large."))
            return
        except _GoneError:
            return
        internal = self._internal[host.instance]
        response = await self._backing.exchange(self._request(scope, host, headers, body))
        if response is not None:
            await _respond(send, self._shown(response, internal, host))

    def _request(
        self, scope: Scope, host: PublicHost, headers: dict[str, str], body: bytes
    ) -> HttpRequest:
        target = scope["raw_path"].decode("latin-1")
        if scope["query_string"]:
            target = f"{target}?{scope['query_string'].decode('latin-1')}"
        shown = headers.get("authorization")
        if shown is not None:
            good = shown[: len(_BEARER)].lower() == _BEARER and self._accepts(
                shown[len(_BEARER) :].strip(), host.resource
            )
            # The target itself answers a bad credential: with one of its own that is as bad.
            headers["authorization"] = f"Bearer {self._backing.token if good else 'not-good'}"
        internal = self._internal[host.instance]
        headers["host"] = internal
        return HttpRequest(scope["method"], internal, target, headers, body)

    def _shown(self, response: HttpResponse, internal: str, host: PublicHost) -> HttpResponse:
        headers = {
            name: value.replace(internal, host.written) for name, value in response.headers.items()
        }
        if "www-authenticate" in headers and not host.is_of_service:
            headers["www-authenticate"] = challenge_header(self._authority, host.resource)
        body = response.body.replace(internal.encode(), host.written.encode("latin-1"))
        return HttpResponse(response.status, headers, body)


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
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
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _GoneError
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > LARGEST_BODY:
                    raise _TooLargeError
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise _GoneError from None


def _refused(status: int, message: str) -> HttpResponse:
    request_id = str(uuid.uuid4())
    shown = f"{message} (Activity ID: {request_id})"
    headers = {
        "content-type": "application/json; charset=utf-8",
        "x-ms-request-id": request_id,
        **FIXED_HEADERS,
    }
    document = {"error": {"code": "BadParameter", "message": shown}}
    return HttpResponse(status, headers, json.dumps(document, separators=(",", ":")).encode())


async def _respond(send: Send, response: HttpResponse) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
        if name != "content-length"
    ]
    if response.status != 204:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
