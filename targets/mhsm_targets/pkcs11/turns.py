"""One process at a time opens a token: others of ours wait for their turn.

Source: measured on SoftHSM 2.6.1. A login writes the token's own file anew, and a process that
loads the module meanwhile finds no such token, or gets CKR_GENERAL_ERROR.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["turn"]


@contextmanager
def turn(library: str, label: str) -> Generator[None, None, None]:
    """Hold the only place at the door of the token; the end of the process gives it up too.

    Raises TargetUnavailableError where there is no temporary folder to wait in.
    """
    name = hashlib.sha256(f"{library}\n{label}".encode()).hexdigest()[:16]
    try:
        path = Path(tempfile.gettempdir()) / f"mhsm-pkcs11-{os.getuid()}-{name}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TargetUnavailableError(
            f"cannot make a lock for the token {label!r} in the temporary folder: {reason}"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
