"""Where the shell keeps the lines of earlier days: in the user's folder for state."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from mhsm_conformance.shell.secrecy import may_be_kept

__all__ = ["history_file", "opened_history"]

_FOLDER: Final = "mhsm"
_FILE: Final = "shell-history"


def history_file() -> Path:
    """The file: below XDG_STATE_HOME, or below ~/.local/state where that is not set.

    A relative path in the variable counts as none, as the XDG specification has it.
    """
    told = os.environ.get("XDG_STATE_HOME", "")
    base = Path(told) if Path(told).is_absolute() else Path("~/.local/state").expanduser()
    return base / _FOLDER / _FILE


class _KeptHistory(FileHistory):
    """A history in a file that only its owner reads, without the lines that have a secret."""

    def append_string(self, string: str) -> None:
        if may_be_kept(string):
            super().append_string(string)


class _PassingHistory(InMemoryHistory):
    """A history that ends with the shell, without the lines that have a secret."""

    def append_string(self, string: str) -> None:
        if may_be_kept(string):
            super().append_string(string)


def opened_history(warn: Callable[[str], None]) -> History:
    """The history in the file, or, where that cannot be written, one that ends with the shell.

    `warn` is then told why, once.
    """
    try:
        file = history_file()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600))
    except (OSError, RuntimeError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        warn(f"the history is not kept: {_FOLDER}/{_FILE} cannot be written: {reason}")
        return _PassingHistory()
    return _KeptHistory(str(file))
