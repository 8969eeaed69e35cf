"""Benchmarks: `python -m mhsm_conformance.bench PATH` measures and writes one JSON object.

Speed is told as ratios taken in one run on one machine. Absolute figures stand beside them to make
sense of, and prove nothing about another machine.

(a) judged steps a second of the lifecycle machine, against the same draws without a judge;
(b) get, update and accept at 100, 10,000 and 100,000 keys of one instance, and memory a key;
(c) recorded exchanges judged a second on one core, and memory against the number of files;
(d) the whole smoke run;
(e) targets with a token below them: a smoke run against its token calls made again bare, and the
    opening of 1,000 keys;
(f) a target served over HTTPS against a bare application on the same stack.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from mhsm_conformance.examination import RecordedVerdict, examine
from mhsm_conformance.faults import HarnessFault
from mhsm_conformance.machines.lifecycle import LifecycleMachine
from mhsm_conformance.opening import HOSTS
from mhsm_conformance.recorder import recorded_session
from mhsm_conformance.results import incomplete
from mhsm_conformance.server_bench import served_targets
from mhsm_conformance.session import Session
from mhsm_conformance.token_bench import token_targets
from mhsm_model.acceptor import accepts
from mhsm_model.configuration import Configuration
from mhsm_model.entropy import SeededEntropy
from mhsm_model.exchange import Call, CreateKey, Credential, GetKey, Request, UpdateKey
from mhsm_model.generator import Vault, step
from mhsm_model.moments import Interval
from mhsm_model.state import Estate, Instance
from mhsm_reports import load
from mhsm_targets.registry import target_factory

__all__ = ["main"]

_TARGET: Final = "model"
_HOST: Final = HOSTS[0]
_NOW: Final = 1_900_000_000
_SIZES: Final = (100, 10_000, 100_000)
_EXAMPLES: Final = 60
_STEPS: Final = 40


# --- (a) the judge against its floor --------------------------------------------------------------


def _machine_seconds(*, judged: bool) -> tuple[float, int]:
    """Seconds and exchanges of the machine with one fixed seed; EC and symmetric keys only."""
    exchanges = 0

    class Machine(LifecycleMachine):
        def opened(self, seed: int) -> Session:
            factory = target_factory(_TARGET)
            configurations = {host: Configuration() for host in HOSTS}
            target = factory.open(configurations, seed)
            return Session(target, factory.profile, configurations, judged=judged)

        def create(self, at: int, request: CreateKey) -> None:
            """Create a key that costs little."""
            self.born(
                at,
                replace(request, kty="EC", key_size=None, crv="P-256")
                if request.kty == "RSA"
                else request,
            )

        def import_sample(
            self, at: int, name: str, kind: str, serial: int, operations: Any
        ) -> None:
            """Import a sample that costs little."""
            cheap = "EC P-256" if kind.startswith("RSA") else kind
            super().import_sample(at, name, cheap, serial, operations)

        def teardown(self) -> None:
            """Count what was sent."""
            nonlocal exchanges
            exchanges += self.session.exchanges

    configured = settings(
        max_examples=_EXAMPLES,
        stateful_step_count=_STEPS,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
    )
    begun = time.perf_counter()
    run_state_machine_as_test(seed(1)(Machine), settings=configured)
    return time.perf_counter() - begun, exchanges


def _judge_against_floor() -> dict[str, Any]:
    _machine_seconds(judged=True)
    rounds = [(_machine_seconds(judged=True), _machine_seconds(judged=False)) for _ in range(3)]
    ratios = [bare[0] / full[0] for full, bare in rounds]
    full, bare = rounds[0]
    return {
        "what": "steps a second of the machine, judged against unjudged, EC and oct keys",
        "exchanges": {"judged": full[1], "unjudged": bare[1]},
        "judged_per_second": round(full[1] / full[0]),
        "unjudged_per_second": round(bare[1] / bare[0]),
        "ratio": round(statistics.median(ratios), 3),
        "wanted": "at least 0.6",
        "met": statistics.median(ratios) >= 0.6,
    }


# --- (b) many keys --------------------------------------------------------------------------------


def _call(request: Request) -> Call:
    return Call(_HOST, request, Interval(_NOW, _NOW), "7.5", Credential.TOKEN)


def _filled(size: int) -> tuple[Estate, Vault]:
    configuration = Configuration(maximum_keys=size + 1000)
    estate = Estate().with_instance(_HOST, Instance(configuration))
    vault, entropy = Vault(), SeededEntropy(size)
    for number in range(size):
        call = _call(CreateKey(f"key-{number}", "oct", key_size=256))
        moved = step(estate, vault, call, entropy)
        estate, vault = moved.estate, moved.vault
    return estate, vault


def _microseconds(work: Callable[[int], object], size: int) -> float:
    """The median of seven rounds of 300 calls each, spread over all names."""
    rounds: list[float] = []
    for turn in range(7):
        names = [(7919 * (300 * turn + n)) % size for n in range(300)]
        begun = time.perf_counter()
        for name in names:
            work(name)
        rounds.append((time.perf_counter() - begun) / 300)
    return 1e6 * statistics.median(rounds)


def _at_size(size: int) -> dict[str, float]:
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    estate, vault = _filled(size)
    gc.collect()
    memory = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    entropy = SeededEntropy(1)

    def get(number: int) -> object:
        return step(estate, vault, _call(GetKey(f"key-{number}")), entropy)

    def update(number: int) -> object:
        return step(estate, vault, _call(UpdateKey(f"key-{number}", tags={"a": "b"})), entropy)

    def accept(number: int) -> object:
        call = _call(GetKey(f"key-{number}"))
        return accepts(estate, call, replies[number])

    replies = {
        n: step(estate, vault, _call(GetKey(f"key-{n}")), entropy).reply
        for turn in range(7)
        for n in ((7919 * (300 * turn + i)) % size for i in range(300))
    }
    gc.collect()
    gc.freeze()
    try:
        timed = {
            "get": _microseconds(get, size),
            "update": _microseconds(update, size),
            "accept": _microseconds(accept, size),
        }
    finally:
        gc.unfreeze()
    return {**timed, "bytes_a_key": memory / size}


def _many_keys() -> dict[str, Any]:
    measured = {size: _at_size(size) for size in _SIZES}
    base = measured[_SIZES[0]]
    ratios = {
        name: {str(size): round(measured[size][name] / base[name], 3) for size in _SIZES[1:]}
        for name in ("get", "update", "accept")
    }
    worst = max(value for row in ratios.values() for value in row.values())
    memory = {str(size): round(measured[size]["bytes_a_key"]) for size in _SIZES}
    heaviest = max(memory[str(size)] for size in _SIZES[1:])
    return {
        "what": "time against that at 100 keys; bytes a key of state and vault, oct keys",
        "microseconds": {
            str(size): {name: round(row[name], 1) for name in ("get", "update", "accept")}
            for size, row in measured.items()
        },
        "ratios": ratios,
        "bytes_a_key": memory,
        "wanted": "ratios at most 1.5, at most 4096 bytes a key beyond its public material",
        "met": worst <= 1.5 and heaviest <= 4096,
    }


# --- (c) recordings -------------------------------------------------------------------------------


def _recordings(stack: ExitStack) -> tuple[str, list[Path]]:
    told = os.environ.get("MHSM_TRACES", "../shared/traces/mhsm")
    found = sorted(Path(told).rglob("*.jsonl"))
    if found:
        return "recordings of the real service", found
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    paths = [folder / f"session-{number}.jsonl" for number in range(40)]
    for number, path in enumerate(paths):
        recorded_session(path, _TARGET, seed=number)
    return "sessions recorded from the emulator's own wire", paths


def _judge_files(paths: list[Path]) -> tuple[int, int]:
    judged = modelled = 0
    for path in paths:
        for verdict in examine(path):
            judged += 1
            seen = (RecordedVerdict.ACCEPTED, RecordedVerdict.REJECTED)
            modelled += verdict.verdict in seen
    return judged, modelled


def _peak(paths: list[Path]) -> int:
    gc.collect()
    tracemalloc.start()
    _judge_files(paths)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _recorded_traffic() -> dict[str, Any]:
    with ExitStack() as stack:
        source, paths = _recordings(stack)
        _judge_files(paths[: len(paths) // 4])
        begun = time.process_time()
        judged, modelled = _judge_files(paths)
        seconds = time.process_time() - begun
        heavy = sorted(paths, key=lambda path: path.stat().st_size)[-20:]
        _judge_files(heavy)  # the caches of loaded keys are as full as they get
        once, often = _peak(heavy), _peak(heavy * 5)
    rate = judged / seconds
    return {
        "what": "recorded exchanges judged a second of one core; peak memory of 5 times the files",
        "source": source,
        "exchanges": judged,
        "modelled": modelled,
        "per_second": round(rate),
        "modelled_per_second": round(modelled / seconds),
        "peak_memory_ratio": round(often / once, 3),
        "wanted": "at least 2000 a second, memory independent of the number of files",
        "met": rate >= 2000 and often / once < 1.2,
    }


# --- (d) the smoke run ----------------------------------------------------------------------------


def _smoke() -> dict[str, Any]:
    # In a process of its own, as a user runs it: start-up is part of the time.
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "mhsm_conformance.entry", "run", _TARGET]
        begun = time.perf_counter()
        subprocess.run(
            [*words, "--profile", "smoke", "--out", folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        seconds = time.perf_counter() - begun
        result = load(Path(folder) / "run.json")
    left = incomplete(result)
    return {
        "what": "seconds of a whole smoke run, and the demanding clauses it left out",
        "seconds": round(seconds, 2),
        "exchanges": result.run.exchanges,
        "incomplete": list(left),
        "wanted": "within 60 s, every clause of the chapters exercised",
        "met": seconds <= 60 and not left,
    }


def main() -> None:
    """Measure, print, and write the JSON file named by the only argument."""
    if len(sys.argv) != 2:
        print("usage: python -m mhsm_conformance.bench PATH", file=sys.stderr)
        sys.exit(2)
    document: dict[str, Any] = {
        "format": "mhsm-bench/1",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    for name, measure in (
        ("judge", _judge_against_floor),
        ("many_keys", _many_keys),
        ("recordings", _recorded_traffic),
        ("smoke", _smoke),
        ("tokens", token_targets),
        ("server", served_targets),
    ):
        try:
            measured = measure()
        except HarnessFault as error:
            print(f"bench: {name} cannot be measured: {error}", file=sys.stderr)
            sys.exit(2)
        if measured is None:
            continue
        document[name] = measured
        print(json.dumps({name: document[name]}, indent=2), flush=True)
    try:
        Path(sys.argv[1]).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        print(f"bench: cannot write {sys.argv[1]}: {error.strerror}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
