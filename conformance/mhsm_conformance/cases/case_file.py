"""Files of cases: read with a clear refusal, written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from mhsm_conformance.cases.case import Case
from mhsm_conformance.cases.document import (
    CASE_FORMAT,
    CaseError,
    case_from_document,
    case_to_document,
)
from mhsm_reports import ResultFileError
from mhsm_reports.document_file import read_document, write_document

__all__ = ["load_case", "save_case", "serialised_case"]

_LARGEST_FILE: Final = 1 << 24
"""The largest file, in bytes, that is looked into: a case of ten thousand steps is smaller."""


def load_case(path: Path) -> Case:
    """The case in a file.

    Raises ResultFileError, one sentence, where there is none, it cannot be read, or it is no case.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise ResultFileError(f"{path} is not a regular file.")
    if path.is_file() and path.stat().st_size > _LARGEST_FILE:
        raise ResultFileError(f"{path} is too large to be a case.")
    document = read_document(path, CASE_FORMAT, called="case")
    try:
        return case_from_document(document)
    except CaseError as error:
        raise ResultFileError(f"{path}, {error}.") from None


def save_case(case: Case, path: Path) -> None:
    """Write a case to a file, whole or not at all. Raises ResultFileError."""
    write_document(path, serialised_case(case), CASE_FORMAT)


def serialised_case(case: Case) -> str:
    """The content of the file of a case; the same case always gives the same bytes."""
    return json.dumps(case_to_document(case), indent=1) + "\n"
