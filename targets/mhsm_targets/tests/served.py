"""A client of served instances, with nothing of the server in it but the ready file's words."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mhsm_model.acceptor import accepts
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Call, Credential, Indeterminate, Reply, Request
from mhsm_model.moments import Interval
from mhsm_model.state import Estate, Instance
from mhsm_model.wire.exchange import wire_exchange
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.request_encoding import encode_request
from mhsm_targets.server import Served

API_VERSION = "7.6"


@dataclass
class Caller:
    """Sends HTTP to one URL over TLS that is verified. `host` overrides the Host header."""

    url: str
    ca_file: str
    token: str | None = None
    host: str | None = None
    _connection: http.client.HTTPSConnection | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What the server is called in requests."""
        return self.host or urlsplit(self.url).netloc

    def send(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse | None:
        """The response, or None where the connection was lost."""
        sent = {"host": self.name, **(headers or {})}
        if self.token:
            sent.setdefault("authorization", f"Bearer {self.token}")
        if self._connection is None:
            context = ssl.create_default_context(cafile=self.ca_file)
            self._connection = http.client.HTTPSConnection(
                urlsplit(self.url).netloc, context=context, timeout=60
            )
        try:
            self._connection.request(method, target, body or None, sent)
            answered = self._connection.getresponse()
            content = answered.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return None
        shown = {name.lower(): value for name, value in answered.getheaders()}
        return HttpResponse(answered.status, shown, content)

    def call(self, method: str, path: str, document: Any = None) -> tuple[int, Any]:
        """Status and JSON of an answer, under an api-version. Fails where none came."""
        body = b"" if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json"} if body else {}
        joint = "&" if "?" in path else "?"
        answered = self.send(method, f"{path}{joint}api-version={API_VERSION}", body, headers)
        assert answered is not None
        return answered.status, answered.document()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextlib.contextmanager
def calling(
    served: Served,
    instance: str | None = None,
    *,
    token: str | None = None,
    host: str | None = None,
) -> Generator[Caller]:
    """A caller of an instance, with a good token unless another is given; closed at the end."""
    url = served.url if instance is None else served.urls[instance]
    caller = Caller(url, served.ca_file, served.token() if token is None else token, host)
    try:
        yield caller
    finally:
        caller.close()


class Witness:
    """Sends to one instance and has every reply judged by the model, also after restarts."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.estate = Estate().with_instance(host, Instance(Configuration()))
        self.acknowledged = 0

    def send(self, caller: Caller, request: Request) -> Reply | None:
        """The judged reply, or None where it was lost."""
        message = encode_request(request, self.host, API_VERSION, caller.token)
        begun = int(time.time())
        answered = caller.send(message.method, message.target, message.body, message.headers)
        interval = Interval(begun, int(time.time()) + 1)
        call = Call(self.host, request, interval, API_VERSION, Credential.TOKEN)
        lost = answered is None
        reply = Indeterminate("lost") if lost else self._reply(message, answered, request)
        judged = accepts(self.estate, call, reply)
        assert not judged.breaches, f"{request}: {judged.breaches[0]}"
        self.estate = judged.estate
        self.acknowledged += not lost
        return None if lost else reply

    @staticmethod
    def _reply(message: HttpRequest, answered: HttpResponse | None, request: Request) -> Reply:
        assert answered is not None
        return wire_exchange(message, answered, request).reply
