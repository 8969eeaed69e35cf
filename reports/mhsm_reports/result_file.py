"""The one file a run leaves behind: reading it, writing it."""

import json
from pathlib import Path

from mhsm_reports.document_file import ResultFileError, read_document, write_document
from mhsm_reports.result_document import FORMAT, from_document, to_document
from mhsm_reports.results import RunResult

__all__ = ["ResultFileError", "load", "save", "serialised"]


def save(result: RunResult, path: Path | str) -> None:
    """Write a result to `path`, whole or not at all.

    The same result always gives the same bytes. Raises `ResultFileError` when the file cannot be
    written, and when the result breaks the schema, so that no file is left that `load` refuses.
    """
    write_document(path, serialised(result), FORMAT)


def load(path: Path | str) -> RunResult:
    """Read the result that the file at `path` holds.

    Raises `ResultFileError`, one sentence with the file and the line or JSON pointer, when there
    is no such file, when it cannot be read, and when it does not hold a result.
    """
    return from_document(read_document(path, FORMAT))


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
