"""JSON files of formats of ours: read, written, and what is wrong with one in a sentence."""

import json
import math
from pathlib import Path
from typing import NoReturn, cast

from mhsm_reports.report_file import ReportFileError, reason_of, write_report
from mhsm_reports.schema import first_violation


class ResultFileError(ReportFileError):
    """A result file cannot be read or written; its text is one sentence naming the file."""


def read_document(
    path: Path | str, *formats: str, called: str = "result file"
) -> dict[str, object]:
    """Read the JSON object in the file at `path`, which must have one of the formats.

    It satisfies the schema of its format; `called` is what errors call such a file. Raises
    `ResultFileError`, one sentence with the file and the line or JSON pointer, when there is no
    such file, when it cannot be read, and when it does not hold such an object.
    """
    document = _parsed(_text(Path(path), called), path, called)
    form = _format_of(document, path, formats, called)
    violation = first_violation(document, form)
    if violation is not None:
        told = f"{path}, {violation.place}: {violation.problem}"
        # Every member is demanded, so a file from before one was added is refused here.
        inner = violation.lacks and violation.pointer
        older = ", as in files of older versions" if inner else ""
        raise ResultFileError(f"{told}{older}.")
    return cast(dict[str, object], document)


def write_document(path: Path | str, text: str, form: str) -> None:
    """Write the text of a JSON object of the format to `path`, whole or not at all.

    Raises `ResultFileError` when the file cannot be written, and when the object breaks the schema,
    so that no file is left that `read_document` refuses.
    """
    violation = first_violation(json.loads(text), form)
    if violation is not None:
        raise ResultFileError(f"{path} was not written: {violation.place}, {violation.problem}.")
    try:
        write_report(path, text)
    except ReportFileError as error:
        raise ResultFileError(str(error)) from error


def _text(path: Path, called: str) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ResultFileError(f"{path} does not exist.") from error
    except IsADirectoryError as error:
        raise ResultFileError(f"{path} is a folder, not a {called}.") from error
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


def _parsed(text: str, path: Path | str, called: str) -> object:
    if not text.strip():
        raise ResultFileError(f"{path} is empty.")
    try:
        return json.loads(
            text,
            parse_constant=_reject_number,
            parse_float=_finite,
            object_pairs_hook=_without_doubles,
        )
    except _DoubleMemberError as error:
        raise ResultFileError(f"{path} has the member {error} twice in one object.") from error
    except json.JSONDecodeError as error:
        # An unfinished string is reported where it starts, everything else where the text ends.
        truncated = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        problem = "the file ends before its JSON does" if truncated else "this is not JSON"
        raise ResultFileError(
            f"{path}, line {error.lineno} column {error.colno}: {problem} ({error.msg})."
        ) from error
    except RecursionError as error:
        raise ResultFileError(f"{path} is nested too deeply to be a {called}.") from error
    except ValueError as error:
        raise ResultFileError(f"{path} holds a number that cannot be read: {error}.") from error


class _DoubleMemberError(ValueError):
    """An object has a member twice, as a merge by hand may leave it; the text is its name."""


def _without_doubles(members: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(members)
    if len(document) < len(members):
        names = [name for name, _ in members]
        raise _DoubleMemberError(json.dumps(next(n for n in names if names.count(n) > 1)))
    return document


def _reject_number(literal: str) -> NoReturn:
    raise ValueError(f"{literal} is not a JSON number")


def _finite(literal: str) -> float:
    value = float(literal)
    if math.isinf(value):
        raise ValueError(f"{literal} is too large")
    return value


def _format_of(document: object, path: Path | str, formats: tuple[str, ...], called: str) -> str:
    # Said before the schema is looked at: for a foreign file every member would be wrong.
    form = cast(dict[str, object], document).get("format") if isinstance(document, dict) else None
    if isinstance(form, str) and form in formats:
        return form
    readable = " or ".join(repr(known) for known in formats)
    families = {known.partition("/")[0] for known in formats}
    if isinstance(form, str) and form.partition("/")[0] in families:
        raise ResultFileError(
            f"{path}, at /format: the file has format {form!a}, this program reads {readable}."
        )
    readable = " or ".join(f'"{known}"' for known in formats)
    raise ResultFileError(f'{path} is JSON but not a {called}: "format" is not {readable}.')
