"""The command `mhsm report`: what people and machines read, from result files and nothing else."""

from __future__ import annotations

import os
import sys
from typing import Final

import click

from mhsm_conformance.commands.options import CommandError, unusable
from mhsm_reports import ReportFileError, verdict
from mhsm_reports.given_files import GivenFiles, read_files
from mhsm_reports.render import junit, markdown, terminal
from mhsm_reports.render.visible_text import visible_line
from mhsm_reports.report_file import check_writable, write_report
from mhsm_reports.step_summary import write_summary

__all__ = ["report"]

_REPORT_HELP: Final = """Make reports of run.json, or compare several runs.

\b
mhsm report run.json                         the report on this terminal
mhsm report run.json --html report.html      one page that needs no network
mhsm report a/run.json b/run.json --html c.html      the runs side by side
mhsm report run.json mutants.json --html report.html with what mutants prove
mhsm report run.json --markdown "$GITHUB_STEP_SUMMARY"    added to a CI page

Files that `mhsm mutants --out` and `mhsm findings --out` wrote may stand among FILES: only with the
former does a report claim that a clause's mutants were killed. The name - is standard output.
Nothing is written where a file is bad.

Exit status: 0, whatever the runs came to, which `mhsm run` and `mhsm gate` tell; 2 where a file is
bad or cannot be written.
"""


@click.command(help=_REPORT_HELP)
@click.argument("files", nargs=-1, required=True, metavar="FILES...")
@click.option("--html", "html_file", metavar="FILE", help="A page: of the run, or of all runs.")
@click.option(
    "--markdown",
    "markdown_file",
    metavar="FILE",
    help="A summary; to $GITHUB_STEP_SUMMARY it is added.",
)
@click.option("--junit", "junit_file", metavar="FILE", help="JUnit XML for build servers.")
def report(
    files: tuple[str, ...],
    html_file: str | None,
    markdown_file: str | None,
    junit_file: str | None,
) -> None:
    """Make reports of result files."""
    destinations = [name for name in (html_file, markdown_file, junit_file) if name is not None]
    _check_destinations(files, destinations)
    try:
        given = read_files(files)
        if not given.runs:
            raise CommandError("no run is among the files; `mhsm run` writes run.json")
        if not destinations:
            _show(given)
        # All is made before anything is written, and nothing where one place takes no file.
        for name in destinations:
            if name != "-":
                check_writable(name)
        texts = [
            (name, text)
            for name, text in (
                (html_file, _page(given) if html_file is not None else ""),
                (markdown_file, _summary(given) if markdown_file is not None else ""),
                (junit_file, junit.render_all(given.runs) if junit_file is not None else ""),
            )
            if name is not None
        ]
        for name, text in sorted(texts, key=lambda item: item[0] == "-"):
            if name == "-":
                sys.stdout.write(text)
                sys.stdout.flush()
            elif name == markdown_file:
                write_summary(name, text)
            else:
                write_report(name, text)
    except ReportFileError as error:
        raise unusable(error) from None


def _check_destinations(files: tuple[str, ...], destinations: list[str]) -> None:
    again = next((name for name in files if files.count(name) > 1), None)
    if again is not None:
        raise CommandError(f"{again} is given twice")
    places = [_place(name) for name in destinations]
    twice = next((name for name in destinations if places.count(_place(name)) > 1), None)
    if twice is not None:
        where = "standard output" if twice == "-" else twice
        raise CommandError(f"two reports would go to {where}")
    read = {_place(name) for name in files}
    lost = next((name for name in destinations if _place(name) in read), None)
    if lost is not None:
        raise CommandError(f"{lost} is read and would be overwritten")


def _place(name: str) -> str:
    return name if name == "-" else os.path.realpath(name)


def _page(given: GivenFiles) -> str:
    # Templates take a moment to load, and every command loads this module.
    from mhsm_reports.render import html  # noqa: PLC0415

    if len(given.runs) == 1:
        return html.run_page(given.runs[0].result, given.mutants, given.findings)
    return html.comparison_page(given.runs, given.mutants, given.findings)


def _summary(given: GivenFiles) -> str:
    if len(given.runs) == 1:
        return markdown.render(given.runs[0].result)
    return markdown.render_comparison(given.runs)


def _show(given: GivenFiles) -> None:
    if len(given.runs) == 1:
        terminal.show(given.runs[0].result, sys.stdout)
        return
    for named in given.runs:
        click.echo(visible_line(f"{named.name}: {verdict(named.result)}"))
