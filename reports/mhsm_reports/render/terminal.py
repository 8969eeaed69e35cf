"""A result for people at a terminal, or reading the log of a build."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TextIO

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mhsm_reports.evidence import proof
from mhsm_reports.render.clause_table import clause_table
from mhsm_reports.render.console import (
    DEFAULT_WIDTH,
    drawn,
    plain_console,
    wants_colour,
    width_of,
    write_escaped,
)
from mhsm_reports.render.explanation import Unexplained, explained, script, unexplained
from mhsm_reports.render.key_matrix import LEGEND, key_matrix
from mhsm_reports.render.visible_text import visible, visible_line
from mhsm_reports.results import (
    CheckResult,
    ClauseResult,
    Failure,
    Run,
    RunResult,
)
from mhsm_reports.totals import coverage, totals
from mhsm_reports.verdict import VerdictClass, counted, verdict, verdict_class
from mhsm_reports.vocabulary import WITHOUT_FINDING, RunState, Severity

_COLOURS = {
    VerdictClass.PASSED: "green",
    VerdictClass.FAILED: "red",
    VerdictClass.UNFINISHED: "yellow",
}
#: Below this the tables cannot be drawn; a narrower terminal folds the lines itself.
NARROWEST = 72
#: Breaches of one severity that are told in full: nobody scrolls through more.
MOST_TOLD = 50
#: Clauses that are named for those that are not.
MOST_NAMED = 20


def show(result: RunResult, stream: TextIO) -> None:
    """Write the report to `stream`, as wide as its terminal.

    Colours only on a terminal, and not where `NO_COLOR` is set or `TERM` is `dumb`; a stream that
    is no terminal is as wide as `COLUMNS` says, or else 80. What the encoding of the stream does
    not have is escaped. Raises the `OSError` of the stream.
    """
    text = render(result, width=width_of(stream), colour=wants_colour(stream))
    write_escaped(stream, text)
    stream.flush()


def render(result: RunResult, *, width: int = DEFAULT_WIDTH, colour: bool = False) -> str:
    """Return the report as text of at most `width` columns, but for scripts, which stay whole.

    Without `colour` there is no escape sequence in it. The last line is the verdict, however long.
    """
    # The report is a function of its arguments: what the environment says is `show`'s affair.
    console = plain_console(max(width, NARROWEST), colour=colour)
    parts = [part if isinstance(part, str) else drawn(console, part) for part in _sections(result)]
    # The last line is the verdict, whole, so that the tail of a log is enough.
    last = Text(visible_line(verdict(result)), _verdict_style(result))
    return "\n".join([*parts, drawn(console, last, whole=True)])


def _sections(result: RunResult) -> Iterator[RenderableType | str]:
    """Yield the parts of the report; a string among them is copied as it stands."""
    yield _head(result)
    if result.clauses:
        yield _section("Clauses by area", *_clauses(result.clauses))
        if any(clause.warnings for clause in result.clauses):
            yield Text("A clause that was warned of is counted under its outcome too.", "dim")
        yield _coverage(result)
    if result.matrix:
        legend = Text(LEGEND, "dim")
        yield _section("Key matrix", key_matrix(result.matrix), Text(""), legend)
    if result.checks:
        yield _section("Checks", *_checks(result))
    if result.open_questions:
        yield _section("Open questions answered", _answers(result))
    declared = [clause for clause in result.clauses if clause.expected_failure is not None]
    if declared:
        yield _section("Expected failures", _expected(declared, result.run))
    for title, severity in (("Warnings", Severity.WARNING), ("Failures", Severity.FAILURE)):
        breaches = [item for item in result.failures if item.severity is severity]
        if breaches:
            yield Text(f"{title} ({len(breaches)})", "bold underline")
        yield from _breaches(breaches)
    rest = unexplained(result)
    if rest.clauses or rest.checks:
        yield _section("Failed without an explanation", *_unexplained(rest))


def _clauses(clauses: Sequence[ClauseResult]) -> Iterator[RenderableType]:
    yield clause_table(clauses)
    tested = [clause for clause in clauses if clause.exercised and clause.answered_by is not None]
    answers = Counter(clause.answered_by for clause in tested)
    if answers:
        counts = ", ".join(f"{who} {number}" for who, number in answers.most_common())
        yield Text(visible_line(f"answered for by: {counts}"), "dim")


def _section(title: str, *parts: RenderableType) -> Group:
    return Group(Text(title, "bold underline"), *parts)


def _head(result: RunResult) -> Group:
    run = result.run
    title = (
        f"{run.tool.name} {run.tool.version}: target {run.target.name}, profile {run.profile}, "
        f"seed {run.seed}, {run.seconds:,.1f} s, {counted(run.exchanges, 'exchange')}, {run.state}"
    )
    selected = [
        f"{noun} {pattern}"
        for noun, pattern in (("suite", run.selection.suite), ("clauses", run.selection.clause))
        if pattern is not None
    ]
    details = _labelled(
        ("started", f"{run.started_at}, {counted(run.workers, 'worker')}"),
        ("evidence", f"{run.target.evidence}: {proof(result)}"),
        ("offers", ", ".join(run.target.capabilities) or "no optional capability"),
        ("selected", ", ".join(selected) or "everything"),
        ("strict", "breaches of inferred clauses are failures" if run.strict else ""),
    )
    parts: list[RenderableType] = [Text(visible_line(title), "bold"), details]
    if run.state is not RunState.COMPLETE:
        reason = run.state_reason or "no reason was recorded"
        parts.append(Text(visible_line(f"This run is {run.state}: {reason}"), "bold yellow"))
    return Group(*parts)


def _labelled(*rows: tuple[str, str]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for label, text in rows:
        if text:
            grid.add_row(label, Text(visible(text)))
    return grid


def _coverage(result: RunResult) -> Text:
    seen = coverage(result)
    # Rounded down: all but one is not 100 %.
    percent = 100 * seen.exercised // seen.applicable if seen.applicable else 0
    return Text(
        f"Coverage: {seen.exercised}/{seen.applicable} MUST and SHOULD clauses that apply were "
        f"exercised ({percent} %); {seen.guards_both_ways}/{seen.guards} of the guards among them "
        f"were seen both refusing alone and satisfied."
    )


def _checks(result: RunResult) -> Iterator[RenderableType]:
    count = totals(result).checks
    yield Text(", ".join(f"{number:,} {outcome}" for outcome, number in count.items() if number))
    silent = [check for check in result.checks if check.outcome in WITHOUT_FINDING]
    if silent:
        yield _reasons(silent)


def _reasons(checks: Sequence[CheckResult]) -> Padding:
    """Draw why checks found nothing out, one row for each reason: often one holds for many."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right")
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    groups = Counter((check.outcome, visible_line(check.reason or "")) for check in checks)
    for (outcome, reason), number in groups.items():
        grid.add_row(f"{number:,}", Text(outcome), Text(reason))
    return Padding(grid, (0, 0, 0, 2), expand=False)


