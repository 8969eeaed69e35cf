"""What an implementation below a target does against its standard: a file of findings."""

from dataclasses import dataclass
from pathlib import Path

from mhsm_reports.document_file import read_document
from mhsm_reports.result_document import decoded, encoded

FINDINGS_FORMAT = "mhsm-findings/1"


@dataclass(frozen=True, slots=True)
class FindingResult:
    """One finding, tried again: `state` says in words whether it was seen.

    `standard` is where the rule is laid down, `clauses` are those that it would break, `handled` is
    what the target does about it, `reproduction` the path of a script that shows it.
    """

    identifier: str
    title: str
    standard: str
    expected: str
    observed: str
    state: str
    steps: tuple[str, ...]
    clauses: tuple[str, ...]
    handled: str
    reproduction: str


@dataclass(frozen=True, slots=True)
class FindingsResult:
    """All findings of what lies below one target."""

    target: str
    findings: tuple[FindingResult, ...]


def findings_document(result: FindingsResult) -> dict[str, object]:
    """Return the JSON object of a file of findings."""
    return {"format": FINDINGS_FORMAT, **encoded(result)}


def load_findings(path: Path | str) -> FindingsResult:
    """Read a file of findings; raises `ResultFileError` as `result_file.load` does."""
    return decoded(FindingsResult, read_document(path, FINDINGS_FORMAT))
