"""Everything that people and machines read about a run, made from its one result file."""

from mhsm_reports.report_file import ReportFileError
from mhsm_reports.result_file import ResultFileError, load, save
from mhsm_reports.results import (
    Answer,
    CheckResult,
    ClauseResult,
    Failure,
    MatrixCell,
    Run,
    RunResult,
    Selection,
    TargetDescription,
    Tool,
)
from mhsm_reports.totals import Coverage, Totals, coverage, totals
from mhsm_reports.verdict import exit_status, verdict
from mhsm_reports.vocabulary import (
    Basis,
    CellOutcome,
    ClauseKind,
    KeyOperation,
    Level,
    Outcome,
    Profile,
    RunState,
    Severity,
)

__all__ = [
    "Answer",
    "Basis",
    "CellOutcome",
    "CheckResult",
    "ClauseKind",
    "ClauseResult",
    "Coverage",
    "Failure",
    "KeyOperation",
    "Level",
    "MatrixCell",
    "Outcome",
    "Profile",
    "ReportFileError",
    "ResultFileError",
    "Run",
    "RunResult",
    "RunState",
    "Selection",
    "Severity",
    "TargetDescription",
    "Tool",
    "Totals",
    "coverage",
    "exit_status",
    "load",
    "save",
    "totals",
    "verdict",
]