def _answers(result: RunResult) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for answer in result.open_questions:
        text = Text(visible_line(answer.question))
        text.append(f"\n{visible_line(answer.answer)} ({counted(answer.count, 'time')})", "cyan")
        grid.add_row(visible_line(answer.clause), text)
    return grid


def _expected(clauses: Sequence[ClauseResult], run: Run) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for clause in clauses:
        text = Text(visible_line(f"{clause.prose}"))
        text.append(f"\ndeclared: {visible_line(clause.expected_failure or '')}", "dim")
        if clause.declared:
            text.append(f"\nbroken {counted(clause.declared, 'time')}", "yellow")
        elif run.is_whole:
            text.append("\nstale: this run did not break it", "bold yellow")
        grid.add_row(visible_line(clause.id), text)
    return grid


def _breaches(breaches: Sequence[Failure]) -> Iterator[RenderableType | str]:
    told = breaches[:MOST_TOLD]
    for number, failure in enumerate(told, 1):
        yield _breach(number, failure)
        # Breaches of one exchange share a script: it stands once, below the last of them.
        if number == len(told) or told[number].script != failure.script:
            yield from filter(None, [script(failure)])
    rest = Counter(visible_line(failure.clause) for failure in breaches[MOST_TOLD:])
    if rest:
        counts = ", ".join(
            f"{clause} {number:,}" for clause, number in rest.most_common(MOST_NAMED)
        )
        more = f", and {counted(len(rest) - MOST_NAMED, 'clause')} more"
        named = counts + (more if len(rest) > MOST_NAMED else "")
        yield Text(
            f"And {rest.total():,} more, which the result file tells in full: {named}", "dim"
        )


def _breach(number: int, failure: Failure) -> Group:
    style = "bold red" if failure.severity is Severity.FAILURE else "bold yellow"
    title = Text(f"{number}. {visible_line(failure.check)}", style)
    return Group(title, Padding(_labelled(*explained(failure)), (0, 0, 0, 3), expand=False))


def _unexplained(rest: Unexplained) -> Iterator[RenderableType]:
    for clause in rest.clauses:
        yield Text(f"clause {visible_line(clause.id)}: {visible_line(clause.prose)}", "red")
    for check in rest.checks:
        yield Text(f"check {visible_line(check.id)}: {visible_line(check.reason or '')}", "red")


def _verdict_style(result: RunResult) -> str:
    return f"bold {_COLOURS[verdict_class(result)]}"
