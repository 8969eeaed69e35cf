"""The command `mhsm explain`: the specification explored without reading code."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

import click

from mhsm_conformance.commands.options import BAD_INPUT, CommandError, tell
from mhsm_reports import ReportFileError

__all__ = ["explain"]

_LIST: Final = "\0list"


_EXPLAIN_HELP: Final = """Explain a clause, an operation, a table, or everything.

\b
mhsm explain KW-003                     all there is to know of a clause
mhsm explain 'KW-*' --json              of several, for machines
mhsm explain --operation create-key     an operation; without NAME a list
mhsm explain --algorithms               key types, algorithms, sizes
mhsm explain --lifecycle --svg life.svg the life of a key name, and a picture
mhsm explain --errors                   error answers and their clauses
mhsm explain --open-questions           what nobody knows of the service
mhsm explain --search 'tag too long'    find clauses and others by words
mhsm explain --html specification.html  the whole specification as a page

\b
With evidence:
mhsm explain KW-003 --run run.json              what a run says of it
mhsm explain AUTH-001 --recordings recordings/  real exchanges that show it
mhsm explain --open-questions --run run.json    what the target answered

Of a clause it tells the sentence, how binding it is and why it is believed, where it stands in the
tables of the operations, the error answers it gives, the checks that exercise it, the mutants that
break it, and how many recorded exchanges of the service exercised it. Whatever may be secret in a
recorded exchange is shown by its length alone.

Exit status: 0; 2 where nothing has the name or a file is bad, and one sentence says why.
"""


@click.command(help=_EXPLAIN_HELP, no_args_is_help=True)
@click.argument("clauses", metavar="[CLAUSE]...", nargs=-1)
@click.option(
    "--operation",
    metavar="[NAME]",
    is_flag=False,
    flag_value=_LIST,
    help="The table of an operation, in any spelling of its name.",
)
@click.option("--algorithms", is_flag=True, help="Key types and algorithms by operation.")
@click.option("--lifecycle", is_flag=True, help="The life of a key name.")
@click.option("--svg", metavar="FILE", help="With --lifecycle: write the picture there too.")
@click.option("--errors", is_flag=True, help="All error answers, by status and code.")
@click.option("--open-questions", "questions", is_flag=True, help="What nobody knows.")
@click.option("--search", "words", metavar="WORDS", help="Find clauses, operations, algorithms.")
@click.option("--html", metavar="FILE", help="Write the whole specification as one page.")
@click.option("--run", "runs", metavar="RUN.json", multiple=True, help="Evidence of this run.")
@click.option(
    "--recordings",
    metavar="PATH",
    multiple=True,
    help="Show exchanges of these recordings, a file or folder, that exercised the clause.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(
    clauses: tuple[str, ...],
    operation: str | None,
    algorithms: bool,
    lifecycle: bool,
    svg: str | None,
    errors: bool,
    questions: bool,
    words: str | None,
    html: str | None,
    runs: tuple[str, ...],
    recordings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Explain a clause, an operation, a table, or the whole specification."""
    asked: dict[str, bool] = {
        "CLAUSE": bool(clauses),
        "--operation": operation is not None,
        "--algorithms": algorithms,
        "--lifecycle": lifecycle,
        "--errors": errors,
        "--open-questions": questions,
        "--search": words is not None,
        "--html": html is not None,
    }
    (subject,) = _one([name for name, told in asked.items() if told])
    _belongs("--svg", svg is not None, subject, ("--lifecycle",))
    _belongs("--run", bool(runs), subject, ("CLAUSE", "--open-questions", "--html"))
    _belongs("--recordings", bool(recordings), subject, ("CLAUSE",))
    _belongs("--json", as_json, subject, [name for name in asked if name != "--html"])
    # What explains reads all suites and tables, and no other command needs it at its start.
    from mhsm_conformance.explaining.answering import Asked, answer  # noqa: PLC0415
    from mhsm_conformance.explaining.choosing import UnknownNameError  # noqa: PLC0415

    name = None if operation == _LIST else operation
    told = Asked(clauses, name, words, html, svg, runs, recordings, as_json)
    try:
        readable = answer(subject, told, sys.stdout, tell)
    except (UnknownNameError, ReportFileError) as error:
        raise CommandError(str(error)) from None
    if not readable:
        sys.exit(BAD_INPUT)


def _one(subjects: list[str]) -> list[str]:
    if not subjects:
        raise click.UsageError("say what to explain: a CLAUSE, --operation, --algorithms, …")
    if len(subjects) > 1:
        raise click.UsageError(f"ask for one at a time, not for {' and '.join(subjects)}")
    return subjects


def _belongs(option: str, given: bool, subject: str, subjects: Iterable[str]) -> None:
    if given and subject not in subjects:
        raise click.UsageError(f"{option} says nothing about {subject}")
