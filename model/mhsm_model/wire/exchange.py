"""An exchange on the wire: both messages, parsed once, and what they mean."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final, cast

from mhsm_model.exchange import Reply, Request
from mhsm_model.wire.canary import Leak
from mhsm_model.wire.http import HttpRequest, HttpResponse, JsonDocument
from mhsm_model.wire.reply_codec import ACTIVITY, decode_reply

__all__ = ["WireExchange", "request_id_of", "wire_exchange"]

_NONE_BEFORE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class WireExchange:
    """The messages of one exchange, the response's body as JSON, and the reply that it is.

    `leaks` are the imported secrets that the response had in it, None where it was not searched.
    `earlier_ids` are the request ids of the responses before it, in lower case.
    """

    sent: HttpRequest
    answered: HttpResponse
    request: Request
    document: JsonDocument
    reply: Reply
    leaks: tuple[Leak, ...] | None = None
    earlier_ids: AbstractSet[str] = _NONE_BEFORE

    @property
    def request_id(self) -> str | None:
        """What the service calls the request: see `request_id_of`."""
        return request_id_of(self.answered, self.document)


def request_id_of(answered: HttpResponse, document: JsonDocument) -> str | None:
    """What the service calls a request, in lower case, where the response says.

    Where a recording lacks the header x-ms-request-id, the message of an error has it.
    """
    shown = answered.headers.get("x-ms-request-id")
    if shown is None and isinstance(document, dict):
        error = cast("dict[str, Any]", document).get("error")
        if isinstance(error, dict):
            found = ACTIVITY.search(str(cast("dict[str, Any]", error).get("message")))
            shown = None if found is None else found.group(1)
    return None if shown is None else shown.lower()


def wire_exchange(
    sent: HttpRequest,
    answered: HttpResponse,
    request: Request,
    leaks: tuple[Leak, ...] | None = None,
    earlier_ids: AbstractSet[str] = _NONE_BEFORE,
) -> WireExchange:
    """The exchange of the two messages, where `request` is what the first one asks for.

    A response that was searched for secrets comes redacted, with the leaks that it had: see
    `ImportedSecrets.screened`.
    """
    document = answered.document()
    reply = decode_reply(request, answered, document)
    return WireExchange(sent, answered, request, document, reply, leaks, earlier_ids)
