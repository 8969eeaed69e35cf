"""Why a server cannot do what it was asked."""

from __future__ import annotations

__all__ = ["ServerError"]


class ServerError(Exception):
    """Something that whoever starts the server can put right; the text is one sentence."""
