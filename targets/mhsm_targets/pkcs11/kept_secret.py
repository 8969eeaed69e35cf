"""A secret of our own that is kept beside the tokens it opens."""

from __future__ import annotations

import contextlib
import re
import secrets
from pathlib import Path
from typing import Final

from mhsm_targets.private_file import write_private

__all__ = ["kept_secret"]

_BYTES: Final = 32
_NOT_FOR_FILES: Final = re.compile(r"[^A-Za-z0-9._-]")


def kept_secret(folder: Path, name: str) -> bytes:
    """The 32 bytes in the folder's file of that name, drawn where there is none yet.

    Only the owner can read the file. Raises OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / _NOT_FOR_FILES.sub(lambda found: f"%{ord(found[0]):02x}", name)
    with contextlib.suppress(FileNotFoundError):
        return bytes.fromhex(path.read_text("ascii"))
    drawn = secrets.token_bytes(_BYTES)
    write_private(path, drawn.hex())
    return drawn
