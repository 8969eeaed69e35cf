"""Runs `mhsm judge`, `fidelity` or `examine` over the recordings beside the repository.

The recordings are at MHSM_TRACES, a file or a folder, and else in ../shared/traces. Where nobody
named them and there are none, `judge` and `fidelity` have nothing to do, and say so; `examine`
corrupts sessions of the emulator.
"""

import os
import subprocess
import sys
from pathlib import Path

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "traces"


def recordings() -> list[str]:
    """Where recordings are; ends the process where a place was named that is none."""
    named = os.environ.get("MHSM_TRACES")
    if named:
        if not Path(named).exists():
            print(
                f"MHSM_TRACES names {named!r}, and there is no such file or folder", file=sys.stderr
            )
            sys.exit(2)
        return [named]
    return [str(BESIDE / part) for part in ("mhsm", "transcribed") if (BESIDE / part).is_dir()]


def main() -> None:
    """Run the command that the first word names, with the words after it."""
    command, *words = sys.argv[1:]
    found = recordings()
    if not found:
        print(f"{command}: no recordings at {BESIDE}", flush=True)
        if command in ("judge", "fidelity"):
            return
    sys.exit(subprocess.call(["mhsm", command, *words, *found]))


if __name__ == "__main__":
    main()
