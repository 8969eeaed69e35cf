"""A server that goes on after a fault of its own says so, and whoever started it is told."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest

from mhsm_targets.server import ServerFaultError, serving
from mhsm_targets.server.complaints import complaint_in
from mhsm_targets.tests.served import calling

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra `server`)")

TRACEBACK = 'Traceback (most recent call last):\n  File "x", line 1\nValueError: no'


@pytest.mark.parametrize(
    "said",
    [
        TRACEBACK,
        f"Task exception was never retrieved\n{TRACEBACK}",
        "Exception in callback f()",
        "Exception ignored in: <function f>",
        "ASGI callable returned without starting response.",
        "mhsm serve: KeyError at data_plane.py:70: 'a'",
        "Fatal Python error: Segmentation fault",
    ],
)
def test_a_fault_is_found_among_what_a_server_says(said: str) -> None:
    assert complaint_in(f"a sentence\n{said}\n") == said


@pytest.mark.parametrize(
    "said", ["", "port 80 of 127.0.0.1 is in use\n", "mhsm serve: the port is taken\n"]
)
def test_a_sentence_is_no_fault(said: str) -> None:
    assert complaint_in(said) is None


BROKEN = """
import sys
from mhsm_targets.server import __main__, data_plane
def broken(*_):
    raise KeyError("a fault")
data_plane.DataPlane._request = broken
sys.exit(__main__.main())
"""


def test_a_server_that_failed_within_fails_whoever_used_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, python = tmp_path / "broken.py", tmp_path / "python"
    program.write_text(BROKEN, "utf-8")
    python.write_text(f"#!/bin/sh\nexec {sys.executable} {program}\n", "utf-8")
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    with contextlib.ExitStack() as stack:
        served = stack.enter_context(serving())
        with calling(served) as caller:
            assert caller.call("GET", "/keys")[0] == 500
        with pytest.raises(ServerFaultError, match=r"KeyError at .*: 'a fault'"):
            stack.close()
