"""Files read as one document: text of bounded size, and JSON."""

from __future__ import annotations

import json
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Final

from mhsm_targets.recordings.recording import RecordingError

__all__ = ["LARGEST_DOCUMENT", "json_in", "opened", "text_in"]

LARGEST_DOCUMENT: Final = 64 * 1024 * 1024
"""The most bytes that a format may have which is read as a whole."""


_BUFFER: Final = 64 * 1024


def opened(path: Path) -> BufferedReader:
    """The file, open for reading and looking ahead. Raises RecordingError where it cannot be."""
    try:
        return BufferedReader(path.open("rb", buffering=0), _BUFFER)
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise RecordingError(f"{path}: {reason}") from None
    except ValueError:
        raise RecordingError(f"{str(path)!r}: this is no name of a file") from None


def text_in(path: Path, file: BinaryIO) -> str:
    """All text of an open file, which is closed.

    Raises RecordingError where the file is too large, no UTF-8 text, or has a NUL.
    """
    try:
        with file:
            raw = file.read(LARGEST_DOCUMENT + 1)
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise RecordingError(f"{path}: {reason}") from None
    if len(raw) > LARGEST_DOCUMENT:
        raise RecordingError(
            f"{path}: the file is larger than 64 MiB, the most that is read of this format"
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + raw.count(b"\n", 0, error.start)
        raise RecordingError(f"{path}:{line}: the line is not UTF-8 text") from None
    null = text.find("\0")
    if null >= 0:
        line = 1 + text.count("\n", 0, null)
        raise RecordingError(f"{path}:{line}: the line has a NUL character")
    return text


def json_in(path: Path, text: str) -> Any:
    """The JSON value that a text is. Raises RecordingError, naming the line, where it is none."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        ends = ", and the file ends inside it" if not text[error.pos :].strip() else ""
        raise RecordingError(f"{path}:{error.lineno}: the file is not JSON{ends}") from None
    except RecursionError:
        raise RecordingError(f"{path}: the JSON is nested too deeply") from None
    except ValueError:
        raise RecordingError(f"{path}: the JSON has a number of too many digits") from None
