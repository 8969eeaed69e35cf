"""What an onlooker remembers of the messages of a session, beside the state of the HSM."""

from __future__ import annotations

from dataclasses import replace

from mhsm_model.exchange import Request
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.wire.canary import ImportedSecrets
from mhsm_model.wire.exchange import WireExchange, wire_exchange
from mhsm_model.wire.http import HttpRequest, HttpResponse

__all__ = ["Onlooker"]


class Onlooker:
    """Knows the secrets that were sent, and how requests and new versions were named before."""

    def __init__(self) -> None:
        self._imported = ImportedSecrets()
        self._request_ids: set[str] = set()
        self._keys: set[tuple[str, str]] = set()
        self._versions: dict[str, tuple[str, str]] = {}

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
            repeats_id=self._repeats_id(exchange.request_id),
            repeats_version=self._repeats_version(exchange.new_version),
        )

    def _repeats_id(self, named: str | None) -> bool | None:
        if named is None:
            return None
        repeats = named in self._request_ids if self._request_ids else None
        self._request_ids.add(named)
        return repeats

    def _repeats_version(self, made: KeyIdentifier | None) -> bool | None:
        """Whether another key has a version that is called so; None where there is no other key."""
        if made is None or made.version is None:
            return None
        key = (made.host, made.name)
        is_alone = self._keys <= {key}
        self._keys.add(key)
        first = self._versions.setdefault(made.version, key)
        return None if is_alone else first != key
