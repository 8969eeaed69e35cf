"""Benchmarks of targets whose keys live in a token: how much of a run is not the token's own time.

The calls of a run are written down and made again with nothing above them, on new tokens: the next
one is prepared while calls are made on the one before, as in the run. Keys are generated anew, so
that RSA takes another time in each: runs and replays take turns, and their sums are compared. A
target that cannot do so has no ratio.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from mhsm_conformance.faults import HarnessFault
from mhsm_conformance.opening import HOSTS
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import CreateKey, GetKey, Request
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.wire.request_encoding import encode_request
from mhsm_targets.protocol import (
    CALL_JOURNALS,
    USAGE_JOURNAL,
    ProvableFactory,
    Replay,
    ReplayableFactory,
    RestartableTarget,
    TargetUnavailableError,
    WireTarget,
)
from mhsm_targets.registry import UnknownTargetError, target_factory, target_names

__all__ = ["judged", "token_targets"]

_KEYS: Final = 1000
_ROUNDS: Final = 3
"""Runs and replays. The few RSA keys of 4096 bits alone take two seconds more or less in each."""

_ASTRAY: Final = 0.05
"""The part of the calls that a replay may leave out, or see answered otherwise than in the run."""


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
    limits: list[tuple[str, float, float]] = []
    told: dict[str, Any] = {}
    factory = target_factory(name)
    if isinstance(factory, ReplayableFactory):
        with tempfile.TemporaryDirectory() as folder:
            # In a run of its own: to write the calls down takes time. The same seed gives the same.
            _smoke(name, workers=1, variables={CALL_JOURNALS: folder})
            rounds = [
                (*_smoke(name, workers=1), _replayed(factory, Path(folder))) for _ in range(_ROUNDS)
            ]
        walls, replays = [part[0] for part in rounds], [part[2] for part in rounds]
        wall, usage, replay = rounds[-1]
        limits.append(("ratio", sum(walls) / sum(one.seconds for one in replays), 1.4))
        told = {
            "seconds_of_runs": [round(one, 1) for one in walls],
            "seconds_of_replays": [round(one.seconds, 1) for one in replays],
            "calls_replayed": replay.calls - replay.left_out,
            "calls_left_out": replay.left_out,
            "seconds_left_out": round(replay.seconds_left_out, 2),
            "calls_answered_otherwise": replay.otherwise,
        }
    else:
        wall, usage = _smoke(name, workers=1)
    both, _ = _smoke(name, workers=2)
    limits.append(("seconds_of_two_processes", both, 120.0))
    opening = _opening_seconds(name)
    if opening is not None:
        limits.append(("seconds_to_open", opening, 1.0))
    return {
        "what": "a smoke run against its token calls made again bare; opening 1,000 keys",
        "seconds": round(wall, 1),
        **told,
        "seconds_in_calls": round(usage["seconds"], 1),
        "exchanges": usage["exchanges"],
        "calls_an_exchange": round(usage["calls"] / usage["exchanges"], 1),
        "most_calls_of_an_exchange": usage["most_calls"],
        **judged(limits),
    }


def _replayed(factory: ReplayableFactory, folder: Path) -> Replay:
    """The calls of a run made again; raises HarnessFault where too few of them went as there."""
    replay = factory.replayed(folder)
    astray = replay.left_out + replay.otherwise
    if astray > _ASTRAY * replay.calls:
        raise HarnessFault(f"{astray} of {replay.calls} calls did not go as in the run")
    return replay


def judged(limits: Iterable[tuple[str, float, float]]) -> dict[str, Any]:
    """Measurements by name, what was wanted of them, and whether all of them are within it.

    Each comes with the most that it may be. What could not be measured is not among them: it counts
    neither as met nor as missed.
    """
    told = list(limits)
    return {
        **{name: round(value, 2) for name, value, _ in told},
        "wanted": ", ".join(f"{name} at most {most:g}" for name, _, most in told),
        "met": all(value <= most for _, value, most in told),
    }


def _smoke(
    name: str, *, workers: int, variables: Mapping[str, str] | None = None
) -> tuple[float, dict[str, Any]]:
    """Seconds of a whole smoke run in a process of its own, and what it asked of the tokens."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "usage.jsonl"
        words = [sys.executable, "-m", "mhsm_conformance.entry", "run", name, "--profile", "smoke"]
        begun = time.perf_counter()
        subprocess.run(
            [*words, "-n", str(workers), "--out", folder],
            env={**os.environ, **(variables or {}), USAGE_JOURNAL: str(journal)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        seconds = time.perf_counter() - begun
        rows = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    usage = {part: sum(row[part] for row in rows) for part in ("exchanges", "calls", "seconds")}
    return seconds, {**usage, "most_calls": max(row["most_calls"] for row in rows)}


def _opening_seconds(name: str) -> float | None:
    """How long the first answer of an instance with many keys takes after a restart.

    None where the target cannot be restarted. Raises HarnessFault where it refuses a request.
    """
    target = target_factory(name).open({HOSTS[0]: Configuration()}, 0)
    try:
        if not isinstance(target, RestartableTarget):
            return None
        for number in range(_KEYS):
            _answered(target, CreateKey(f"key-{number}", "oct", key_size=256))
        target.restart()
        begun = time.perf_counter()
        _answered(target, GetKey(f"key-{_KEYS - 1}"))
        return time.perf_counter() - begun
    finally:
        target.close()


def _answered(target: WireTarget, request: Request) -> None:
    message = encode_request(request, HOSTS[0], LATEST_RECORDED, target.token)
    response = target.exchange(message)
    status = None if response is None else response.status
    if status != 200:
        raise HarnessFault(f"{message.method} {message.target} is answered with {status}, not 200")
