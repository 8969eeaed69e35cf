"""The one file a run leaves behind: reading it, writing it, and saying what is wrong with it."""

import json
import math
from pathlib import Path
from typing import NoReturn, cast

from mhsm_reports.report_file import ReportFileError, reason_of, write_report
from mhsm_reports.result_document import FORMAT, from_document, to_document
from mhsm_reports.results import RunResult
from mhsm_reports.schema import first_violation


class ResultFileError(ReportFileError):
    """A result file cannot be read or written; its text is one sentence naming the file."""


def save(result: RunResult, path: Path | str) -> None:
    """Write a result to `path`, whole or not at all.

    The same result always gives the same bytes. Raises `ResultFileError` when the file cannot be
    written, and when the result breaks the schema, so that no file is left that `load` refuses.
    """
    text = serialised(result)
    violation = first_violation(json.loads(text))
    if violation is not None:
        raise ResultFileError(f"{path} was not written: {violation.place}, {violation.problem}.")
    try:
        write_report(path, text)
    except ReportFileError as error:
        raise ResultFileError(str(error)) from error


def load(path: Path | str) -> RunResult:
    """Read the result that the file at `path` holds.

    Raises `ResultFileError`, one sentence with the file and the line or JSON pointer, when there
    is no such file, when it cannot be read, and when it does not hold a result.
    """
    document = _parsed(_text(Path(path)), path)
    _check_format(document, path)
    violation = first_violation(document)
    if violation is not None:
        raise ResultFileError(f"{path}, {violation.place}: {violation.problem}.")
    return from_document(cast(dict[str, object], document))


def serialised(result: RunResult) -> str:
    """Return the content of the file of a result: keys sorted, two spaces, a newline at the end.

    Raises `ResultFileError` for a number that JSON cannot write (not a number, infinite).
    """
    # ASCII only, with escapes: a reply that is not well-formed Unicode must not cost the run.
    try:
        text = json.dumps(to_document(result), indent=2, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise ResultFileError(f"The result cannot be written as JSON: {error}.") from error
    return text + "\n"


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ResultFileError(f"{path} does not exist.") from error
    except IsADirectoryError as error:
        raise ResultFileError(f"{path} is a folder, not a result file.") from error
    except OSError as error:
        raise ResultFileError(f"{path} cannot be read: {reason_of(error)}.") from error
    try:
        # An editor may have put a byte order mark in front.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ResultFileError(
            f"{path}, line {line}: byte 0x{content[error.start]:02x} is not UTF-8 text."
        ) from error


def _parsed(text: str, path: Path | str) -> object:
    if not text.strip():
        raise ResultFileError(f"{path} is empty.")
    try:
        return json.loads(text, parse_constant=_reject_number, parse_float=_finite)
    except json.JSONDecodeError as error:
        # An unfinished string is reported where it starts, everything else where the text ends.
        truncated = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        problem = "the file ends before its JSON does" if truncated else "this is not JSON"
        raise ResultFileError(
            f"{path}, line {error.lineno} column {error.colno}: {problem} ({error.msg})."
        ) from error
    except RecursionError as error:
        raise ResultFileError(f"{path} is nested too deeply to be a result file.") from error
    except ValueError as error:
        raise ResultFileError(f"{path} holds a number that cannot be read: {error}.") from error


def _reject_number(literal: str) -> NoReturn:
    raise ValueError(f"{literal} is not a JSON number")


def _finite(literal: str) -> float:
    value = float(literal)
    if math.isinf(value):
        raise ValueError(f"{literal} is too large")
    return value


def _check_format(document: object, path: Path | str) -> None:
    # Said before the schema is looked at: for a foreign file every member would be wrong.
    form = cast(dict[str, object], document).get("format") if isinstance(document, dict) else None
    if form == FORMAT:
        return
    family = FORMAT.partition("/")[0] + "/"
    if isinstance(form, str) and form.startswith(family):
        raise ResultFileError(
            f"{path}, at /format: the file has format {form!a}, this program reads '{FORMAT}'."
        )
    raise ResultFileError(f'{path} is JSON but not a result file: "format" is not "{FORMAT}".')
