"""What all processes of a run share: the keys that were made, the next turn, the number of spaces.

One small file under a lock, in the temporary folder, named by the run's id.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["SECONDS_BETWEEN", "Ledger"]

SECONDS_BETWEEN: Final = {"create": 1.0, "change": 0.1}
"""The least time between two requests of a kind. Source: documented rates of Managed HSM, about one
creation and ten deletions, purges, backups or restores a second (LIM-009)."""


class Ledger:
    """Counts and paces. Files of runs that were killed are small, and the system removes them."""

    def __init__(
        self,
        run_id: str,
        *,
        folder: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = Path(folder or tempfile.gettempdir()) / f"mhsm-https-{run_id}.json"
        self._sleep = sleep
        self._clock = clock

    def begin(self) -> None:
        """Note when the run began, once."""
        with self._opened() as told:
            told.setdefault("begun", self._clock())

    def space(self) -> int:
        """A number that no other space of names of the run has."""
        with self._opened() as told:
            told["spaces"] = int(told.get("spaces", 0)) + 1
            number: int = told["spaces"]
        return number

    def spend(self, most_keys: int) -> None:
        """Count one key or version; raises TargetUnavailableError where the budget has none left.

        It is counted before it is made, so that the budget also holds for what is lost.
        """
        with self._opened() as told:
            spent = int(told.get("spent", 0))
            if spent >= most_keys:
                raise TargetUnavailableError(
                    f"the budget of {most_keys} keys is used up; --max-keys gives more"
                )
            told["spent"] = spent + 1

    @property
    def spent(self) -> int:
        """How many keys and versions were asked for."""
        with self._opened() as told:
            return int(told.get("spent", 0))

    def check_time(self, most_minutes: int) -> None:
        """Raise TargetUnavailableError where the run has taken longer than it may."""
        with self._opened() as told:
            begun = float(told.setdefault("begun", self._clock()))
        if self._clock() - begun > most_minutes * 60:
            raise TargetUnavailableError(
                f"the budget of {most_minutes} minutes is used up; --max-minutes gives more"
            )

    def await_turn(self, kind: str, instance: str) -> None:
        """Wait until the next request of the kind to the instance is due."""
        key = f"{kind} {instance}"
        with self._opened() as told:
            turns: dict[str, float] = told.setdefault("turns", {})
            now = self._clock()
            mine = max(now, turns.get(key, 0.0))
            turns[key] = mine + SECONDS_BETWEEN[kind]
        if mine > now:
            self._sleep(mine - now)

    def remove(self) -> None:
        """Forget the run."""
        self._path.unlink(missing_ok=True)

    @contextmanager
    def _opened(self) -> Generator[dict[str, Any]]:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise TargetUnavailableError(
                f"cannot write {self._path}: {(error.strerror or '').lower()}"
            ) from None
        with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            text = file.read()
            told: dict[str, Any] = json.loads(text) if text else {}
            before = json.dumps(told)
            yield told
            if json.dumps(told) != before:
                file.seek(0)
                file.write(json.dumps(told))
                file.truncate()
