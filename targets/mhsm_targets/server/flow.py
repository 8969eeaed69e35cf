"""How much of a connection is read ahead: nothing while requests wait behind one another."""

from __future__ import annotations

import asyncio
from collections.abc import Sized

from uvicorn.protocols.http.flow_control import FlowControl

__all__ = ["PipelineFlow"]


class PipelineFlow(FlowControl):
    """uvicorn's, which reads on after each answer: then a client that never stops fills the memory.

    `waiting` are the requests that are there and not begun.
    """

    def __init__(self, transport: asyncio.Transport, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        """Read on, unless a request is waiting."""
        if not self._waiting:
            super().resume_reading()
