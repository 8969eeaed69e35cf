"""What supports each clause: the kinds of evidence that results give, weakest first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mhsm_reports.mutant_results import Fate, MutantsResult
from mhsm_reports.results import ClauseResult, RunResult
from mhsm_reports.vocabulary import Outcome


class EvidenceKind(StrEnum):
    """The kinds of evidence for a clause, weakest first."""

    SELF = "self"
    MUTANT = "mutant"
    SECOND = "second implementation"
    RECORDED = "recorded"
    LIVE = "live"


MEANINGS: Final[Mapping[EvidenceKind, str]] = {
    EvidenceKind.SELF: "It passed on an emulator that shares the specification with the judge, "
    "which shows consistency alone.",
    EvidenceKind.MUTANT: "Every broken emulator made for it was found out by it: the judge can "
    "say no.",
    EvidenceKind.SECOND: "It passed on an implementation that shares nothing with the judge but "
    "vocabulary.",
    EvidenceKind.RECORDED: "Recorded exchanges of the real service exercised it.",
    EvidenceKind.LIVE: "It passed on the live service.",
}

#: What the profile of a target calls its evidence. What is served on this machine is some other
#: target, and proves no more than that; `mutant` targets are broken, and prove nothing.
_OF_TARGETS: Final[Mapping[str, EvidenceKind]] = {
    "self": EvidenceKind.SELF,
    "served": EvidenceKind.SELF,
    "token": EvidenceKind.SECOND,
    "live": EvidenceKind.LIVE,
}

_BROKEN: Final = "mutant:"

_PROOFS: Final[Mapping[str, str]] = {
    "self": "This target is the specification itself, run forwards: a pass shows that it is "
    "consistent, and nothing about the real service.",
    "served": "This endpoint is on this machine and is not the real service: a pass shows that it "
    "speaks the protocol as specified.",
    "token": "This target is a second implementation, which shares only vocabulary with the judge: "
    "a pass shows that the specification can be met, and nothing about the real service.",
    "live": "This is the real service: where it contradicts a clause, the clause is to be doubted.",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One kind of evidence for a clause: `holds` or speaks against it, with the reason in words."""

    kind: EvidenceKind
    holds: bool
    told: str


def evidence_by_clause(
    runs: Sequence[RunResult], mutants: Iterable[MutantsResult] = ()
) -> dict[str, tuple[Evidence, ...]]:
    """Return the evidence that runs and tried mutants give, by clause, weakest first.

    Every clause of the runs is a key. A clause that failed anywhere has that as evidence that does
    not hold, and so does one with a mutant that was not killed.
    """
    killed = _mutants(mutants)
    found: dict[str, dict[EvidenceKind, Evidence]] = {}
    for run in runs:
        kind = evidence_kind(run)
        for clause in run.clauses:
            kept = found.setdefault(clause.id, {})
            if clause.id in killed:
                kept[EvidenceKind.MUTANT] = killed[clause.id]
            if clause.recorded:
                kept[EvidenceKind.RECORDED] = _recorded(clause)
            shown = _shown(run, clause, kind)
            if shown is not None and (shown.kind not in kept or not shown.holds):
                kept[shown.kind] = shown
    order = list(EvidenceKind)
    return {
        clause: tuple(sorted(kept.values(), key=lambda item: order.index(item.kind)))
        for clause, kept in found.items()
    }


def proof(run: RunResult) -> str:
    """Say in a sentence what it would prove that a clause passed in the run."""
    if run.run.target.name.startswith(_BROKEN):
        return (
            "This target is broken on purpose: a failure shows that the judge can say no, and a "
            "pass shows nothing."
        )
    return _PROOFS.get(
        run.run.target.evidence,
        "Nothing is known of what stands behind this target: a pass supports no clause.",
    )


def evidence_kind(run: RunResult) -> EvidenceKind | None:
    """Return the kind of evidence a passed clause of the run is; None where it is none."""
    if run.run.target.name.startswith(_BROKEN):
        return None
    return _OF_TARGETS.get(run.run.target.evidence)


def _shown(run: RunResult, clause: ClauseResult, kind: EvidenceKind | None) -> Evidence | None:
    if kind is None or not clause.exercised:
        return None
    if clause.outcome is Outcome.FAILED:
        return Evidence(kind, False, f"failed on {run.run.target.name}")
    if clause.outcome is not Outcome.PASSED:
        return None
    part = f", answered for by {clause.answered_by}" if clause.answered_by else ""
    return Evidence(kind, True, f"passed on {run.run.target.name}{part}")


def _recorded(clause: ClauseResult) -> Evidence:
    noun = "exchange" if clause.recorded == 1 else "exchanges"
    return Evidence(EvidenceKind.RECORDED, True, f"{clause.recorded:,} recorded {noun}")


def _mutants(results: Iterable[MutantsResult]) -> dict[str, Evidence]:
    fates: dict[str, list[Fate]] = {}
    for result in results:
        for mutant in result.mutants:
            fates.setdefault(mutant.clause, []).append(mutant.verdict)
    return {
        clause: Evidence(
            EvidenceKind.MUTANT,
            all(fate is Fate.KILLED for fate in each),
            f"{each.count(Fate.KILLED)} of {len(each)} mutants killed",
        )
        for clause, each in fates.items()
    }
