"""What runs say of a clause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mhsm_reports import Answer, ClauseResult, RunResult, load

__all__ = ["RunEvidence", "RunFile", "answered_in", "evidence_in", "loaded_runs"]


@dataclass(frozen=True, slots=True)
class RunFile:
    """A result file with its name as it was given."""

    path: str
    result: RunResult

    @property
    def title(self) -> str:
        """The target and how much was tried."""
        return f"{self.result.run.target.name}, {self.result.run.profile}"


@dataclass(frozen=True, slots=True)
class RunEvidence:
    """What one run says of one clause; `clause` is None where the run does not know it."""

    run: RunFile
    clause: ClauseResult | None

    def __str__(self) -> str:
        if self.clause is None:
            return f"{self.run.title}: the run does not know the clause"
        found = self.clause
        counts = {
            "held": found.held,
            "refused": found.refused,
            "refused alone": found.refused_alone,
            "violated": found.violated,
            "warned": found.warnings,
            "broken as declared": found.declared,
        }
        told = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
        kind = self.run.result.run.target.evidence
        return f"{self.run.title} ({kind}): {found.outcome}{', ' + told if told else ''}"


def loaded_runs(paths: Sequence[str]) -> tuple[RunFile, ...]:
    """The result files; raises ResultFileError for the first that is none."""
    return tuple(RunFile(path, load(Path(path))) for path in paths)


def evidence_in(runs: Sequence[RunFile], identifier: str) -> tuple[RunEvidence, ...]:
    """What each run says of the clause."""
    return tuple(
        RunEvidence(run, next((row for row in run.result.clauses if row.id == identifier), None))
        for run in runs
    )


def answered_in(runs: Sequence[RunFile], identifier: str) -> tuple[tuple[RunFile, Answer], ...]:
    """How the targets of the runs answered an open question."""
    return tuple(
        (run, answer)
        for run in runs
        for answer in run.result.open_questions
        if answer.clause == identifier
    )
