"""An exchange on the wire: both messages, parsed once, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass

from mhsm_model.exchange import CreateKey, ImportKey, KeyBundle, Reply, Request
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.wire.canary import Leak
from mhsm_model.wire.http import HttpRequest, HttpResponse, JsonDocument
from mhsm_model.wire.reply_codec import ACTIVITY, decode_reply, error_of

__all__ = ["WireExchange", "wire_exchange"]


@dataclass(frozen=True, slots=True)
class WireExchange:
    """The messages of one exchange, the response's body as JSON, and the reply that it is.

    `leaks` are the imported secrets that the response had in it, None where it was not searched.
    `repeats_id` says whether its request id is that of an earlier response, `repeats_version`
    whether the version that it makes is named as one of another key was; each is None where there
    is no other to compare it with.
    """

    sent: HttpRequest
    answered: HttpResponse
    request: Request
    document: JsonDocument
    reply: Reply
    leaks: tuple[Leak, ...] | None = None
    repeats_id: bool | None = None
    repeats_version: bool | None = None

    @property
    def request_id(self) -> str | None:
        """What the service calls the request, in lower case, where the response says.

        Where a recording lacks the header x-ms-request-id, the message of an error has it.
        """
        shown = self.answered.headers.get("x-ms-request-id")
        if shown is None:
            error = error_of(self.document) or {}
            found = ACTIVITY.search(str(error.get("message")))
            shown = None if found is None else found.group(1)
        return None if shown is None else shown.lower()

    @property
    def new_version(self) -> KeyIdentifier | None:
        """The identifier of the version that the exchange has made, where it has made one."""
        if isinstance(self.request, CreateKey | ImportKey) and isinstance(self.reply, KeyBundle):
            return self.reply.kid
        return None


def wire_exchange(
    sent: HttpRequest,
    answered: HttpResponse,
    request: Request,
    leaks: tuple[Leak, ...] | None = None,
) -> WireExchange:
    """The exchange of the two messages, where `request` is what the first one asks for.

    A response that was searched for secrets comes redacted, with the leaks that it had: see
    `ImportedSecrets.screened`.
    """
    document = answered.document()
    reply = decode_reply(request, answered, document)
    return WireExchange(sent, answered, request, document, reply, leaks)
