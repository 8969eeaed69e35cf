"""What `mhsm explain` answers, as text or JSON: one function for each subject."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TextIO

from rich.console import RenderableType

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
from mhsm_conformance.explaining.run_evidence import loaded_runs
from mhsm_conformance.explaining.searching import search
from mhsm_conformance.explaining.text.algorithm_text import algorithm_text
from mhsm_conformance.explaining.text.clause_text import clause_text
from mhsm_conformance.explaining.text.drawing import draw
from mhsm_conformance.explaining.text.life_text import life_text
from mhsm_conformance.explaining.text.listing_text import errors_text, hits_text, questions_text
from mhsm_conformance.explaining.text.operation_text import operation_list, operation_text
from mhsm_reports.report_file import write_report

__all__ = ["Asked", "answer"]

_MOST_HITS: Final = 20
_MOST_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What goes with a subject; without a name of an operation all are listed."""

    clauses: tuple[str, ...]
    operation: str | None
    words: str | None
    html: str | None
    svg: str | None
    runs: tuple[str, ...]
    recordings: tuple[str, ...]
    as_json: bool


def answer(subject: str, asked: Asked, out: TextIO, tell: Callable[[str], None]) -> bool:
    """Write the answer to `out` or to its file; whether all was readable that it was asked of.

    `tell` gets a sentence about each recording that is not. Raises UnknownNameError for what
    nothing is called, ReportFileError for a file that cannot be read or written, and KeyError for
    a subject that is none.
    """
    return _ANSWERS[subject](_Answer(asked, out, tell))


@dataclass(frozen=True, slots=True)
class _Answer:
    asked: Asked
    out: TextIO
    tell: Callable[[str], None]

    def write(self, parts: Iterable[RenderableType], document: Any) -> bool:
        if self.asked.as_json:
            json.dump(document, self.out, indent=1)
            print(file=self.out)
        else:
            draw(parts, self.out)
        return True


def _clauses(to: _Answer) -> bool:
    chosen = chosen_clauses(to.asked.clauses)
    runs, problems = loaded_runs(to.asked.runs), list[str]()
    examples = examples_of(chosen, to.asked.recordings, _MOST_EXAMPLES, problems)
    for problem in problems:
        to.tell(f"mhsm: {problem}")
    accounts = [account_of(row, runs, examples) for row in chosen]
    parts = (part for account in accounts for part in (*clause_text(account), ""))
    to.write(parts, [account.as_json() for account in accounts])
    return not problems


def _operation(to: _Answer) -> bool:
    if to.asked.operation is None:
        return to.write(operation_list(), list(operation_names()))
    account = operation_account(chosen_operation(to.asked.operation))
    return to.write(operation_text(account), account.as_json())


def _algorithms(to: _Answer) -> bool:
    document = {
        "key_types": [row.as_json() for row in key_type_rows()],
        "algorithms": [row.as_json() for row in algorithm_rows()],
    }
    return to.write(algorithm_text(), document)


def _lifecycle(to: _Answer) -> bool:
    if to.asked.svg is not None:
        write_report(to.asked.svg, life_picture())
    encoding = getattr(to.out, "encoding", None)
    return to.write(life_text(encoding), [row.as_json() for row in life_rows()])


def _errors(to: _Answer) -> bool:
    rows = error_rows()
    return to.write(errors_text(rows), [row.as_json() for row in rows])


def _questions(to: _Answer) -> bool:
    runs = loaded_runs(to.asked.runs)
    found = open_questions(runs)
    return to.write(questions_text(found, asked=bool(runs)), [row.as_json() for row in found])


def _search(to: _Answer) -> bool:
    words = to.asked.words or ""
    hits = search(words)
    if not hits:
        told = f"nothing is found by {words!r}; `mhsm clauses` lists all clauses"
        raise UnknownNameError(told)
    return to.write(hits_text(hits, _MOST_HITS), [hit.as_json() for hit in hits])


def _page(to: _Answer) -> bool:
    write_report(to.asked.html or "", specification_page(loaded_runs(to.asked.runs)))
    return True


_ANSWERS: Final[dict[str, Callable[[_Answer], bool]]] = {
    "CLAUSE": _clauses,
    "--operation": _operation,
    "--algorithms": _algorithms,
    "--lifecycle": _lifecycle,
    "--errors": _errors,
    "--open-questions": _questions,
    "--search": _search,
    "--html": _page,
}
