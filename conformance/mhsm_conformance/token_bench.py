"""Benchmarks of targets whose keys live in a token: how much of a run is not the token's own time.

The time of the token is taken in the run itself, around every call of the module, initialisation
and logins included: that of the same calls made bare.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from mhsm_conformance.opening import HOSTS
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import CreateKey, GetKey, Request
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.wire.request_encoding import encode_request
from mhsm_targets.protocol import (
    USAGE_JOURNAL,
    ProvableFactory,
    RestartableTarget,
    TargetUnavailableError,
    WireTarget,
)
from mhsm_targets.registry import UnknownTargetError, target_factory, target_names

__all__ = ["token_targets"]

_KEYS: Final = 1000


def token_targets() -> dict[str, Any]:
    """The measurements of every such target that can be had here."""
    return {name: _measured(name) for name in _available()}


def _available() -> Iterator[str]:
    for name in target_names():
        try:
            factory = target_factory(name)
            if isinstance(factory, ProvableFactory):
                factory.prove()
                yield name
        except (UnknownTargetError, TargetUnavailableError) as error:
            print(f"bench: {name} is left out: {error}", file=sys.stderr)


def _measured(name: str) -> dict[str, Any]:
    wall, usage = _smoke(name, workers=1)
    both, _ = _smoke(name, workers=2)
    opening = _opening_seconds(name)
    ratio = wall / usage["seconds"]
    return {
        "what": "a smoke run against the time of its token calls alone; opening 1,000 keys",
        "seconds": round(wall, 1),
        "token_seconds": round(usage["seconds"], 1),
        "ratio": round(ratio, 2),
        "seconds_of_two_processes": round(both, 1),
        "exchanges": usage["exchanges"],
        "calls_an_exchange": round(usage["calls"] / usage["exchanges"], 1),
        "most_calls_of_an_exchange": usage["most_calls"],
        "seconds_to_open": round(opening, 2),
        "wanted": "ratio at most 1.4, two processes within 120 s, 1,000 keys opened within 1 s",
        "met": ratio <= 1.4 and both <= 120 and opening <= 1,
    }


def _smoke(name: str, *, workers: int) -> tuple[float, dict[str, Any]]:
    """Seconds of a whole smoke run in a process of its own, and what it asked of the tokens."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "usage.jsonl"
        words = [sys.executable, "-m", "mhsm_conformance.entry", "run", name, "--profile", "smoke"]
        begun = time.perf_counter()
        subprocess.run(
            [*words, "-n", str(workers), "--out", folder],
            env={**os.environ, USAGE_JOURNAL: str(journal)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        seconds = time.perf_counter() - begun
        rows = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    usage = {part: sum(row[part] for row in rows) for part in ("exchanges", "calls", "seconds")}
    return seconds, {**usage, "most_calls": max(row["most_calls"] for row in rows)}


def _opening_seconds(name: str) -> float:
    """How long the first answer of an instance with many keys takes after a restart."""
    target = target_factory(name).open({HOSTS[0]: Configuration()}, 0)
    try:
        for number in range(_KEYS):
            _asked(target, CreateKey(f"key-{number}", "oct", key_size=256))
        if not isinstance(target, RestartableTarget):
            return 0.0
        target.restart()
        begun = time.perf_counter()
        _asked(target, GetKey("key-0"))
        return time.perf_counter() - begun
    finally:
        target.close()


def _asked(target: WireTarget, request: Request) -> None:
    target.exchange(encode_request(request, HOSTS[0], LATEST_RECORDED, target.token))
