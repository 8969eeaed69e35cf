"""Results to test with: one of each thing that a report must show, and any result at all."""

from dataclasses import replace

from hypothesis import strategies as st

from mhsm_reports import (
    Answer,
    Basis,
    CellOutcome,
    CheckResult,
    ClauseKind,
    ClauseResult,
    Failure,
    KeyOperation,
    Level,
    MatrixCell,
    Outcome,
    Profile,
    Run,
    RunResult,
    RunState,
    Selection,
    Severity,
    TargetDescription,
    Tool,
)
from mhsm_reports.vocabulary import WITHOUT_FINDING

RUN = Run(
    tool=Tool("mhsm-conformance", "0.1.0"),
    target=TargetDescription("model", ("backup", "roles"), "self"),
    profile=Profile.SMOKE,
    seed=20250101,
    selection=Selection(),
    started_at="2025-03-01T09:30:00Z",
    seconds=12.34,
    workers=4,
    state=RunState.COMPLETE,
    state_reason=None,
    strict=False,
    exchanges=1234,
)

REFUSES_SIGNING = ClauseResult(
    id="SIGN-003",
    prose="Refuse to sign with a version whose `key_ops` lacks `sign`.",
    level=Level.MUST,
    basis=Basis.DOCUMENTED,
    sources=("https://learn.microsoft.com/rest/api/keyvault/keys/sign",),
    kind=ClauseKind.GUARD,
    since="7.2",
    until=None,
    outcome=Outcome.PASSED,
    held=10,
    refused=4,
    refused_alone=3,
    vacuous=2,
    violated=0,
    warnings=0,
    recorded=7,
    checks=("sign.lacks_permission",),
)

NAMES_VERSION = replace(
    REFUSES_SIGNING,
    id="SIGN-010",
    prose="Name the version that made the signature.",
    level=Level.SHOULD,
    kind=ClauseKind.POSTCONDITION,
    refused=0,
    refused_alone=0,
)

KEEPS_OTHERS = replace(
    REFUSES_SIGNING,
    id="STATE-001",
    prose="A refusal changes nothing.",
    kind=ClauseKind.FRAME,
    outcome=Outcome.UNTESTED,
    held=0,
    refused=0,
    refused_alone=0,
    checks=(),
)

SIGNS = CheckResult(
    id="sign.lacks_permission",
    suite="sign",
    title="A key without the sign permission does not sign",
    clauses=("SIGN-003",),
    outcome=Outcome.PASSED,
    seconds=0.5,
    exchanges=3,
)

RESTORES = CheckResult(
    id="domain.restore",
    suite="domain",
    title="A restored instance has the same keys",
    clauses=("STATE-001",),
    outcome=Outcome.INAPPLICABLE,
    seconds=0.0,
    exchanges=0,
    reason="the target does not offer security domains",
)

SIGNED = MatrixCell("RSA-HSM 2048", "RS256", KeyOperation.SIGN, CellOutcome.PASSED, 3, False)

PASSING = RunResult(
    run=RUN,
    clauses=(REFUSES_SIGNING, NAMES_VERSION, KEEPS_OTHERS),
    checks=(SIGNS, RESTORES),
    failures=(),
    open_questions=(Answer("CREATE-090", "Is an empty tag name kept?", "refused, 400", 3),),
    matrix=(
        SIGNED,
        replace(SIGNED, operation=KeyOperation.VERIFY, outcome=CellOutcome.REFUSED),
        replace(
            SIGNED,
            key_kind="oct-HSM 256",
            algorithm="A256KW",
            operation=KeyOperation.WRAP,
            outcome=CellOutcome.UNTESTED,
            quantum_resistant=True,
        ),
    ),
)

