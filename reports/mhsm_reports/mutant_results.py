"""What became of deliberately broken targets: the values that a file of mutants holds."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mhsm_reports.document_file import read_document
from mhsm_reports.result_document import decoded, encoded

MUTANTS_FORMAT = "mhsm-mutants/1"


class Fate(StrEnum):
    """What became of a mutant: a failure named its clause, only others failed, nothing failed."""

    KILLED = "killed"
    NOTICED = "noticed"
    SURVIVED = "survived"


@dataclass(frozen=True, slots=True)
class MutantVerdict:
    """One mutant, in words what is broken, and the clauses that failed; `seconds` it took."""

    name: str
    clause: str
    prose: str
    verdict: Fate
    seconds: float
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MutantsResult:
    """All mutants that were tried.

    `target` is the implementation that was broken on the wire, None for the emulator. `pattern`
    chose the clauses, None for all. `clauses_without_mutant` are those that demand something and
    have no mutant.
    """

    target: str | None
    pattern: str | None
    clauses_without_mutant: tuple[str, ...]
    mutants: tuple[MutantVerdict, ...]

    @property
    def totals(self) -> Mapping[Fate, int]:
        """How many mutants had each fate; every fate is a key, if only with zero."""
        counted = Counter(mutant.verdict for mutant in self.mutants)
        return {fate: counted[fate] for fate in Fate}

    @property
    def conforms(self) -> bool:
        """Whether every mutant was killed and no clause that needs one has none."""
        killed = all(mutant.verdict is Fate.KILLED for mutant in self.mutants)
        return killed and not self.clauses_without_mutant


def mutants_document(result: MutantsResult) -> dict[str, object]:
    """Return the JSON object of a file of mutants; the totals are there for readers in a hurry."""
    totals = {fate.value: number for fate, number in result.totals.items()}
    return {"format": MUTANTS_FORMAT, "totals": totals, **encoded(result)}


def load_mutants(path: Path | str) -> MutantsResult:
    """Read a file of mutants; raises `ResultFileError` as `result_file.load` does."""
    return decoded(MutantsResult, read_document(path, MUTANTS_FORMAT))
