"""The page of one run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mhsm_reports.baseline import stale_declarations
from mhsm_reports.evidence import MEANINGS, EvidenceKind, evidence_by_clause, proof
from mhsm_reports.finding_results import FindingsResult
from mhsm_reports.mutant_results import MutantsResult
from mhsm_reports.render.explanation import unexplained
from mhsm_reports.render.html.breaches import MOST_STEPS, stories
from mhsm_reports.render.html.clause_rows import LETTERS, area_rows, clause_rows
from mhsm_reports.render.html.environment import rendered
from mhsm_reports.render.html.key_picture import key_picture
from mhsm_reports.render.html.questions import questions
from mhsm_reports.render.html.timing import slowest, suite_times
from mhsm_reports.results import CheckResult, RunResult
from mhsm_reports.totals import coverage, totals
from mhsm_reports.verdict import verdict, verdict_class
from mhsm_reports.vocabulary import WITHOUT_FINDING, Outcome, Severity

#: The area of the clauses about isolation, and the suite of the checks about it.
ISOLATION_AREA, ISOLATION_SUITE = "ISO", "isolation"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why checks found nothing out, and for how many of them."""

    outcome: Outcome
    reason: str
    checks: int


def run_page(
    result: RunResult,
    mutants: Sequence[MutantsResult] = (),
    findings: Sequence[FindingsResult] = (),
) -> str:
    """Return the page of a run; mutants and findings that were tried elsewhere are shown in it."""
    evidence = evidence_by_clause([result], mutants)
    rows = clause_rows(result.clauses, evidence)
    return rendered(
        "run.html",
        run=result.run,
        result=result,
        verdict=verdict(result),
        word=verdict_class(result),
        proof=proof(result),
        totals=totals(result),
        coverage=coverage(result),
        outcomes=list(Outcome),
        kinds=[(kind, LETTERS[kind], MEANINGS[kind]) for kind in EvidenceKind],
        letters=LETTERS,
        most_steps=MOST_STEPS,
        failures=stories(result, Severity.FAILURE),
        warnings=stories(result, Severity.WARNING),
        unexplained=unexplained(result),
        rows=rows,
        areas=area_rows(rows),
        mutants=mutants,
        findings=[finding for group in findings for finding in group.findings],
        picture=key_picture(result.matrix),
        isolation_rows=[row for row in rows if row.clause.area == ISOLATION_AREA],
        isolation_checks=_isolation_checks(result),
        questions=questions(result.open_questions),
        expected=[clause for clause in result.clauses if clause.expected_failure is not None],
        whole=result.run.is_whole,
        reasons=_reasons(result.checks),
        suites=suite_times(result.checks),
        slowest=slowest(result.checks),
        stale=stale_declarations(result),
    )


def _isolation_checks(result: RunResult) -> list[CheckResult]:
    names = {clause.id for clause in result.clauses if clause.area == ISOLATION_AREA}
    return [
        check
        for check in result.checks
        if check.suite == ISOLATION_SUITE or names.intersection(check.clauses)
    ]


def _reasons(checks: Sequence[CheckResult]) -> list[Reason]:
    silent = [check for check in checks if check.outcome in WITHOUT_FINDING]
    groups = Counter((check.outcome, check.reason or "") for check in silent)
    return [Reason(outcome, reason, count) for (outcome, reason), count in groups.most_common()]
