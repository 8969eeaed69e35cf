"""Results of the size of a nightly run, and of everything else that a page has to hold."""

from dataclasses import replace

from mhsm_reports import (
    Answer,
    CellOutcome,
    CheckResult,
    ClauseKind,
    ClauseResult,
    Failure,
    KeyOperation,
    MatrixCell,
    Outcome,
    RunResult,
    Severity,
)
from mhsm_reports.finding_results import FindingResult, FindingsResult
from mhsm_reports.mutant_results import Fate, MutantsResult, MutantVerdict
from mhsm_reports.tests.samples import BREACH, PASSING, REFUSES_SIGNING, RUN, SIGNS

AREAS = ("ALG", "API", "ATTR", "AUTH", "CBC", "ERR", "GCM", "ISO", "KEY", "LIFE", "SIGN", "WIRE")
KINDS = ("EC-HSM P-256", "EC-HSM P-521", "RSA-HSM 2048", "RSA-HSM 4096", "oct-HSM 256")
ALGORITHMS = ("ES256", "ES512", "RS256", "PS512", "RSA-OAEP-256", "A256GCM", "CKM_AES_KEY_WRAP_PAD")
PROSE = (
    "Refuse what the sentence of this clause forbids for the reason that it names, change nothing "
    "of any key of any instance, and say which of the members of the body was meant."
)


def clause(number: int) -> ClauseResult:
    """Make up a clause: every outcome and kind comes up, with and without recordings."""
    outcomes = (*(Outcome.PASSED,) * 12, *Outcome)
    outcome = outcomes[number % len(outcomes)]
    exercised = outcome in (Outcome.PASSED, Outcome.FAILED)
    return replace(
        REFUSES_SIGNING,
        id=f"{AREAS[number % len(AREAS)]}-{number:03}",
        prose=PROSE,
        kind=list(ClauseKind)[number % len(ClauseKind)],
        outcome=outcome,
        held=number * exercised,
        refused=4 * exercised,
        refused_alone=3 * exercised,
        violated=int(outcome is Outcome.FAILED),
        recorded=(number * 37 % 900) * (number % 3 > 0),
        checks=tuple(f"suite.test_{number}[{case}]" for case in range(20)),
    )


def check(number: int) -> CheckResult:
    """Make up a check; one in ten finds nothing out."""
    outcome = Outcome.INAPPLICABLE if number % 10 == 0 else Outcome.PASSED
    reason = f"the target lacks capability {number % 60}" if outcome is not Outcome.PASSED else None
    suite = "isolation" if number % 50 == 7 else f"suite{number % 20}"
    return replace(
        SIGNS,
        id=f"{suite}.test_that_the_service_does_what_is_demanded[algorithm-{number}]",
        suite=suite,
        title=f"The service does what is demanded of it, in the variant with number {number}",
        clauses=(f"{AREAS[number % len(AREAS)]}-{number % 400:03}",),
        outcome=outcome,
        seconds=number / 1000,
        reason=reason,
    )


def breach(number: int, severity: Severity = Severity.FAILURE) -> Failure:
    """Make up a breach with a long story."""
    return replace(
        BREACH,
        check=check(number).id,
        clause=clause(number % 400).id,
        severity=severity,
        observed=f"200 OK, and a body of {number} bytes: " + "0123456789abcdef" * 30,
        exchange=f"POST /keys/first/sign RS256 -> 200 ({number})",
        steps=tuple(f"step {step}: create RSA-HSM 2048 `key-{number}`" for step in range(12)),
        script=f"# {number}\n" + BREACH.script * 8,
    )


MATRIX = tuple(
    MatrixCell(
        kind,
        algorithm,
        operation,
        tuple(CellOutcome)[(row + column + place) % 4],
        row + column,
        algorithm.startswith("A256"),
    )
    for column, kind in enumerate(KINDS)
    for row, algorithm in enumerate(ALGORITHMS)
    for place, operation in enumerate(KeyOperation)
)


def large_result(clauses: int = 400, checks: int = 2000, breaches: int = 0) -> RunResult:
    """Make up a result of that size; the clauses that failed are told by `breaches`."""
    expected = replace(clause(0), id="KEY-900", expected_failure="MODULE-1", declared=2)
    return replace(
        PASSING,
        run=replace(RUN, exchanges=120_000, seconds=900.0),
        clauses=(*map(clause, range(clauses)), expected),
        checks=tuple(map(check, range(checks))),
        failures=(
            *(breach(number) for number in range(breaches)),
            *(breach(number, Severity.WARNING) for number in range(breaches // 4)),
        ),
        open_questions=tuple(
            Answer(
                f"KEY-{number % 60:03}", "Is it so, or otherwise?", f"answer {number}", number + 1
            )
            for number in range(200)
        ),
        matrix=MATRIX,
    )


MUTANTS = MutantsResult(
    None,
    None,
    (),
    tuple(
        MutantVerdict(
            f"mutant-{number}",
            clause(number).id,
            "what is broken",
            Fate.SURVIVED if number == 3 else Fate.KILLED,
            0.1,
            (clause(number).id,),
        )
        for number in range(200)
    ),
)

FINDINGS = FindingsResult(
    "softhsm",
    tuple(
        FindingResult(
            f"MODULE-{number}",
            "The module returns what its standard does not allow",
            "PKCS #11 3.0, section 5.18",
            "CKR_DATA_LEN_RANGE",
            "CKR_OK, and a signature",
            "seen again",
            ("open a session", "sign 31 bytes with ECDSA"),
            ("SIGN-010", "ALG-012"),
            "The adapter looks at the length first.",
            "targets/mhsm_targets/pkcs11/findings/script.py",
        )
        for number in range(14)
    ),
)
