"""Where the command `mhsm` begins: signals that end it, and an output that takes no more."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from functools import partial
from typing import Final

__all__ = ["main"]

_BAD_INPUT: Final = 2
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run the command line; the status is that of the command, also where nobody reads it on."""
    status: int | str | None = 0
    _take_as_ctrl_c(_ENDING)
    try:
        # Loading takes a moment in which somebody may press Ctrl-C.
        from mhsm_conformance.cli import run_command  # noqa: PLC0415

        run_command(sys.argv[1:])
    except SystemExit as error:
        status = error.code
    except KeyboardInterrupt:
        status = _interrupted()
    except OSError as error:
        status = _without_output(error)
    try:
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = _interrupted()
    except OSError as error:
        status = _without_output(error) or status
    # What it came to is told: an interrupt while the interpreter ends would take its place.
    _ignore_signals()
    # One that passed through code in a string, as dataclasses have it, makes an interpreter that
    # was started with -m die of SIGINT in the end, whatever the status. More such code forgets it.
    exec("")
    sys.exit(status)


def _interrupted() -> int:
    """The status of a command that was interrupted, with the word for it on standard error."""
    _ignore_signals()
    print("interrupted", file=sys.stderr)
    return _BAD_INPUT


def _ignore_signals() -> None:
    for number in (signal.SIGINT, *_ENDING):
        signal.signal(number, signal.SIG_IGN)


def _take_as_ctrl_c(numbers: tuple[signal.Signals, ...]) -> None:
    """Clear up what was begun before these signals end the command."""
    for number in numbers:
        # Where somebody ignores it, as nohup does with hangups, it stays ignored.
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
            # A worker that is told to end has nothing to clear up.
            os.register_at_fork(after_in_child=partial(signal.signal, number, signal.SIG_DFL))


def _without_output(error: OSError) -> int:
    """The status where standard output takes no more; raises errors that are about something else.

    A reader of a pipe that has gone has read all that it wanted.
    """
    if error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG):
        raise error
    with contextlib.suppress(OSError, ValueError):
        # What is left in the buffers goes nowhere, and the interpreter ends without a word.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return 0
    reason = (error.strerror or "it takes no more").lower()
    print(f"mhsm: standard output cannot be written: {reason}", file=sys.stderr)
    return _BAD_INPUT


if __name__ == "__main__":
    main()
