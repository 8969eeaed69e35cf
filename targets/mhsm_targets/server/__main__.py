"""The process behind `serving`: its options are a line of JSON on standard input."""

from __future__ import annotations

import os
import sys

from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.registry import UnknownTargetError
from mhsm_targets.server.options import options_from_json
from mhsm_targets.server.ready import Ready, ready_text


def main() -> int:
    """Serve; the status is 0, or 2 with one sentence on standard error."""
    line = b""
    while not line.endswith(b"\n"):
        # Unbuffered: what follows the line tells when the parent ends.
        part = os.read(0, 1)
        if not part:
            return 2
        line += part
    options = options_from_json(line.decode())
    try:
        from mhsm_targets.server.running import ServerError, run_server  # noqa: PLC0415
    except ModuleNotFoundError as error:
        print(
            f"{error.name} is not installed; install mhsm-conformance with its extra `server`",
            file=sys.stderr,
        )
        return 2
    try:
        run_server(options, _announce)
    except (UnknownTargetError, TargetUnavailableError, ServerError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _announce(ready: Ready) -> None:
    print(ready_text(ready), flush=True)


if __name__ == "__main__":
    sys.exit(main())
