"""The three lines along which something can fail: theirs, ours, and nobody's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mhsm_conformance.steps import Step
from mhsm_model.configuration import Configuration
from mhsm_model.judgement import Breach

__all__ = ["ConformanceFailure", "HarnessFault"]


class ConformanceFailure(AssertionError):
    """The target answered unlawfully; the breaches and the steps so far explain it.

    `instances` are the configurations by host that the session was opened with.
    """

    def __init__(
        self,
        breaches: Sequence[Breach],
        steps: Sequence[Step],
        instances: Mapping[str, Configuration],
    ) -> None:
        self.breaches = tuple(breaches)
        self.steps = tuple(steps)
        self.instances = dict(instances)
        super().__init__(_explained(self.breaches, self.steps))


class HarnessFault(Exception):
    """The suite itself is at fault: it sent what it did not mean, or tested nothing."""


def _explained(breaches: Sequence[Breach], steps: Sequence[Step]) -> str:
    lines: list[str] = []
    for breach in breaches:
        clause = breach.clause
        lines += [
            f"{clause.identifier} ({clause.level}, {clause.basis}): {clause.prose}",
            f"  source:   {'; '.join(str(source) for source in clause.sources)}",
            f"  expected: {breach.expected}",
            f"  observed: {breach.observed}",
        ]
    lines.append("  steps:")
    lines += [f"    {number}. {step}" for number, step in enumerate(steps, 1)]
    return "\n".join(lines)
