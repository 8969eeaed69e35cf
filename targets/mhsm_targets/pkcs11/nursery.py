"""A process that forks the children: it has imported what they need and loaded no module.

A new child costs a fork and not a Python of its own. It is told over a socket: a letter and a
number in, a number out. `B` with a descriptor: fork a child that serves it, answer its process id.
`E` with a process id: wait for its end, answer how it ended. `K` with a process id: kill it and
wait, answer 0. `F` with a length, and a path that long: remove the folder at the end, answer 0.
When the socket ends, however that came, so do they all, and what they worked in is removed.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Final

from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["Nursery", "main"]

_MESSAGE: Final = struct.Struct(">cq")
_ANSWER: Final = struct.Struct(">q")


class Nursery:
    """The parent's end. It starts with the first child and ends with this process."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        # A question and its answer belong together, whichever thread asks.
        self._asking = threading.RLock()
        atexit.register(self.close)

    def born(self) -> tuple[int, Connection]:
        """A new child: its process id and the connection that it serves."""
        here, there = Pipe()
        try:
            with there:
                return self._asked(b"B", 0, there.fileno()), here
        except BaseException:
            here.close()
            raise

    def ended(self, pid: int) -> int:
        """Wait for the end of a child; its exit status, negative for a signal."""
        return os.waitstatus_to_exitcode(self._asked(b"E", pid))

    def killed(self, pid: int) -> None:
        """End a child and wait until it has; it may have ended, with the nursery or before."""
        with contextlib.suppress(TargetUnavailableError):
            self._asked(b"K", pid)

    def clear_up(self, folder: Path) -> None:
        """Have the folder removed when this process ends, also where it is killed."""
        path = os.fsencode(folder)
        self._asked(b"F", len(path), following=path)

    def close(self) -> None:
        """End the nursery and every child of it."""
        with self._asking:
            if self._socket is not None:
                self._socket.close()
                self._socket = None
            if self._process is not None:
                self._process.wait()
                self._process = None

    def _asked(
        self, letter: bytes, number: int, descriptor: int | None = None, following: bytes = b""
    ) -> int:
        descriptors = [] if descriptor is None else [descriptor]
        with self._asking:
            channel = self._started()
            try:
                socket.send_fds(channel, [_MESSAGE.pack(letter, number) + following], descriptors)
                told = channel.recv(_ANSWER.size)
            except OSError:
                told = b""
            except BaseException:
                # Whoever asks next would take the answer for its own.
                self.close()
                raise
            if len(told) != _ANSWER.size:
                self.close()
                raise TargetUnavailableError("the process that starts instances has died")
        answer: int = _ANSWER.unpack(told)[0]
        return answer

    def _started(self) -> socket.socket:
        if self._socket is not None:
            return self._socket
        here, there = socket.socketpair()
        with there:
            # In a session of its own, Ctrl-C reaches this process alone, which then closes.
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(there.fileno())],
                pass_fds=[there.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._socket = here
        return here


def main() -> None:
    """Serve the socket whose descriptor is the only argument."""
    # Imported and read before the first fork, so that no child does it again.
    importlib.import_module("pkcs11._pkcs11")

    from mhsm_targets.pkcs11.worker import run  # noqa: PLC0415

    gc.freeze()
    channel = socket.socket(fileno=int(sys.argv[1]))
    alive: set[int] = set()
    ends: dict[int, int] = {}
    folders: set[str] = set()
    while True:
        told, descriptors, _, _ = socket.recv_fds(channel, _MESSAGE.size, 1)
        _reap(alive, ends)
        if len(told) != _MESSAGE.size:
            break
        letter, number = _MESSAGE.unpack(told)
        if letter == b"B":
            pid = os.fork()
            if pid == 0:
                channel.close()
                _serve(descriptors[0], run)
            os.close(descriptors[0])
            alive.add(pid)
            # Of another child, to which the system gave the same number.
            ends.pop(pid, None)
            channel.sendall(_ANSWER.pack(pid))
        elif letter == b"F":
            folders.add(os.fsdecode(_received(channel, number)))
            channel.sendall(_ANSWER.pack(0))
        elif letter == b"K":
            if number in alive:
                os.kill(number, signal.SIGKILL)
                ends[number] = _end(number, alive, ends)
            channel.sendall(_ANSWER.pack(0))
        else:
            channel.sendall(_ANSWER.pack(_end(number, alive, ends)))
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
    for pid in alive:
        os.waitpid(pid, 0)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _received(channel: socket.socket, count: int) -> bytes:
    value = b""
    while len(value) < count and (more := channel.recv(count - len(value))):
        value += more
    return value


def _end(pid: int, alive: set[int], ends: dict[int, int]) -> int:
    """The wait status of a child that is ending or has; 0 where there is none of that number."""
    if pid in alive:
        _, status = os.waitpid(pid, 0)
        alive.discard(pid)
        return status
    return ends.pop(pid, 0)


def _reap(alive: set[int], ends: dict[int, int]) -> None:
    """Take note of the children that have ended."""
    for pid in tuple(alive):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            alive.discard(pid)
            ends[pid] = status


def _serve(descriptor: int, run: Callable[[Connection], None]) -> None:
    status = 1
    try:
        run(Connection(descriptor))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        # Without the clean-up of an interpreter that the nursery still needs.
        os._exit(status)


if __name__ == "__main__":
    main()
