"""The whole specification as one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup, escape

from mhsm_conformance.explaining.accounts import ClauseAccount, account_of, breach_counts_as
from mhsm_conformance.explaining.algorithm_table import COLUMNS, algorithm_rows, key_type_rows
from mhsm_conformance.explaining.areas import AREAS
from mhsm_conformance.explaining.error_table import error_rows, grouped
from mhsm_conformance.explaining.life_picture import LIFE_STYLE, life_picture
from mhsm_conformance.explaining.life_table import life_rows
from mhsm_conformance.explaining.open_questions import open_questions
from mhsm_conformance.explaining.operation_accounts import OperationAccount, operation_account
from mhsm_conformance.explaining.operation_examples import operation_examples
from mhsm_conformance.explaining.run_evidence import RunFile
from mhsm_conformance.explaining.suite_checks import by_function
from mhsm_conformance.results import tool_version
from mhsm_model.catalogue import catalogue
from mhsm_model.clauses import Basis, Level
from mhsm_model.operations import OPERATIONS
from mhsm_model.revisions import REVISIONS
from mhsm_model.tables.lifecycle import Stage
from mhsm_model.tables.quirks import QUIRKS
from mhsm_reports.render.html.self_contained import asset, page_environment, style_and_script
from mhsm_reports.render.visible_text import visible

__all__ = ["specification_page"]

_PACKAGE: Final = "mhsm_conformance.explaining.page"


@dataclass(frozen=True, slots=True)
class _Area:
    """An area with its clauses."""

    name: str
    title: str
    clauses: tuple[ClauseAccount, ...]


def specification_page(runs: Sequence[RunFile] = ()) -> str:
    """The page, with what each run says of each clause where runs are given."""
    style = asset(_PACKAGE, "specification.css") + LIFE_STYLE
    own = style_and_script(style, asset(_PACKAGE, "specification.js"))
    accounts = tuple(account_of(row, runs) for row in catalogue())
    return (
        _environment()
        .get_template("specification.html")
        .render(
            **own,
            tool=tool_version(),
            operations=tuple(_operations()),
            areas=_areas(accounts),
            accounts=accounts,
            errors=error_rows(),
            algorithms=algorithm_rows(),
            uses=[name for name, _ in COLUMNS],
            key_types=key_type_rows(),
            picture=Markup(life_picture(is_part=True)),
            life=life_rows(),
            stages=[stage.value for stage in Stage],
            questions=open_questions(runs),
            sources=_sources(accounts),
            levels=_counts(Level, (row.level for row in catalogue())),
            bases=_counts(Basis, (row.basis for row in catalogue())),
            revisions=REVISIONS,
            quirks=QUIRKS,
            runs=runs,
        )
    )


def _operations() -> Iterable[tuple[OperationAccount, tuple[str, str]]]:
    for row in OPERATIONS:
        yield operation_account(row), operation_examples()[row.name]


def _areas(accounts: Sequence[ClauseAccount]) -> tuple[_Area, ...]:
    found: dict[str, list[ClauseAccount]] = {name: [] for name in AREAS}
    for account in accounts:
        found[account.clause.area].append(account)
    return tuple(_Area(name, AREAS[name], tuple(rows)) for name, rows in found.items())


def _sources(accounts: Sequence[ClauseAccount]) -> list[tuple[str, list[str]]]:
    """The sources in order, each with the clauses that were learnt from it."""
    found: dict[str, list[str]] = {}
    for account in accounts:
        for source in account.clause.sources:
            found.setdefault(str(source), []).append(account.clause.identifier)
    return sorted(found.items())


def _counts(words: Iterable[Any], told: Iterable[Any]) -> dict[str, int]:
    listed = list(told)
    return {str(word): listed.count(word) for word in words}


def _marked(text: str) -> Markup:
    """The text with what stands in backticks set as code."""
    parts = [escape(part) for part in visible(text).split("`")]
    code = (
        Markup("<code>{}</code>").format(part) if place % 2 else part
        for place, part in enumerate(parts)
    )
    return Markup("").join(code)


def _shown(value: object) -> object:
    """What a template writes for a value, before it is escaped."""
    return value if isinstance(value, Markup) else visible(str(value))


@cache
def _environment() -> Environment:
    environment = page_environment(_PACKAGE, _shown)
    own: dict[str, Any] = {
        "breach": breach_counts_as,
        "by_function": by_function,
        "grouped": grouped,
        "marked": _marked,
    }
    environment.filters.update(own)
    return environment
