"""What a breach is explained by: the same members, in the same order, in every report."""

from collections.abc import Iterator
from dataclasses import dataclass

from mhsm_reports.render.visible_text import visible, visible_line
from mhsm_reports.results import CheckResult, ClauseResult, Failure, RunResult
from mhsm_reports.vocabulary import Outcome, Severity


@dataclass(frozen=True, slots=True)
class Unexplained:
    """The failed clauses and checks of a result that no recorded failure accounts for."""

    clauses: tuple[ClauseResult, ...]
    checks: tuple[CheckResult, ...]


def explained(failure: Failure) -> Iterator[tuple[str, str]]:
    """Yield the label and the text of each part of an explanation, safe to show.

    A text may have several lines; a part that was not recorded is left out. The script is not
    among them: it is code to be copied, and must not be wrapped or indented.
    """
    parts = (
        ("clause", visible_line(failure.clause)),
        ("says", visible_line(failure.prose)),
        ("source", "\n".join(visible_line(source) for source in failure.sources)),
        ("call", visible(failure.exchange)),
        ("expected", visible(failure.expected)),
        ("observed", visible(failure.observed)),
        ("steps", "\n".join(_numbered(failure.steps))),
        ("replay", _replay(failure)),
        ("case", visible_line(failure.case or "")),
    )
    return ((label, text.strip("\n")) for label, text in parts if text.strip())


def script(failure: Failure) -> str:
    """Return the program that replays a failure between two comments, or "" when there is none.

    The comments say what it is, so that it may be copied as a whole.
    """
    if not failure.script.strip():
        return ""
    name = visible_line(failure.check)
    code = visible(failure.script).strip("\n")
    return f"# --- replay of {name}, seed {failure.seed}\n{code}\n# --- end of replay\n"


def plain_text(failure: Failure) -> str:
    """Return a whole explanation as text with one label a line, and the script at its end."""
    lines: list[str] = []
    for label, text in explained(failure):
        first, *more = text.split("\n")
        lines.append(f"{label:<10}{first}")
        lines.extend(" " * 10 + line for line in more)
    return "\n".join(lines) + "\n" + script(failure)


def unexplained(result: RunResult) -> Unexplained:
    """Find what failed without a failure that says how; a report must show it all the same."""
    failures = [item for item in result.failures if item.severity is Severity.FAILURE]
    clauses = {failure.clause for failure in failures}
    checks = {failure.check for failure in failures}
    return Unexplained(
        clauses=tuple(
            clause
            for clause in result.clauses
            if clause.outcome is Outcome.FAILED and clause.id not in clauses
        ),
        checks=tuple(
            check
            for check in result.checks
            if check.outcome is Outcome.FAILED and check.id not in checks
        ),
    )


def _replay(failure: Failure) -> str:
    how = "with the script below" if failure.script.strip() else "no script was recorded"
    return f"seed {failure.seed}, {how}"


def _numbered(steps: tuple[str, ...]) -> Iterator[str]:
    width = len(str(len(steps)))
    return (f"{number:>{width}}. {visible_line(step)}" for number, step in enumerate(steps, 1))
