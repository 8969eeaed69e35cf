"""A child process as its parent sees it: asked one message at a time, and replaced when it dies."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from multiprocessing.connection import Connection
from typing import Any, Final

from mhsm_targets.pkcs11.nursery import Nursery
from mhsm_targets.pkcs11.opening import Opening, opening_bytes
from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["NURSERY", "PATIENCE_SECONDS", "Begun", "Child", "ChildLostError", "ended"]

NURSERY: Final = Nursery()

PATIENCE_SECONDS: Final = 120.0
"""How long a child may take for one answer. An RSA key of 4096 bits takes many seconds."""


Begun = tuple[int, Connection]
"""The process id of a child and the connection that it serves."""


class ChildLostError(Exception):
    """The child died or hung while it was asked; the text says how."""


class Child:
    """The process of one instance. Raises TargetUnavailableError where it cannot open it.

    `begun` is a child that prepares the token of the opening already; without it one is born.
    """

    def __init__(
        self, opening: Opening, patience: float = PATIENCE_SECONDS, begun: Begun | None = None
    ) -> None:
        self._patience = patience
        self._pid, self._connection = NURSERY.born() if begun is None else begun
        self.opened = self._open(opening)

    def _open(self, opening: Opening) -> dict[str, Any]:
        try:
            told = self._exchanged(opening_bytes(opening))
        except ChildLostError as error:
            raise TargetUnavailableError(f"{opening.library}: {error}") from None
        except BaseException:
            self.kill()
            raise
        if "unavailable" in told:
            self.kill()
            raise TargetUnavailableError(told["unavailable"])
        return told

    @property
    def pid(self) -> int:
        """The process id."""
        return self._pid

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """The answer to a message; raises ChildLostError where none comes."""
        return self._exchanged(json.dumps(message).encode())

    def _exchanged(self, message: bytes) -> dict[str, Any]:
        connection: Connection = self._connection
        try:
            connection.send_bytes(message)
            if not connection.poll(self._patience):
                self.kill()
                raise ChildLostError(f"the module hung for {self._patience:.0f} seconds")
            told: dict[str, Any] = json.loads(connection.recv_bytes())
        except (EOFError, BrokenPipeError, ConnectionResetError):
            connection.close()
            raise ChildLostError(_ending(NURSERY.ended(self._pid))) from None
        return told

    def close(self) -> None:
        """Let the child go: it ends by itself when its connection does."""
        self._connection.close()

    def kill(self) -> None:
        """End the child at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        self._connection.close()


def _ending(status: int) -> str:
    if status >= 0:
        return f"the process of the module ended with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = str(-status)
    return f"the process of the module was ended by {name}"


def ended(begun: Begun) -> None:
    """End a child that was begun and is not wanted, and wait until it has."""
    pid, connection = begun
    connection.close()
    with contextlib.suppress(ProcessLookupError, TargetUnavailableError):
        os.kill(pid, signal.SIGKILL)
        NURSERY.ended(pid)
