"""One SoftHSM token ahead: made and logged into by a child while the check before it still runs."""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mhsm_model.configuration import Configuration
from mhsm_targets.pkcs11.child import NURSERY, Begun, ended
from mhsm_targets.pkcs11.facts_table import facts_table
from mhsm_targets.pkcs11.opening import Opening, opening_bytes
from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["LABEL", "SpareToken", "SpareTokens", "parent_folder"]

LABEL: Final = "mhsm"
"""The label of every token that is ours, and the prefix of the objects on it."""


def parent_folder(memory: Path = Path("/dev/shm")) -> Path | None:
    """Where tokens are made: the folder that TMPDIR names, or else in memory.

    A token is gone after its check, and on a disk a run waits for it most of the time.
    """
    named = os.environ.get("TMPDIR")
    if named:
        return Path(named)
    return memory if os.access(memory, os.W_OK | os.X_OK) else None


@dataclass(frozen=True, slots=True)
class SpareToken:
    """A token in a folder of its own, and the child that has begun to prepare it."""

    folder: Path
    pin: str = field(repr=False)
    begun: Begun

    def close(self) -> None:
        """Remove the folder. The child must have ended, or have nothing to do there any more."""
        shutil.rmtree(self.folder, ignore_errors=True)


class SpareTokens:
    """Holds at most one spare token.

    All tokens are made in one folder of this process, which goes when the process ends, also where
    Ctrl-C came between the making of a token and its use; the nursery removes it where the process
    was killed.
    """

    def __init__(self) -> None:
        self._spare: SpareToken | None = None
        self._parent: Path | None = None
        self._place: Path | None = None
        self._made = 0
        atexit.register(self.close)

    def taken(self, library: str) -> SpareToken:
        """The spare token, and the next one is begun. Raises TargetUnavailableError."""
        if self._place is not None and self._parent != parent_folder():
            self.close()
        spare, self._spare = self._spare or self._begun(library), None
        # Whoever needs the next one is told where it cannot be begun.
        with contextlib.suppress(TargetUnavailableError):
            self._spare = self._begun(library)
        return spare

    def close(self) -> None:
        """Give the spare token up, and the folder of all tokens."""
        spare, self._spare = self._spare, None
        if spare is not None:
            ended(spare.begun)
        place, self._place = self._place, None
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)

    def _begun(self, library: str) -> SpareToken:
        try:
            if self._place is None:
                self._parent = parent_folder()
                self._place = Path(tempfile.mkdtemp(prefix="mhsm-softhsm-", dir=self._parent))
                NURSERY.clear_up(self._place)
            self._made += 1
            folder = self._place / str(self._made)
            folder.mkdir(mode=0o700)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            told = f"cannot make a temporary folder in {self._parent or tempfile.gettempdir()}"
            raise TargetUnavailableError(f"{told}: {reason}") from None
        pin = secrets.token_hex(8)
        opening = Opening(
            "", facts_table("softhsm"), library, LABEL, LABEL, pin, Configuration(), str(folder)
        )
        begun = NURSERY.born()
        # A child that cannot be told any more is found out when it is asked.
        with contextlib.suppress(OSError):
            begun[1].send_bytes(opening_bytes(opening))
        return SpareToken(folder, pin, begun)
