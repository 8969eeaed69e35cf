"""Why a server cannot do what it was asked."""

from __future__ import annotations

from typing import ClassVar

__all__ = ["ConflictError", "NotSupportedError", "ServerError"]


class ServerError(Exception):
    """Something that whoever asked can put right; the text is one sentence.

    `status` is that of the answer where the controls were asked.
    """

    status: ClassVar[int] = 400


class ConflictError(ServerError):
    """The server is not in a state in which that can be done; the text says which would do."""

    status = 409


class NotSupportedError(ServerError):
    """What is served cannot do that; the text says what can be done instead."""

    status = 501
