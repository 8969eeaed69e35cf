"""An exchange on the wire: both messages, parsed once, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass

from mhsm_model.exchange import Reply, Request
from mhsm_model.wire.http import HttpRequest, HttpResponse, JsonDocument
from mhsm_model.wire.reply_codec import decode_reply

__all__ = ["WireExchange", "wire_exchange"]


@dataclass(frozen=True, slots=True)
class WireExchange:
    """The messages of one exchange, the response's body as JSON, and the reply that it is."""

    sent: HttpRequest
    answered: HttpResponse
    request: Request
    document: JsonDocument
    reply: Reply


def wire_exchange(sent: HttpRequest, answered: HttpResponse, request: Request) -> WireExchange:
    """The exchange of the two messages, where `request` is what the first one asks for."""
    document = answered.document()
    return WireExchange(
        sent, answered, request, document, decode_reply(request, answered, document)
    )
