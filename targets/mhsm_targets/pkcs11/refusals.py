"""How a request is refused: an exception that carries the error answer."""

from __future__ import annotations

from mhsm_model.exchange import Refused, Reply
from mhsm_model.tables.errors import Refusal, unseen

__all__ = ["RefusedError", "bad_value", "forbidden", "refused"]


class RefusedError(Exception):
    """The request is refused; `reply` is the answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


def refused(refusal: Refusal) -> RefusedError:
    """The exception for a row of the error table."""
    return RefusedError(refusal.reply())


def bad_value(message: str) -> RefusedError:
    """400 BadParameter in our own words: nobody has seen the service's."""
    return refused(unseen(400, "BadParameter", message))


def forbidden(message: str) -> RefusedError:
    """403 Forbidden in our own words, as a vault has it."""
    return RefusedError(Refused(403, "Forbidden", message))
