"""The page of a CI step: a file that the commands of a step share, so what is there stays."""

import os
from pathlib import Path

from mhsm_reports.report_file import ReportFileError, reason_of, write_report

STEP_PAGE = "GITHUB_STEP_SUMMARY"
"""The environment variable that names the file in which a build server expects Markdown."""


def write_summary(path: Path | str, text: str) -> None:
    """Write Markdown to `path`, whole or not at all; to the page of the step it is added.

    Raises `ReportFileError`, one sentence, when the file cannot be written.
    """
    if str(path) != os.environ.get(STEP_PAGE):
        write_report(path, text)
        return
    try:
        # Other commands of the step have written there, and others will. An empty line keeps the
        # last paragraph of one from running into the first of the next.
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"\n{text}" if file.tell() else text)
    except OSError as error:
        raise ReportFileError(f"{path} cannot be written: {reason_of(error)}.") from error