BREACH = Failure(
    check="sign.lacks_permission",
    clause="SIGN-003",
    prose=REFUSES_SIGNING.prose,
    sources=REFUSES_SIGNING.sources,
    severity=Severity.FAILURE,
    expected="403 Forbidden",
    observed="200 OK with a signature",
    exchange="POST /keys/first/sign RS256 -> 200",
    steps=("create RSA-HSM 2048 `first`, key_ops [verify]", "sign with `first`, RS256"),
    script='target = open_target("model")\ntarget.send(CREATE)\nif True:\n    target.send(SIGN)\n',
    curl='curl -gsS "$MHSM_URL"/keys/first/sign\n',
    az='az keyvault key sign --hsm-name "$MHSM_NAME" --name first\n',
    case="cases/sign.lacks_permission-SIGN-003-1.json",
    seed=20250101,
)

FAILING = replace(
    PASSING,
    clauses=(
        replace(REFUSES_SIGNING, outcome=Outcome.FAILED, violated=1),
        replace(NAMES_VERSION, warnings=2),
        KEEPS_OTHERS,
    ),
    checks=(replace(SIGNS, outcome=Outcome.FAILED), RESTORES),
    failures=(
        BREACH,
        replace(BREACH, clause="SIGN-010", severity=Severity.WARNING, expected="a version", seed=7),
    ),
    matrix=(*PASSING.matrix, replace(SIGNED, outcome=CellOutcome.FAILED)),
)

INTERRUPTED = replace(
    PASSING,
    run=replace(RUN, state=RunState.INTERRUPTED, state_reason="stopped from the keyboard"),
)

#: A reply that tries to act on whoever reads the report, and one that XML does not allow.
HOSTILE = "\x1b[2J\x1b]0;owned\x07 [red]not markup[/red] \x00 \ud800 \u202e ]]> <b>&amp;"

COUNTS = st.integers(min_value=0, max_value=2**63)
SECONDS = st.floats(min_value=0, allow_infinity=False, allow_nan=False)
TEXTS = st.lists(st.text(), max_size=3).map(tuple)
NAMES = st.text(min_size=1)


def runs() -> st.SearchStrategy[Run]:
    """Draw any circumstances."""
    return st.builds(
        Run,
        tool=st.builds(Tool, name=NAMES, version=NAMES),
        target=st.builds(TargetDescription, name=NAMES, capabilities=TEXTS, evidence=NAMES),
        started_at=st.datetimes().map(lambda when: when.isoformat() + "Z"),
        seconds=SECONDS,
        workers=st.integers(min_value=1),
        exchanges=COUNTS,
    )


def clauses() -> st.SearchStrategy[ClauseResult]:
    """Draw any clause with any outcome."""
    return st.builds(
        ClauseResult,
        id=st.from_regex(r"[A-Z]{2,8}-[0-9]{3}", fullmatch=True),
        sources=TEXTS,
        held=COUNTS,
        refused=COUNTS,
        refused_alone=COUNTS,
        vacuous=COUNTS,
        violated=COUNTS,
        warnings=COUNTS,
        recorded=COUNTS,
        checks=TEXTS,
        answered_by=st.none() | NAMES,
    )


def checks() -> st.SearchStrategy[CheckResult]:
    """Draw any check, with a reason where the outcome owes one."""

    def of_outcome(outcome: Outcome) -> st.SearchStrategy[CheckResult]:
        owes = outcome in WITHOUT_FINDING
        return st.builds(
            CheckResult,
            id=NAMES,
            suite=NAMES,
            clauses=TEXTS,
            outcome=st.just(outcome),
            seconds=SECONDS,
            exchanges=COUNTS,
            reason=NAMES if owes else st.none() | st.text(),
        )

    return st.sampled_from(Outcome).flatmap(of_outcome)


def results() -> st.SearchStrategy[RunResult]:
    """Draw any result that the schema allows."""
    return st.builds(
        RunResult,
        run=runs(),
        clauses=st.lists(clauses(), max_size=4).map(tuple),
        checks=st.lists(checks(), max_size=4).map(tuple),
        failures=st.lists(st.builds(Failure, sources=TEXTS, steps=TEXTS), max_size=3).map(tuple),
        open_questions=st.lists(st.builds(Answer, count=COUNTS), max_size=2).map(tuple),
        matrix=st.lists(st.builds(MatrixCell, exchanges=COUNTS), max_size=4).map(tuple),
    )
