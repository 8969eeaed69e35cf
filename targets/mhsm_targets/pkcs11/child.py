"""A child process as its parent sees it: asked one message at a time, and replaced when it dies."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
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
    `logged_in` is called when the child has logged in, before it makes anything.
    """

    def __init__(
        self,
        opening: Opening,
        patience: float = PATIENCE_SECONDS,
        begun: Begun | None = None,
        logged_in: Callable[[], None] = lambda: None,
    ) -> None:
        self._patience = patience
        self._logged_in = logged_in
        self._pid, self._connection = NURSERY.born() if begun is None else begun
        self.lost = False
        self.opened = self._open(opening)

    def _open(self, opening: Opening) -> dict[str, Any]:
        try:
            told = self._exchanged(opening_bytes(opening))
            if "logged_in" in told:
                self._logged_in()
                told = self._received()
        except ChildLostError as error:
            raise TargetUnavailableError(f"{opening.library}: {error}") from None
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
        try:
            self._connection.send_bytes(message)
        except (OSError, ValueError):
            raise self._ended() from None
        return self._received()

    def _received(self) -> dict[str, Any]:
        connection: Connection = self._connection
        try:
            if not connection.poll(self._patience):
                raise ChildLostError(f"the module hung for {self._patience:.0f} seconds")
            told: dict[str, Any] = json.loads(connection.recv_bytes())
        except (EOFError, OSError):
            raise self._ended() from None
        except BaseException:
            # An answer that nobody took would be taken for the next one's.
            self.kill()
            raise
        return told

    def _ended(self) -> ChildLostError:
        self.lost = True
        self._connection.close()
        return ChildLostError(_ending(NURSERY.ended(self._pid)))

    def close(self) -> None:
        """Let the child go: it ends by itself when its connection does."""
        self.lost = True
        self._connection.close()

    def kill(self) -> None:
        """End the child, and wait until it has."""
        self.lost = True
        self._connection.close()
        NURSERY.killed(self._pid)


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
    NURSERY.killed(pid)
