"""Putting a report on disk, whole or not at all."""

import errno
import os
import secrets
from pathlib import Path


class ReportFileError(ValueError):
    """A file of reports cannot be read or written; its text is one sentence naming the file."""


def write_report(path: Path | str, text: str) -> None:
    """Write `text` to `path` as UTF-8, replacing what was there only when all of it is on disk.

    A symbolic link keeps pointing where it did, and what is not a regular file (a pipe,
    `/dev/null`) is written to directly, because replacing it would destroy it.
    Raises `ReportFileError` when the file cannot be written; the old content is then untouched.
    """
    path = Path(path)
    content = text.encode("utf-8")
    try:
        if not path.parent.is_dir():
            raise ReportFileError(f"{path} cannot be written: there is no folder {path.parent}.")
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(content)
        else:
            _replace(_behind_links(path), content)
    except (OSError, RuntimeError) as error:
        raise ReportFileError(f"{path} cannot be written: {reason_of(error)}.") from error


def check_writable(path: Path | str) -> None:
    """Find out before long work whether `write_report` could write there, and write nothing.

    Raises `ReportFileError` where there is no such folder, it takes no files, or a folder has the
    name.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise ReportFileError(f"{path} cannot be written: there is no folder {path.parent}.")
    if path.is_dir():
        raise ReportFileError(f"{path} cannot be written: it is a folder.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ReportFileError(f"{path} cannot be written: permission denied.")


def _behind_links(path: Path) -> Path:
    # Up to Python 3.12 `resolve` raises RuntimeError for a loop of links; later it returns a link.
    destination = path.resolve()
    if destination.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return destination


def reason_of(error: OSError | RuntimeError) -> str:
    """Return the operating system's own words for an error, without number and file name."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)


def _replace(destination: Path, content: bytes) -> None:
    # Created with "x", not by `tempfile`, so that the finished report has the permissions that
    # the user's umask gives to any other file; `tempfile` would leave it readable by one user.
    # The name is short: a prefix of the destination's could exceed the limit of the file system.
    temporary = destination.parent / f".{secrets.token_hex(8)}.part"
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, destination)
    except BaseException:
        # An interrupt must not leave the partial file behind either.
        temporary.unlink(missing_ok=True)
        raise
