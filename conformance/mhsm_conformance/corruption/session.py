"""A recorded session in memory, and the places in it that a corruption may alter."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from mhsm_model.exchange import Request, Unmodelled
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.request_decoding import decode_request
from mhsm_targets.recordings.reading import read_recording
from mhsm_targets.recordings.recording import LOST, RecordedExchange, SessionHeader

__all__ = ["Document", "Place", "RecordedSession"]

Document = dict[str, Any]


class RecordedSession:
    """The exchanges of one session file, with what each of them asks for."""

    def __init__(
        self, file: str, header: SessionHeader, exchanges: tuple[RecordedExchange, ...]
    ) -> None:
        self.file = file
        self.header = header
        self.exchanges = exchanges

    @classmethod
    def read(cls, path: Path) -> RecordedSession:
        """The session in a recording of any known format.

        Raises RecordingError where it cannot be read to its end.
        """
        header, exchanges = read_recording(path)
        return cls(str(path), header, tuple(exchanges))

    @cached_property
    def requests(self) -> tuple[Request | None, ...]:
        """What each exchange asks for; None for one of the control plane."""
        return tuple(
            decode_request(exchange.sent) if exchange.plane == "data" else None
            for exchange in self.exchanges
        )

    @cached_property
    def documents(self) -> tuple[Any, ...]:
        """The body of each reply as JSON, to be read only."""
        return tuple(exchange.answered.document() for exchange in self.exchanges)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """The exchanges whose operation is modelled and whose reply was not lost."""
        return tuple(
            Place(self, index)
            for index, request in enumerate(self.requests)
            if request is not None
            and not isinstance(request, Unmodelled)
            and self.exchanges[index].answered is not LOST
        )

    def altered(self, answers: dict[int, HttpResponse]) -> tuple[RecordedExchange, ...]:
        """The exchanges with the replies at some indices replaced."""
        return tuple(
            replace(exchange, answered=answers[index]) if index in answers else exchange
            for index, exchange in enumerate(self.exchanges)
        )


@dataclass(frozen=True, slots=True)
class Place:
    """One exchange of a session, which an operator may alter."""

    session: RecordedSession
    index: int

    @property
    def exchange(self) -> RecordedExchange:
        """The exchange as recorded."""
        return self.session.exchanges[self.index]

    @property
    def sent(self) -> HttpRequest:
        """The request as recorded."""
        return self.exchange.sent

    @property
    def answered(self) -> HttpResponse:
        """The reply as recorded."""
        return self.exchange.answered

    @property
    def status(self) -> int:
        """The status of the reply."""
        return self.answered.status

    @property
    def succeeded(self) -> bool:
        """Whether the reply is a 2xx."""
        return 200 <= self.status < 300

    @property
    def request(self) -> Request:
        """What the exchange asks for."""
        return cast("Request", self.session.requests[self.index])

    @property
    def operation(self) -> str:
        """The name of the operation, as verdicts count it."""
        return type(self.request).__name__

    @property
    def name(self) -> str | None:
        """The key name that the request addresses."""
        name = getattr(self.request, "name", None)
        return name if isinstance(name, str) and name else None

    @property
    def version(self) -> str | None:
        """The key version that the request addresses."""
        version = getattr(self.request, "version", None)
        return version if isinstance(version, str) and version else None

    @property
    def shown(self) -> Document | None:
        """The body as a JSON object, to be read only, or None where it is none."""
        document = self.session.documents[self.index]
        return cast("Document", document) if isinstance(document, dict) else None

    def document(self) -> Document:
        """A copy of the JSON object in the body, to be altered. Raises ValueError where none is."""
        document = json.loads(self.answered.body)
        if not isinstance(document, dict):
            raise ValueError("the body is no JSON object")
        return cast("Document", document)

    def with_document(self, document: Any) -> HttpResponse:
        """The reply with another JSON body."""
        body = json.dumps(document, separators=(",", ":")).encode()
        return replace(self.answered, body=body)

    def with_header(self, name: str, value: str | None) -> HttpResponse:
        """The reply with a header set, or taken away where the value is None."""
        headers = {n: v for n, v in self.answered.headers.items() if n != name}
        if value is not None:
            headers[name] = value
        return replace(self.answered, headers=headers)

    def draw(self, salt: str, below: int) -> int:
        """A number below a bound, always the same for the same session, exchange and salt."""
        told = f"{self.session.header.session}\0{self.exchange.sequence}\0{salt}"
        return int.from_bytes(hashlib.sha256(told.encode()).digest()[:8]) % below
