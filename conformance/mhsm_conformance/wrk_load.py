"""Load of one kind on one HTTPS server, made by wrk."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

__all__ = ["Load", "Throughput", "measured_load", "wrk_is_here"]

_SCRIPT: Final = """
local serial = 0
local method, path, body, headers = %s
function request()
  serial = serial + 1
  return wrk.format(method, (path:gsub("{serial}", tostring(serial))), headers, body)
end
function done(summary, latency, requests)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests":%%d,"microseconds":%%d,"refused":%%d,"lost":%%d,"median":%%d,"p99":%%d}\\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """One request, sent again and again; `{serial}` in its path is a number that grows."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


@dataclass(frozen=True, slots=True)
class Throughput:
    """What came of a load: answers a second, median and 99th percentile in microseconds."""

    per_second: float
    median: float
    p99: float
    requests: int


def wrk_is_here() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def measured_load(base: str, load: Load, connections: int, seconds: int) -> Throughput:
    """The load on a server for so long, over so many connections that stay open, in one thread.

    Raises RuntimeError where an answer is not a 2xx or does not come: that would be no measurement.
    """
    words = ", ".join((_quoted(load.method), _quoted(load.path), _quoted(load.body.decode())))
    shown = ", ".join(f"[{_quoted(n)}] = {_quoted(v)}" for n, v in load.headers.items())
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "load.lua"
        script.touch(mode=0o600)
        script.write_text(_SCRIPT % f"{words}, {{{shown}}}", encoding="utf-8")
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
        run = subprocess.run(
            [*command, "--timeout", "10s", "-s", str(script), base],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=True,
            text=True,
            timeout=seconds + 30,
        )
    told: dict[str, Any] = json.loads(run.stderr.splitlines()[-1])
    if told["refused"] or told["lost"]:
        raise RuntimeError(f"{load}: {told['refused']} refused and {told['lost']} lost")
    rate = 1e6 * told["requests"] / told["microseconds"]
    return Throughput(rate, told["median"], told["p99"], told["requests"])


def _quoted(text: str) -> str:
    """The text as a Lua string of printable ASCII."""
    return json.dumps(text)
