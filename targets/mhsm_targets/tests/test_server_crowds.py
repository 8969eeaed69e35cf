"""Thousands of connections at once that ask for nothing, and a server that can hold no more."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import pytest

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra `server`)")

from mhsm_targets.server import Served, serving
from mhsm_targets.tests.raw_wire import TOKEN, answered, request_bytes, resident, statuses

CROWD: Final = 2500
SPARED: Final = 200
"""File descriptors that the test and the server need besides those of the crowd."""

MOST_BYTES: Final = 96 << 10
"""What the server may hold for an idle connection; measured: 45 KiB, nearly all of it TLS's."""

SECONDS: Final = 60


@pytest.fixture
def many_files() -> Iterator[int]:
    """How many files may be open, which is as many as this process may ask for."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    yield most
    resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


def open_files(served: Served) -> int:
    return len(os.listdir(f"/proc/{served.ready.pid}/fd"))


def dialled(served: Served) -> socket.socket:
    where = urlsplit(served.url)
    return socket.create_connection((where.hostname or "", where.port or 0), timeout=SECONDS)


def secured(context: ssl.SSLContext, plain: socket.socket) -> ssl.SSLSocket:
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


def answers(served: Served) -> bool:
    return statuses(answered(served, request_bytes(served, last=True))) == [200]


def settled(served: Served, most: int) -> int:
    """The number of the server's open files once it is no more than that, or in the end."""
    until = time.monotonic() + SECONDS
    while (count := open_files(served)) > most and time.monotonic() < until:
        time.sleep(0.05)
    return count


def test_thousands_of_idle_connections_are_held_and_others_are_answered(many_files: int) -> None:
    crowd = min(CROWD, many_files - SPARED)
    if crowd < CROWD:
        print(f"{crowd} connections, not {CROWD}: RLIMIT_NOFILE is {many_files}")
    with serving(static_token=TOKEN) as alone, contextlib.ExitStack() as stack:
        few = open_files(alone)
        assert answers(alone)
        before = resident(alone.ready.pid)
        context = ssl.create_default_context(cafile=alone.ca_file)
        for number in range(crowd):
            idle = stack.enter_context(dialled(alone))
            match number % 4:
                case 0:
                    # Not even a handshake.
                    idle.sendall(b"\x16\x03\x01\x02")
                case 1:
                    stack.enter_context(secured(context, idle))
                case 2:
                    stack.enter_context(secured(context, idle)).sendall(b"POST /keys/k/create")
                case _:
                    used = stack.enter_context(secured(context, idle))
                    used.sendall(request_bytes(alone))
                    assert statuses(used.recv(1 << 16)) == [200]
        assert open_files(alone) >= few + crowd
        assert answers(alone)
        assert (resident(alone.ready.pid) - before) / crowd < MOST_BYTES
        stack.close()
        assert settled(alone, few) <= few
        assert answers(alone)


def test_connections_beyond_the_limit_are_closed_and_others_go_on(many_files: int) -> None:
    with serving(static_token=TOKEN) as alone, contextlib.ExitStack() as stack:
        context = ssl.create_default_context(cafile=alone.ca_file)
        few = open_files(alone)
        first = stack.enter_context(secured(context, dialled(alone)))
        resource.prlimit(alone.ready.pid, resource.RLIMIT_NOFILE, (few + 10, many_files))
        refused = 0
        for _ in range(30):
            plain = stack.enter_context(dialled(alone))
            try:
                stack.enter_context(secured(context, plain))
            except OSError:
                refused += 1
        assert refused >= 20
        first.sendall(request_bytes(alone))
        assert statuses(first.recv(1 << 16)) == [200]
        stack.close()
        assert settled(alone, few) <= few
        assert answers(alone)
