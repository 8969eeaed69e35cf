"""Answers that a target or its server gives of itself, written as the service writes an error."""

from __future__ import annotations

from mhsm_model.exchange import Refused
from mhsm_model.wire.http import HttpResponse
from mhsm_model.wire.response_codec import ServerMarks, encode_reply
from mhsm_targets.request_ids import drawn_request_id

__all__ = ["own_refusal"]


def own_refusal(status: int, code: str, message: str, method: str = "") -> HttpResponse:
    """A refusal of that status and error code with a request id of its own.

    `method` is that of the request, where there is one.
    """
    marks = ServerMarks(request_id=drawn_request_id())
    return encode_reply(method, Refused(status, code, message), marks)
