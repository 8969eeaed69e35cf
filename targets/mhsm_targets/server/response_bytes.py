"""A response as the bytes that are sent."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from mhsm_model.wire.http import HttpResponse

__all__ = ["response_bytes"]


def response_bytes(response: HttpResponse, method: str, *, keep_alive: bool) -> bytes:
    """The bytes of a response to a request with that method."""
    lines = [
        f"{name}: {value}\r\n"
        for name, value in response.headers.items()
        if name != "content-length"
    ]
    if response.status != 204:
        lines.append(f"content-length: {len(response.body)}\r\n")
    if not keep_alive:
        lines.append("connection: close\r\n")
    lines.append("\r\n")
    head = STATUS_LINE[response.status] + "".join(lines).encode("latin-1")
    return head if method == "HEAD" else head + response.body
