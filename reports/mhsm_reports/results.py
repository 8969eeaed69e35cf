"""What one run found out: the values that a result file holds.

Every report is a pure function of one `RunResult`, so nothing here refers to a model, a target or
a test: whatever a reader needs, down to the prose of each clause, is in the value itself. Member
names are the names in the file. Secrets are redacted before they come here.
"""

from dataclasses import dataclass

from mhsm_reports.vocabulary import (
    WITHOUT_FINDING,
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


@dataclass(frozen=True, slots=True)
class Tool:
    """The program that made the run."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class TargetDescription:
    """The implementation under test: what it claims, and what kind of evidence it can give."""

    name: str
    capabilities: tuple[str, ...]
    evidence: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of the suite that was asked for; `None` stands for all of it."""

    suite: str | None = None
    clause: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """The circumstances of a run: enough to start it again."""

    tool: Tool
    target: TargetDescription
    profile: Profile
    seed: int
    selection: Selection
    started_at: str
    seconds: float
    workers: int
    state: RunState
    state_reason: str | None
    strict: bool
    exchanges: int

    @property
    def is_whole(self) -> bool:
        """Whether it did all there is to do, so that what it did not see is not there."""
        return self.state is RunState.COMPLETE and self.selection == Selection()


@dataclass(frozen=True, slots=True)
class ClauseResult:
    """One clause of the specification and how often the run touched it.

    `held` counts only the times the clause was satisfied in a way that could have failed;
    `refused` the refusals for this reason, `refused_alone` those that no other clause demanded;
    `vacuous` the times it had nothing to say. `recorded` counts the exchanges of the real service,
    recorded before this run, that exercised the clause. `expected_failure` is the reference by
    which the target's profile declares that it breaks the clause, `declared` counts how often it
    did. `answered_by` is the part of the target
    that answers for the clause, None for a target of one piece.
    """

    id: str
    prose: str
    level: Level
    basis: Basis
    sources: tuple[str, ...]
    kind: ClauseKind
    since: str | None
    until: str | None
    outcome: Outcome
    held: int
    refused: int
    refused_alone: int
    vacuous: int
    violated: int
    warnings: int
    recorded: int
    checks: tuple[str, ...]
    answered_by: str | None = None
    expected_failure: str | None = None
    declared: int = 0

    @property
    def area(self) -> str:
        """The part of the identifier before its first hyphen: `SIGN` of `SIGN-003`."""
        return self.id.partition("-")[0]

    @property
    def seen_both_ways(self) -> bool:
        """Whether a guard was seen refusing, for its reason alone, and letting a call pass."""
        return self.refused_alone > 0 and self.held > 0

    @property
    def exercised(self) -> bool:
        """Whether the run put the clause to the test; vacuous encounters do not count."""
        return self.held + self.refused + self.violated + self.warnings + self.declared > 0


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of a suite. Raises `ValueError` when an outcome that owes a reason has none."""

    id: str
    suite: str
    title: str
    clauses: tuple[str, ...]
    outcome: Outcome
    seconds: float
    exchanges: int
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.outcome in WITHOUT_FINDING and not self.reason:
            raise ValueError(f"check {self.id} is {self.outcome} and does not say why")


@dataclass(frozen=True, slots=True)
class Failure:
    """One breach, explained: `exchange` is the call in a line, `steps` the shrunk sequence.

    `script` (Python), `curl` and `az` do the steps again; `az` is None where it has no command for
    the call. `case` is the file of the stored case, relative to the result file, None where none
    was written.
    """

    check: str
    clause: str
    prose: str
    sources: tuple[str, ...]
    severity: Severity
    expected: str
    observed: str
    exchange: str
    steps: tuple[str, ...]
    script: str
    curl: str
    az: str | None
    case: str | None
    seed: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the target did, `count` times, where the specification has an open question."""

    clause: str
    question: str
    answer: str
    count: int


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One key kind, algorithm and operation, for example `RSA-HSM 2048`, `RS256`, `sign`."""

    key_kind: str
    algorithm: str
    operation: KeyOperation
    outcome: CellOutcome
    exchanges: int
    quantum_resistant: bool


@dataclass(frozen=True, slots=True)
class RunResult:
    """The whole of a result file."""

    run: Run
    clauses: tuple[ClauseResult, ...]
    checks: tuple[CheckResult, ...]
    failures: tuple[Failure, ...]
    open_questions: tuple[Answer, ...]
    matrix: tuple[MatrixCell, ...]
