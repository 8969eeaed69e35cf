"""What supports a clause: only what was seen, and nothing that a broken target did."""

from dataclasses import replace

import pytest

from mhsm_reports import Outcome, RunResult, TargetDescription
from mhsm_reports.evidence import EvidenceKind, evidence_by_clause, evidence_kind, proof
from mhsm_reports.mutant_results import Fate, MutantsResult, MutantVerdict
from mhsm_reports.tests.samples import KEEPS_OTHERS, PASSING, REFUSES_SIGNING, RUN

CLAUSE = replace(REFUSES_SIGNING, recorded=0)


def run_of(
    target: str = "model", evidence: str = "self", outcome: Outcome = Outcome.PASSED
) -> RunResult:
    run = replace(RUN, target=TargetDescription(target, (), evidence))
    return replace(PASSING, run=run, clauses=(replace(CLAUSE, outcome=outcome),))


def mutants(*fates: Fate) -> MutantsResult:
    tried = (MutantVerdict(f"m{n}", CLAUSE.id, "", fate, 0.1, ()) for n, fate in enumerate(fates))
    return MutantsResult(None, None, (), tuple(tried))


def held(*runs: RunResult, tried: MutantsResult | None = None) -> list[tuple[EvidenceKind, bool]]:
    found = evidence_by_clause(runs, () if tried is None else (tried,))[CLAUSE.id]
    return [(item.kind, item.holds) for item in found]


@pytest.mark.parametrize(
    ("evidence", "kind"),
    [
        ("self", EvidenceKind.SELF),
        ("served", EvidenceKind.SELF),
        ("token", EvidenceKind.SECOND),
        ("live", EvidenceKind.LIVE),
        ("hearsay", None),
    ],
)
def test_a_pass_is_the_evidence_that_the_target_gives(
    evidence: str, kind: EvidenceKind | None
) -> None:
    assert evidence_kind(run_of(evidence=evidence)) == kind
    assert held(run_of(evidence=evidence)) == ([] if kind is None else [(kind, True)])
    assert proof(run_of(evidence=evidence)).endswith(".")


def test_what_a_broken_target_passes_proves_nothing() -> None:
    assert held(run_of("mutant:forgets-a-guard")) == []
    assert "broken on purpose" in proof(run_of("mutant:forgets-a-guard"))


def test_kinds_are_told_weakest_first() -> None:
    recorded = replace(PASSING, clauses=(replace(CLAUSE, recorded=1),))
    live = run_of("https", "live")
    tokens = run_of("softhsm", "token")
    kinds = [kind for kind, _ in held(live, recorded, tokens, tried=mutants(Fate.KILLED))]
    assert kinds == [
        EvidenceKind.SELF,
        EvidenceKind.MUTANT,
        EvidenceKind.SECOND,
        EvidenceKind.RECORDED,
        EvidenceKind.LIVE,
    ]


def test_a_failure_in_any_run_speaks_against_the_kind() -> None:
    failed = run_of("softhsm", "token", Outcome.FAILED)
    passed = run_of("pkcs11", "token")
    assert held(passed, failed) == held(failed, passed) == [(EvidenceKind.SECOND, False)]


@pytest.mark.parametrize("fate", [Fate.NOTICED, Fate.SURVIVED])
def test_one_mutant_that_lives_speaks_against_the_clause(fate: Fate) -> None:
    tried = mutants(Fate.KILLED, fate)
    assert held(run_of(), tried=tried)[1] == (EvidenceKind.MUTANT, False)


def test_a_clause_that_was_never_put_to_the_test_has_no_evidence() -> None:
    vacuous = replace(KEEPS_OTHERS, outcome=Outcome.PASSED, vacuous=9, recorded=0)
    found = evidence_by_clause([replace(PASSING, clauses=(vacuous,))])
    assert found == {vacuous.id: ()}
