"""A result as Markdown, for the page of a CI step: short, the outcome first, breaches folded.

Build servers cut or refuse long summaries (GitHub takes 1 MiB of a step), so the text is bounded:
what does not fit is counted, and the result file has it.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from mhsm_reports.comparison import NamedRun, clauses_across, league
from mhsm_reports.evidence import proof
from mhsm_reports.render.explanation import explained, script, unexplained
from mhsm_reports.render.visible_text import bounded, visible_line
from mhsm_reports.report_file import write_report
from mhsm_reports.results import Failure, RunResult, Selection
from mhsm_reports.totals import coverage, totals
from mhsm_reports.verdict import VerdictClass, counted, verdict, verdict_class
from mhsm_reports.vocabulary import WITHOUT_FINDING, Outcome, RunState, Severity

LARGEST: Final = 900_000
"""Bytes of the text at most, below the 1 MiB that GitHub takes of a step."""

LONGEST_CELL: Final = 300
"""Characters of a text in a row of a table, or in a line of a list."""

LONGEST_BLOCK: Final = 8_000
"""Characters of a text that stands in a block of its own."""

MOST_FOLDED: Final = 40
"""Breaches that are told in full."""

MOST_ROWS: Final = 200
"""Rows of a table, or lines of a list."""

_SIGNS: Final = {
    VerdictClass.PASSED: "✅",
    VerdictClass.FAILED: "❌",
    VerdictClass.UNFINISHED: "⚠️",
}

# What begins markup, an entity, a mention, a reference, a formula or a link.
_SPECIAL: Final = re.compile(r"([\\`*_\[\]#|<>&~$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)


def write(result: RunResult, path: Path | str) -> None:
    """Write the summary to `path`, whole or not at all; raises `ReportFileError`."""
    write_report(path, render(result))


def render(result: RunResult) -> str:
    """Return the summary of a run as GitHub-flavoured Markdown, of at most `LARGEST` bytes."""
    return _joined(_run_parts(result))


def render_comparison(runs: Sequence[NamedRun]) -> str:
    """Return a league table of runs and the clauses where they differ, bounded as `render` is."""
    return _joined(_comparison_parts(runs))


def _joined(parts: Iterator[str]) -> str:
    """Join parts by empty lines until the text would grow too large."""
    text, left_out = "", 0
    for part in parts:
        block = part.rstrip("\n") + "\n\n"
        if left_out or len((text + block).encode("utf-8")) > LARGEST:
            left_out += 1
        else:
            text += block
    if left_out:
        text += f"_{counted(left_out, 'more part')} did not fit here; the result file has all._\n"
    return text.rstrip("\n") + "\n"


def _run_parts(result: RunResult) -> Iterator[str]:
    run = result.run
    yield f"## {_mark(result)} {_text(run.target.name)}: {_text(verdict(result))}"
    selected = "" if run.selection == Selection() else ", a part of the suite"
    yield (
        f"{_text(run.tool.name)} {_text(run.tool.version)}, profile {run.profile}, seed "
        f"{run.seed}{selected}, {_text(run.started_at)}, {run.seconds:,.1f} s, "
        f"{counted(run.exchanges, 'exchange')}, evidence {_text(run.target.evidence)}"
    )
    yield _text(proof(result))
    if run.state is not RunState.COMPLETE:
        reason = run.state_reason or "no reason was recorded"
        yield f"> **This run is {run.state}:** {_text(reason)}"
    yield _counts(result)
    for severity, noun in ((Severity.FAILURE, "failure"), (Severity.WARNING, "warning")):
        yield from _breaches(
            noun, [failure for failure in result.failures if failure.severity is severity]
        )
    rest = unexplained(result)
    if rest.clauses or rest.checks:
        lines = [f"* {_text(clause.id)}: {_text(clause.prose)}" for clause in rest.clauses]
        lines += [f"* {_text(check.id)}: {_text(check.reason or '')}" for check in rest.checks]
        yield "### Failed without an explanation\n\n" + _listed(lines)
    yield from _expected(result)
    silent = [check for check in result.checks if check.outcome in WITHOUT_FINDING]
    if silent:
        reasons: dict[tuple[str, str], int] = {}
        for check in silent:
            key = (check.outcome.value, check.reason or "")
            reasons[key] = reasons.get(key, 0) + 1
        lines = [f"* {n:,} {outcome}: {_text(why)}" for (outcome, why), n in reasons.items()]
        yield _folded(f"{counted(len(silent), 'check')} found nothing out", _listed(lines))
    if result.open_questions:
        answers = [
            f"* {_text(answer.clause)}: {_text(answer.answer)} ({counted(answer.count, 'time')})"
            for answer in result.open_questions
        ]
        title = f"{counted(len(answers), 'answer')} to open questions"
        yield _folded(title, _listed(answers))


def _counts(result: RunResult) -> str:
    count, seen = totals(result), coverage(result)
    rows = [
        "| | passed | failed | inconclusive | inapplicable | untested |",
        "|:--" + "|--:" * 5 + "|",
    ]
    for name, numbers in (("clauses", count.clauses), ("checks", count.checks)):
        cells = " | ".join(f"{numbers[outcome]:,}" for outcome in Outcome)
        rows.append(f"| {name} | {cells} |")
    covered = (
        f"{seen.exercised} of {counted(seen.applicable, 'MUST and SHOULD clause')} that apply were "
        f"exercised; {seen.guards_both_ways} of {counted(seen.guards, 'guard')} were seen both "
        "refusing alone and satisfied."
    )
    return "\n".join([*rows, "", covered])


def _breaches(noun: str, breaches: Sequence[Failure]) -> Iterator[str]:
    if not breaches:
        return
    yield f"### {counted(len(breaches), noun).capitalize()}"
    for failure in breaches[:MOST_FOLDED]:
        yield _folded(
            f"{visible_line(failure.clause)} {_short(failure.prose)}", "\n\n".join(_told(failure))
        )
    rest = breaches[MOST_FOLDED:]
    if rest:
        lines = [f"* {_text(item.clause)} in {_text(item.check)}" for item in rest]
        yield _folded(f"{len(rest):,} more", _listed(lines))


def _told(failure: Failure) -> Iterator[str]:
    yield f"check {_text(failure.check)}"
    for label, text in explained(failure):
        if label not in ("clause", "replay"):
            yield f"**{label}**\n\n{_block(text)}"
    if failure.script.strip():
        yield f"**replay**\n\n{_block(script(failure), 'python')}"


def _expected(result: RunResult) -> Iterator[str]:
    declared = [clause for clause in result.clauses if clause.expected_failure is not None]
    if declared:
        lines = [
            f"* {_text(clause.id)}: {_text(clause.expected_failure or '')}; "
            + (f"broken {counted(clause.declared, 'time')}" if clause.declared else "not broken")
            for clause in declared
        ]
        yield _folded(f"{counted(len(declared), 'expected failure')}", _listed(lines))


def _comparison_parts(runs: Sequence[NamedRun]) -> Iterator[str]:
    yield f"## {counted(len(runs), 'run')} compared"
    rows = [
        "| rank | run | verdict | clauses passed | clauses failed | checks passed | time |",
        "|--:|:--|:--|--:|--:|--:|--:|",
    ]
    for standing in league(runs):
        result, count = standing.named.result, standing.totals
        rows.append(
            f"| {standing.rank} | {_text(standing.named.name)} | {_mark(result)} "
            f"{_text(verdict(result))} | {count.clauses[Outcome.PASSED]:,} | "
            f"{count.clauses[Outcome.FAILED]:,} | {count.checks[Outcome.PASSED]:,} | "
            f"{result.run.seconds:,.1f} s |"
        )
    yield "\n".join(rows)
    differing = [item for item in clauses_across(runs) if item.differs]
    if not differing:
        yield "Every clause has one outcome in all runs."
        return
    names = " | ".join(_text(named.name) for named in runs)
    rows = [f"| clause | {names} |", "|:--" * (len(runs) + 1) + "|"]
    for item in differing[:MOST_ROWS]:
        cells = " | ".join("" if clause is None else clause.outcome for clause in item.by_run)
        rows.append(f"| {_text(item.first.id)}: {_text(item.first.prose)} | {cells} |")
    yield f"### Differences in {counted(len(differing), 'clause')}"
    yield "\n".join(rows)
    if len(differing) > MOST_ROWS:
        yield f"and {counted(len(differing) - MOST_ROWS, 'more clause')}, in the result files"


def _mark(result: RunResult) -> str:
    return _SIGNS[verdict_class(result)]


def _short(text: str) -> str:
    return bounded(visible_line(text), LONGEST_CELL)


def _text(text: str) -> str:
    """Return a text on one line in which Markdown and HTML see nothing of theirs."""
    return _SPECIAL.sub(r"\\\1", _short(text))


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _folded(title: str, body: str) -> str:
    # The empty lines are what makes Markdown of the body.
    return f"<details><summary>{_html(title)}</summary>\n\n{body}\n\n</details>"


def _block(text: str, language: str = "text") -> str:
    """Fence a text; the fence is longer than any in it."""
    text = bounded(text.rstrip("\n"), LONGEST_BLOCK)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _listed(lines: Sequence[str], most: int = MOST_ROWS) -> str:
    rest = len(lines) - most
    kept = list(lines[:most])
    return "\n".join([*kept, f"* and {rest:,} more"] if rest > 0 else kept)
