"""What an onlooker remembers of the messages of a session, beside the state of the HSM."""

from __future__ import annotations

from dataclasses import replace

from mhsm_model.exchange import Request
from mhsm_model.wire.canary import ImportedSecrets
from mhsm_model.wire.exchange import WireExchange, wire_exchange
from mhsm_model.wire.http import HttpRequest, HttpResponse

__all__ = ["Onlooker"]


class Onlooker:
    """Knows the secrets that were sent, and how requests and new versions were named before."""

    def __init__(self) -> None:
        self._imported = ImportedSecrets()
        self._request_ids: set[str] = set()
        self._versions: set[str] = set()

    def send(self, sent: HttpRequest, request: Request) -> None:
        """The message was sent, and asks for the request; whether it was answered does not matter.

        Called before the answer is looked at.
        """
        self._imported = self._imported.sending(sent, request)

    def receive(self, sent: HttpRequest, answered: HttpResponse, request: Request) -> WireExchange:
        """The exchange with the response: redacted where it leaks, its names held to be new."""
        answered, leaks = self._imported.screened(answered, request)
        exchange = wire_exchange(sent, answered, request, leaks)
        return replace(
            exchange,
            repeats_id=_repeats(exchange.request_id, self._request_ids),
            repeats_version=_repeats(exchange.new_version, self._versions),
        )


def _repeats(name: str | None, names: set[str]) -> bool | None:
    """Whether the name is one of those before, which it joins; None where there is none."""
    if name is None:
        return None
    repeats = name in names if names else None
    names.add(name)
    return repeats
