"""The shell without a terminal: lines from a file or a pipe, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from mhsm_conformance.shell.interpreter import Interpreter, Outcome
from mhsm_conformance.shell.words import LineError, words_of
from mhsm_reports.render.console import write_escaped
from mhsm_reports.render.visible_text import visible_line

__all__ = ["BadLineError", "read_lines"]


class BadLineError(ValueError):
    """A line that cannot be carried out; the text has its number and the column."""


def read_lines(interpreter: Interpreter, lines: Iterable[str], out: TextIO) -> bool:
    """Carry the lines out, each written before what it came to; whether every answer was lawful.

    What is unlawful does not end it. Raises BadLineError for the first line that cannot be carried
    out, UnicodeDecodeError for lines that are no text, and TargetUnavailableError.
    """
    lawful = True
    for number, line in enumerate(lines, 1):
        try:
            if words_of(line):
                write_escaped(out, f"> {visible_line(line)}\n")
            outcome = interpreter.take(line)
        except LineError as error:
            where = f"line {number}, column {error.column + 1}"
            raise BadLineError(f"{where}: {error}") from None
        lawful &= outcome is not Outcome.UNLAWFUL
        if outcome is Outcome.ENDED:
            break
    return lawful
