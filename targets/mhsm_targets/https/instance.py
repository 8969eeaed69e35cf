"""One instance behind HTTPS: requests go out in its names and host, answers come in the check's."""

from __future__ import annotations

from dataclasses import replace

from mhsm_model.wire.challenge import challenge_header, parse_challenge
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.routes import method_meant
from mhsm_targets.https.authorizing import PLACEHOLDER, Authorizing
from mhsm_targets.https.hosts import HostSwap
from mhsm_targets.https.lists import is_list_of_names, next_target, own_part
from mhsm_targets.https.local_challenge import read_as_of_the_cloud
from mhsm_targets.https.names import NameSpace
from mhsm_targets.https.reach import changes
from mhsm_targets.https.retrying import Retrying

__all__ = ["RemoteInstance"]

_PAGES_READ_OVER = 400
_GIVEN = ("host", "authorization")


class RemoteInstance:
    """An instance that a check knows as `host`, with a space of names in it."""

    def __init__(
        self, host: str, sender: Retrying, authorizing: Authorizing, names: NameSpace
    ) -> None:
        self.names = names
        self._sender = sender
        self._authorizing = authorizing
        self._swap = HostSwap(host, sender.connection.authority)

    @property
    def authority(self) -> str:
        """Host and port of the instance itself."""
        return self._sender.connection.authority

    def token_authority(self) -> str:
        """The URL of the authority that the instance sends callers to, as its answers show it."""
        header = challenge_header(self._authorizing.authority(), "")
        return parse_challenge(read_as_of_the_cloud(header, self.authority)).authority or ""

    def exchange(self, request: HttpRequest, *, once: bool = False) -> HttpResponse | None:
        """The answer, or None where it was lost. Raises TargetUnavailableError.

        With `once` a request whose answer is lost is not sent again, whatever it asks for.
        """
        path, mark, query = request.target.partition("?")
        target = self.names.outward(method_meant(request), path) + mark + query
        answered = self._sent(request, target, once=once)
        if answered is None:
            return None
        if is_list_of_names(request.method, request.path):
            answered = self._own(request, answered)
        return None if answered is None else self._inward(answered)

    def _sent(
        self, request: HttpRequest, target: str, *, once: bool = False
    ) -> HttpResponse | None:
        headers = {name: value for name, value in request.headers.items() if name not in _GIVEN}
        shown = request.headers.get("authorization")
        if shown == f"Bearer {PLACEHOLDER}":
            headers["authorization"] = self._authorizing.header()
        elif shown is not None:
            headers["authorization"] = shown
        return self._sender.send(
            request.method,
            target,
            headers,
            request.body,
            changes=once or changes(method_meant(request), request.path),
        )

    def _own(self, request: HttpRequest, answered: HttpResponse) -> HttpResponse | None:
        shown: HttpResponse | None = answered
        for _ in range(_PAGES_READ_OVER):
            if shown is None:
                return None
            further = next_target(shown, self.authority)
            shown, has_items = own_part(shown, self.names)
            if has_items or further is None:
                return shown
            shown = self._sent(request, further)
        return shown

    def _inward(self, answered: HttpResponse) -> HttpResponse:
        body = self._swap.inward(self.names.inward(answered.body))
        headers = {
            name: self._swap.inward(self.names.inward(value.encode())).decode()
            for name, value in answered.headers.items()
        }
        challenge = headers.get("www-authenticate")
        if challenge is not None:
            headers["www-authenticate"] = read_as_of_the_cloud(challenge, self.authority)
        if "content-length" in headers and len(body) != len(answered.body):
            headers["content-length"] = str(len(body))
        return replace(answered, headers=headers, body=body)
