"""The Authorization header of a request: for which resource, and never to whom it should not go."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from mhsm_model.wire.challenge import Challenge, parse_challenge
from mhsm_targets.https.credentials import Tokens
from mhsm_targets.https.retrying import Retrying, seconds_ahead
from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["PLACEHOLDER", "Authorizing"]

PLACEHOLDER = "bearer-token-of-the-run"
"""Stands for the token in everything that a check sees, a report shows and a case stores."""


class Authorizing:
    """Puts the token into requests that carry the placeholder.

    The resource is that of the HSM's challenge, which must be of the HSM's own domain, as the
    vendor's clients demand it: else a token would go to whoever asks for it.
    """

    def __init__(self, sender: Retrying, tokens: Tokens) -> None:
        self._sender = sender
        self._tokens = tokens
        self._challenge: Challenge | None = None
        self._ahead: float | None = None

    def seconds_ahead(self) -> float | None:
        """By how much the HSM's clock is ahead of this machine's, None where it does not tell.

        Raises TargetUnavailableError.
        """
        self._challenged()
        return self._ahead

    def authority(self) -> str:
        """The URL of the token authority; raises TargetUnavailableError where none is named."""
        return self._challenged().authority or ""

    def header(self) -> str:
        """The header's value; raises TargetUnavailableError where there is none to send."""
        return f"Bearer {self._tokens.token(self._challenged().resource or '')}"

    def _challenged(self) -> Challenge:
        if self._challenge is None:
            self._challenge = self._asked()
        return self._challenge

    def _asked(self) -> Challenge:
        authority = self._sender.connection.authority
        answered = self._sender.send("GET", "/keys?api-version=7.4", {}, changes=False)
        header = "" if answered is None else answered.headers.get("www-authenticate", "")
        if answered is None or answered.status != 401 or not header:
            raise TargetUnavailableError(
                f"{authority} does not challenge a request without a token; is it a Managed HSM?"
            )
        self._ahead = seconds_ahead(answered.headers.get("date", ""), datetime.now(UTC))
        challenge = parse_challenge(header)
        resource = challenge.resource or ""
        if not f".{authority.lower()}".endswith(f".{urlsplit(resource).netloc.lower()}"):
            raise TargetUnavailableError(
                f"{authority} asks for a token of {resource or 'no resource'}, which is not its "
                f"own: none is sent"
            )
        return challenge
