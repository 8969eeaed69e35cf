"""Results as pages that need nothing but a browser: one for a run, one for several side by side."""

from pathlib import Path

from mhsm_reports.render.html.comparison_page import comparison_page
from mhsm_reports.render.html.run_page import run_page
from mhsm_reports.report_file import write_report
from mhsm_reports.results import RunResult

__all__ = ["comparison_page", "run_page", "write"]


def write(result: RunResult, path: Path | str) -> None:
    """Write the page of a run to `path`, whole or not at all; raises `ReportFileError`."""
    write_report(path, run_page(result))
