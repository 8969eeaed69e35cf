"""The command `mhsm explain`: the specification explored without reading code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any, Final

import click
from rich.console import RenderableType

from mhsm_conformance.commands.options import CommandError
from mhsm_conformance.explaining.accounts import account_of
from mhsm_conformance.explaining.algorithm_table import algorithm_rows, key_type_rows
from mhsm_conformance.explaining.choosing import (
    UnknownNameError,
    chosen_clauses,
    chosen_operation,
    operation_names,
)
from mhsm_conformance.explaining.error_table import error_rows
from mhsm_conformance.explaining.life_picture import life_picture
from mhsm_conformance.explaining.life_table import life_rows
from mhsm_conformance.explaining.open_questions import open_questions
from mhsm_conformance.explaining.operation_accounts import operation_account
from mhsm_conformance.explaining.page.specification_page import specification_page
from mhsm_conformance.explaining.recorded_examples import examples_of
from mhsm_conformance.explaining.run_evidence import RunFile, loaded_runs
from mhsm_conformance.explaining.searching import search
from mhsm_conformance.explaining.text.algorithm_text import algorithm_text
from mhsm_conformance.explaining.text.clause_text import clause_text
from mhsm_conformance.explaining.text.drawing import draw
from mhsm_conformance.explaining.text.life_text import life_text
from mhsm_conformance.explaining.text.listing_text import errors_text, hits_text, questions_text
from mhsm_conformance.explaining.text.operation_text import operation_list, operation_text
from mhsm_reports import ReportFileError
from mhsm_reports.report_file import write_report

__all__ = ["explain"]

_LIST: Final = "\0list"
_MOST_HITS: Final = 20
_MOST_EXAMPLES: Final = 3

_EXPLAIN_HELP: Final = """Explain the specification: a clause, an operation, a table, or all of it.

\b
mhsm explain KW-003                     all there is to know of a clause
mhsm explain 'KW-*' --json              of several, for machines
mhsm explain --operation create-key     an operation, top to bottom; no NAME: a list
mhsm explain --algorithms               key types, algorithms, operations, sizes
mhsm explain --lifecycle --svg life.svg the life of a key name, as text and as a picture
mhsm explain --errors                   every error answer, with the clauses behind it
mhsm explain --open-questions           what nobody knows of the service
mhsm explain --search 'tag too long'    clauses, operations and algorithms by words
mhsm explain --html specification.html  the whole specification as one page

\b
With evidence:
mhsm explain KW-003 --run mhsm-results/run.json    what a run says of the clause
mhsm explain AUTH-001 --recordings recordings/     real exchanges that exercised it
mhsm explain --open-questions --run run.json       what the target answered

Of a clause it tells the sentence, how binding it is and why it is believed, where it stands in the
tables of the operations, the error answers it gives, the checks that exercise it, the mutants that
break it, and how many recorded exchanges of the service exercised it. Whatever may be secret in a
recorded exchange is shown by its length alone.
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
    try:
        told = loaded_runs(runs)
        if subject == "CLAUSE":
            _clauses(clauses, told, recordings, as_json=as_json)
        elif operation is not None:
            _operation(operation, as_json=as_json)
        elif lifecycle:
            _lifecycle(svg, as_json=as_json)
        elif html is not None:
            write_report(html, specification_page(told))
        elif words is not None:
            _search(words, as_json=as_json)
        elif questions:
            found = open_questions(told)
            shown = questions_text(found, asked=bool(told))
            _show(shown, [row.as_json() for row in found], as_json=as_json)
        elif errors:
            rows = error_rows()
            _show(errors_text(rows), [row.as_json() for row in rows], as_json=as_json)
        else:
            _show(algorithm_text(), _algorithms_json(), as_json=as_json)
    except (UnknownNameError, ReportFileError) as error:
        raise CommandError(str(error)) from None


def _one(subjects: list[str]) -> list[str]:
    if not subjects:
        raise click.UsageError("say what to explain: a CLAUSE, --operation, --algorithms, …")
    if len(subjects) > 1:
        raise click.UsageError(f"ask for one at a time, not for {' and '.join(subjects)}")
    return subjects


def _belongs(option: str, given: bool, subject: str, subjects: Iterable[str]) -> None:
    if given and subject not in subjects:
        raise click.UsageError(f"{option} says nothing about {subject}")


def _show(parts: Iterable[RenderableType], document: Any, *, as_json: bool) -> None:
    if as_json:
        json.dump(document, sys.stdout, indent=1)
        print()
    else:
        draw(parts, sys.stdout)


def _clauses(
    patterns: tuple[str, ...],
    runs: tuple[RunFile, ...],
    recordings: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    chosen = chosen_clauses(patterns)
    problems: list[str] = []
    examples = examples_of(chosen, recordings, _MOST_EXAMPLES, problems)
    for problem in problems:
        click.echo(f"mhsm: {problem}", err=True)
    accounts = [account_of(row, runs, examples) for row in chosen]
    parts = (part for account in accounts for part in (*clause_text(account), ""))
    _show(parts, [account.as_json() for account in accounts], as_json=as_json)
    if problems:
        sys.exit(2)


def _operation(name: str, *, as_json: bool) -> None:
    if name == _LIST:
        _show(operation_list(), list(operation_names()), as_json=as_json)
        return
    account = operation_account(chosen_operation(name))
    _show(operation_text(account), account.as_json(), as_json=as_json)


def _lifecycle(svg: str | None, *, as_json: bool) -> None:
    if svg is not None:
        write_report(svg, life_picture())
    encoding = getattr(sys.stdout, "encoding", None)
    _show(life_text(encoding), [row.as_json() for row in life_rows()], as_json=as_json)


def _search(words: str, *, as_json: bool) -> None:
    hits = search(words)
    if not hits:
        raise CommandError(f"nothing is found by {words!r}; `mhsm clauses` lists all clauses")
    _show(hits_text(hits, _MOST_HITS), [hit.as_json() for hit in hits], as_json=as_json)


def _algorithms_json() -> dict[str, Any]:
    return {
        "key_types": [row.as_json() for row in key_type_rows()],
        "algorithms": [row.as_json() for row in algorithm_rows()],
    }
