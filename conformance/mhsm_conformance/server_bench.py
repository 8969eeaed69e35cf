"""Benchmarks of what serves a Managed HSM over HTTPS, against a bare application on the same stack.

Both run at the same time and take turns under the same load, so that what else the machine does
hits both; the median of the rounds' ratios is told. Without wrk the part is left out.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from mhsm_conformance.bare_server import OPERATIONS
from mhsm_conformance.wrk_load import Load, Throughput, measured_load, wrk_is_here
from mhsm_model.base64url import encoded
from mhsm_model.configuration import Configuration
from mhsm_targets.server import Served, serving

__all__ = ["served_targets"]

_VERSION: Final = "api-version=7.6"
_CONNECTIONS: Final = (1, 32)
_ROUNDS: Final = 7
_SECONDS: Final = 1
_KEYS: Final = 1000
_MANY_KEYS: Final = 100_000
_WANTED: Final = {
    ("get", 1): 0.4,
    ("get", 32): 0.4,
    ("sign ES256", 1): 0.6,
    ("sign ES256", 32): 0.6,
    # One connection waits for each signature, and a second core cannot make that one faster.
    ("sign RS256", 32): 1.0,
}
_DIGEST: Final = encoded(bytes(32))


def served_targets() -> dict[str, Any] | None:
    """The measurements, or None where wrk is not installed."""
    if not wrk_is_here():
        print("bench: server is left out: wrk is not installed (Debian: wrk)", file=sys.stderr)
        return None
    parts = {
        "throughput": _throughput,
        "cold_start": _cold_start,
        "memory": _memory,
        "listing": _listing,
        "generation": _generation,
    }
    measured: dict[str, Any] = {}
    for name, measure in parts.items():
        measured[name] = measure()
    return measured


class _Client:
    """One connection to an instance, with a good token. Methods raise OSError, HTTPException."""

    def __init__(self, served: Served) -> None:
        self._headers = {"authorization": f"Bearer {served.token()}"}
        where = urlsplit(served.url)
        context = ssl.create_default_context(cafile=served.ca_file)
        self._connection = http.client.HTTPSConnection(where.netloc, context=context, timeout=60)

    def asked(self, method: str, path: str, document: Any = None) -> bytes:
        """The body of a success; raises RuntimeError for anything else."""
        body = None if document is None else json.dumps(document)
        self._connection.request(method, path, body, self._headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise RuntimeError(f"{method} {path}: {response.status} {content.decode()}")
        return content

    def created(self, name: str, kty: str, **members: Any) -> None:
        """Create a key."""
        self.asked("POST", f"/keys/{name}/create?{_VERSION}", {"kty": kty, **members})


@contextlib.contextmanager
def _served() -> Generator[tuple[Served, _Client]]:
    roomy = {"hsm-a": Configuration(maximum_keys=10 * _MANY_KEYS)}
    with serving(instances=roomy) as served:
        yield served, _Client(served)


# --- throughput -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rival:
    """A server under load, and what is asked of it by operation."""

    base: str
    loads: Mapping[str, Load]


def _loads(headers: Mapping[str, str]) -> dict[str, Load]:
    """The requests to the served instance, on keys that are named after their types."""

    def using(key: str, action: str, algorithm: str) -> Load:
        body = json.dumps({"alg": algorithm, "value": _DIGEST}).encode()
        return Load("POST", f"/keys/{key}/{action}?{_VERSION}", body, headers)

    create = json.dumps({"kty": "EC-HSM", "crv": "P-256"}).encode()
    return {
        "get": Load("GET", f"/keys/ec?{_VERSION}", b"", headers),
        "sign ES256": using("ec", "sign", "ES256"),
        "sign RS256": using("rsa", "sign", "RS256"),
        "wrap A256KW": using("oct", "wrapkey", "A256KW"),
        "encrypt A256GCM": using("oct", "encrypt", "A256GCM"),
        "create EC": Load("POST", f"/keys/made-{{serial}}/create?{_VERSION}", create, headers),
    }


@contextlib.contextmanager
def _bare(sizes: Mapping[str, int], loads: Mapping[str, Load]) -> Generator[_Rival]:
    process = subprocess.Popen(
        [sys.executable, "-m", "mhsm_conformance.bare_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(dict(sizes)) + "\n")
        process.stdin.flush()
        port = int(process.stdout.readline())
        told = {
            name: replace(load, path=f"/{OPERATIONS.index(name)}") for name, load in loads.items()
        }
        yield _Rival(f"https://127.0.0.1:{port}", told)
    finally:
        process.stdin.close()
        process.wait(15)
        process.stdout.close()


def _throughput() -> dict[str, Any]:
    with _served() as (served, client):
        client.created("ec", "EC-HSM", crv="P-256")
        client.created("rsa", "RSA-HSM", key_size=2048)
        client.created("oct", "oct-HSM", key_size=256)
        headers = {
            "Authorization": f"Bearer {served.token()}",
            "Content-Type": "application/json",
        }
        ours = _Rival(served.url, _loads(headers))
        sizes = {
            name: len(
                client.asked(
                    load.method,
                    load.path.replace("{serial}", "0"),
                    json.loads(load.body) if load.body else None,
                )
            )
            for name, load in ours.loads.items()
        }
        with _bare(sizes, ours.loads) as bare:
            return {
                f"{name}, {connections} connections": _compared(ours, bare, name, connections)
                for connections in _CONNECTIONS
                for name in OPERATIONS
            }


def _compared(ours: _Rival, bare: _Rival, name: str, connections: int) -> dict[str, Any]:
    for rival in (bare, ours):
        _measured(rival, name, connections)
    rounds = [
        (_measured(bare, name, connections), _measured(ours, name, connections))
        for _ in range(_ROUNDS)
    ]
    ratio = statistics.median(mine.per_second / floor.per_second for floor, mine in rounds)
    tail = statistics.median(mine.p99 / mine.median for _, mine in rounds)
    least = _WANTED.get((name, connections))
    wanted = [] if least is None else [f"ratio at least {least}"]
    met = least is None or ratio >= least
    if connections > 1:
        wanted.append("p99 at most 10 medians")
        met = met and tail <= 10
    told: dict[str, Any] = {
        "per_second": round(statistics.median(mine.per_second for _, mine in rounds)),
        "bare_per_second": round(statistics.median(floor.per_second for floor, _ in rounds)),
        "ratio": round(ratio, 3),
        "microseconds": round(statistics.median(mine.median for _, mine in rounds)),
        "p99_to_median": round(tail, 2),
        "bare_p99_to_median": round(
            statistics.median(floor.p99 / floor.median for floor, _ in rounds), 2
        ),
    }
    return {**told, "wanted": " and ".join(wanted), "met": met} if wanted else told


def _measured(rival: _Rival, name: str, connections: int) -> Throughput:
    load = rival.loads[name]
    # Each run makes names of its own.
    path = load.path.replace("{serial}", f"{time.time_ns()}-{{serial}}")
    return measured_load(rival.base, replace(load, path=path), connections, _SECONDS)


# --- start, memory, lists, generation -------------------------------------------------------------


def _cold_start() -> dict[str, Any]:
    seconds: list[float] = []
    for _ in range(5):
        begun = time.perf_counter()
        with serving() as served:
            _Client(served).asked("GET", f"/keys?{_VERSION}")
            seconds.append(time.perf_counter() - begun)
    told = statistics.median(seconds)
    return {
        "what": "seconds from nothing to the first answer, token and TLS included",
        "seconds": round(told, 2),
        "fastest": round(min(seconds), 2),
        "wanted": "below 1.5 s",
        "met": told < 1.5,
    }


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return 1024 * int(line.split()[1])
    raise RuntimeError(f"process {pid} has no resident memory")


def _memory() -> dict[str, Any]:
    with _served() as (served, client):
        empty = _resident(served.ready.pid)
        for number in range(_KEYS):
            client.created(f"key-{number}", ("EC-HSM", "oct-HSM")[number % 2])
        client.asked("GET", f"/keys?{_VERSION}")
        full = _resident(served.ready.pid)
    return {
        "what": f"resident memory with {_KEYS} keys, EC and symmetric, in MiB",
        "mebibytes": round(full / (1 << 20), 1),
        "mebibytes_without_keys": round(empty / (1 << 20), 1),
        "wanted": "below 120 MiB",
        "met": full < 120 << 20,
    }


def _listing() -> dict[str, Any]:
    with _served() as (served, client):
        _filled(served)
        times: list[float] = []
        listed = 0
        path: str | None = f"/keys?{_VERSION}"
        while path is not None:
            begun = time.perf_counter()
            page = json.loads(client.asked("GET", path))
            times.append(time.perf_counter() - begun)
            listed += len(page["value"])
            following = page.get("nextLink")
            path = None if following is None else following.removeprefix(served.url)
    # One page alone tells more of the machine than of the server: hundreds in a row are one point.
    stretches = [statistics.median(times[at : at + 200]) for at in range(0, len(times) - 199, 200)]
    ratio = max(stretches) / stretches[0]
    return {
        "what": "all keys listed page by page: the slowest stretch of 200 pages against the first",
        "keys": listed,
        "pages": len(times),
        "milliseconds_a_page": round(1e3 * statistics.median(times), 2),
        "ratio": round(ratio, 2),
        "wanted": f"at least {_MANY_KEYS} keys, at most 2",
        "met": listed >= _MANY_KEYS and ratio <= 2,
    }


def _filled(served: Served) -> None:
    headers = {"Authorization": f"Bearer {served.token()}", "Content-Type": "application/json"}
    body = json.dumps({"kty": "oct-HSM"}).encode()
    made = turn = 0
    while made < _MANY_KEYS:
        path = f"/keys/k{turn}-{{serial}}/create?{_VERSION}"
        made += measured_load(served.url, Load("POST", path, body, headers), 8, 10).requests
        turn += 1


def _generation() -> dict[str, Any]:
    with _served() as (served, client):
        client.created("ec", "EC-HSM")
        other = _Client(served)
        times: list[float] = []

        def create() -> None:
            for number in range(5):
                other.created(f"rsa-{number}", "RSA-HSM", key_size=4096)

        making = threading.Thread(target=create)
        making.start()
        while making.is_alive():
            begun = time.perf_counter()
            client.asked("GET", f"/keys/ec?{_VERSION}")
            times.append(time.perf_counter() - begun)
        making.join()
    return {
        "what": "the slowest get while five RSA keys of 4,096 bits are made, in milliseconds",
        "gets": len(times),
        "milliseconds": round(1e3 * max(times), 1),
        "median_milliseconds": round(1e3 * statistics.median(times), 2),
        "wanted": "at most 50 ms",
        "met": max(times) <= 50e-3,
    }
