"""The published JSON Schema of a result file, and the first thing that is wrong by it."""

from mhsm_reports.schema.violation import Violation, first_violation, run_schema

__all__ = ["Violation", "first_violation", "run_schema"]
