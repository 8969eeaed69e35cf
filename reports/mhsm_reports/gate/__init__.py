"""The gate: a run held to a baseline, and what is worse, better or otherwise than there."""

from mhsm_reports.gate.comparing import compared
from mhsm_reports.gate.findings import Finding, Gate, Subject, Weight

__all__ = ["Finding", "Gate", "Subject", "Weight", "compared"]
