"""The published JSON Schemas of result files, and the first thing that is wrong by one."""

from mhsm_reports.schema.violation import Violation, first_violation, published_schema

__all__ = ["Violation", "first_violation", "published_schema"]
