"""The files that a report is made of: runs and what belongs to them, told apart by format."""

from collections.abc import Sequence
from dataclasses import dataclass

from mhsm_reports.comparison import NamedRun, named_runs
from mhsm_reports.document_file import read_document
from mhsm_reports.finding_results import FINDINGS_FORMAT, FindingsResult
from mhsm_reports.mutant_results import MUTANTS_FORMAT, MutantsResult
from mhsm_reports.result_document import FORMAT, decoded, from_document
from mhsm_reports.results import RunResult


@dataclass(frozen=True, slots=True)
class GivenFiles:
    """What the files held, each kind in the order of the files."""

    runs: tuple[NamedRun, ...]
    mutants: tuple[MutantsResult, ...]
    findings: tuple[FindingsResult, ...]


def read_files(paths: Sequence[str]) -> GivenFiles:
    """Read result files of every format.

    Raises `ResultFileError`, one sentence, for the first file that is none of them.
    """
    runs: list[tuple[str, RunResult]] = []
    mutants: list[MutantsResult] = []
    findings: list[FindingsResult] = []
    for path in paths:
        document = read_document(path, FORMAT, MUTANTS_FORMAT, FINDINGS_FORMAT)
        if document["format"] == FORMAT:
            runs.append((path, from_document(document)))
        elif document["format"] == MUTANTS_FORMAT:
            mutants.append(decoded(MutantsResult, document))
        else:
            findings.append(decoded(FindingsResult, document))
    return GivenFiles(named_runs(runs), tuple(mutants), tuple(findings))
