"""From a request that an emulated HSM receives to the call that it is."""

from __future__ import annotations

from mhsm_model.exchange import Call, Credential, Request
from mhsm_model.moments import Interval
from mhsm_model.wire.http import HttpRequest

__all__ = ["received"]


def received(message: HttpRequest, request: Request, now: int, token: str) -> Call:
    """The call that the message is at a second, where `request` is what it decodes to.

    `token` is the bearer token that counts as good. What is odd about the message is left out:
    whoever carries a call out does not need it.
    """
    return Call(
        host=message.host,
        request=request,
        time=Interval(now, now),
        api_version=message.query.get("api-version"),
        credential=_credential(message.headers.get("authorization"), token),
    )


def _credential(header: str | None, token: str) -> Credential:
    if header is None:
        return Credential.ANONYMOUS
    return Credential.TOKEN if header == f"Bearer {token}" else Credential.INVALID
