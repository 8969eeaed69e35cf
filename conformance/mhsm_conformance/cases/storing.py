"""The cases of a run in its folder: one file a failure, those of the run before removed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from mhsm_conformance.cases.case_file import serialised_case
from mhsm_conformance.cases.document import CASE_FORMAT, case_from_document
from mhsm_reports import ReportFileError
from mhsm_reports.document_file import write_document
from mhsm_reports.report_file import reason_of

__all__ = ["FOLDER", "CaseNames", "check_case_folder", "store_cases"]

FOLDER: Final = "cases"
"""The folder of the cases, in that of the result file."""

_LONGEST_NAME: Final = 120
"""Of a check's name so many letters are in the name of a file: file systems take 255 bytes."""


class CaseNames:
    """Gives each case of a run a file name; equal cases have one."""

    def __init__(self) -> None:
        self.documents: dict[str, Mapping[str, Any]] = {}
        """The documents that were named, by file name."""

        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def name(self, document: Mapping[str, Any]) -> str:
        """The file of the case, relative to the result file, as <check>-<clause>-<number>.json."""
        content = json.dumps(document, sort_keys=True)
        known = self._names.get(content)
        if known is not None:
            return known
        check = document["check"].replace("::test_", "-")
        check = re.sub(r"[^A-Za-z0-9.]+", "-", check).strip("-.")[:_LONGEST_NAME]
        stem = f"{check}-{document['clause']}"
        number = self._counts[stem] = self._counts.get(stem, 0) + 1
        name = f"{FOLDER}/{stem}-{number}.json"
        self._names[content] = name
        self.documents[name] = document
        return name


def check_case_folder(folder: Path) -> None:
    """Find out before a run whether its cases can be written. Raises ReportFileError."""
    cases = folder / FOLDER
    if not cases.exists():
        return
    if not cases.is_dir():
        raise ReportFileError(f"{cases} is to be the folder of the cases, and is a file.")
    probe = cases / ".mhsm-probe"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ReportFileError(f"{cases} cannot be written: {reason_of(error)}.") from None


def store_cases(folder: Path, documents: Mapping[str, Mapping[str, Any]]) -> None:
    """Write cases by their names in the folder of a run, and remove those of the run before.

    What a user shortened or typed stays, and so does what is no case. Raises ReportFileError.
    """
    cases = folder / FOLDER
    try:
        if documents:
            cases.mkdir(exist_ok=True)
        for name, document in documents.items():
            text = serialised_case(case_from_document(document))
            write_document(folder / name, text, CASE_FORMAT)
        for path in _stored(cases):
            if f"{FOLDER}/{path.name}" not in documents and _is_of_a_run(path):
                path.unlink(missing_ok=True)
        if cases.is_dir() and not any(cases.iterdir()):
            cases.rmdir()
    except OSError as error:
        raise ReportFileError(f"{cases} cannot be written: {reason_of(error)}.") from None


def _stored(cases: Path) -> Sequence[Path]:
    return sorted(cases.glob("*.json")) if cases.is_dir() else ()


def _is_of_a_run(path: Path) -> bool:
    try:
        document: Any = json.loads(path.read_bytes()) if path.is_file() else None
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict):
        return False
    told = cast("dict[str, Any]", document)
    is_typed = told.get("check") is None
    is_whole = told.get("shortened_from", "") is None
    return told.get("format") == CASE_FORMAT and is_whole and not is_typed
