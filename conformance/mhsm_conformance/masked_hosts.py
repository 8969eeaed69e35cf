"""Hosts that a recording masks: in the URL of a request, and not in what its reply says."""

from __future__ import annotations

import re
from dataclasses import replace

from mhsm_model.wire.http import HttpRequest, HttpResponse

__all__ = ["MaskedHosts"]

_SHOWN_HOST = re.compile(
    rb"\"(?:kid|recoveryId)\":\"https://([^/\"]+)/|not found: https://([^/\" ]+)/"
)


class MaskedHosts:
    """Which host the replies of a recording show for the host that its requests go to.

    The first reply that shows a host tells which it is, and every other reply must show the same.
    """

    def __init__(self) -> None:
        self._shown: dict[str, bytes] = {}

    def is_masked(self, host: str) -> bool:
        """Whether replies were seen to show another host."""
        return self._shown.get(host, host.encode()) != host.encode()

    def unmasked(self, sent: HttpRequest, answered: HttpResponse) -> HttpResponse:
        """The response with the request's host where the recording left another in place."""
        if sent.host not in self._shown:
            found = _SHOWN_HOST.search(answered.body)
            if found is not None:
                self._shown[sent.host] = found.group(1) or found.group(2)
        shown = self._shown.get(sent.host)
        if shown is None or shown == sent.host.encode():
            return answered
        body = answered.body.replace(b"https://" + shown + b"/", f"https://{sent.host}/".encode())
        return replace(answered, body=body)
