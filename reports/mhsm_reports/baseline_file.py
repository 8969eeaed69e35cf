"""The file of a baseline: sorted, a line for each clause and check, so that a change reads well."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mhsm_reports.baseline import Baseline, BaselineCheck, BaselineClause, Sight, baseline_of
from mhsm_reports.document_file import read_document, write_document
from mhsm_reports.result_document import FORMAT as RUN_FORMAT
from mhsm_reports.result_document import from_document
from mhsm_reports.results import Selection, Tool
from mhsm_reports.vocabulary import Basis, Level, Outcome, Profile

FORMAT = "mhsm-baseline/1"


def load_baseline(path: Path | str) -> Baseline:
    """Read the baseline that the file at `path` holds, or make one of the result that it holds.

    Raises `ResultFileError`, one sentence with the file and the line or JSON pointer, when there is
    no such file, when it cannot be read, and when it holds neither.
    """
    document = read_document(path, FORMAT, RUN_FORMAT)
    if document["format"] == RUN_FORMAT:
        return baseline_of((from_document(document),))
    return _decoded(document)


def save_baseline(baseline: Baseline, path: Path | str) -> None:
    """Write a baseline to `path`, whole or not at all; the same one always gives the same bytes.

    Raises `ResultFileError` when the file cannot be written, and when the baseline breaks the
    schema.
    """
    write_document(path, baseline_text(baseline), FORMAT)


def baseline_text(baseline: Baseline) -> str:
    """Return the content of the file of a baseline."""
    return (
        f'{{\n"format": {_line(FORMAT)},\n"run": {_line(_run(baseline))},\n'
        f'"clauses": {_lines(_clauses(baseline.clauses))},\n'
        f'"checks": {_lines(_checks(baseline.checks))}\n}}\n'
    )


def _line(value: object) -> str:
    return json.dumps(value)


def _lines(members: Iterable[tuple[str, object]]) -> str:
    rows = ",\n".join(f"  {_line(name)}: {_line(value)}" for name, value in members)
    return f"{{\n{rows}\n}}" if rows else "{}"


def _run(baseline: Baseline) -> dict[str, object]:
    return {
        "target": baseline.target,
        "evidence": baseline.evidence,
        "capabilities": sorted(baseline.capabilities),
        "profile": baseline.profile,
        "suite": baseline.selection.suite,
        "clause": baseline.selection.clause,
        "strict": baseline.strict,
        "exchanges": baseline.exchanges,
        "tool": {"name": baseline.tool.name, "version": baseline.tool.version},
    }


def _clauses(clauses: Mapping[str, BaselineClause]) -> Iterable[tuple[str, object]]:
    for name in sorted(clauses):
        clause = clauses[name]
        members: dict[str, object] = {
            "outcome": clause.outcome,
            "level": clause.level,
            "basis": clause.basis,
            "seen": [sight for sight in Sight if sight in clause.seen],
        }
        if clause.expected_failure is not None:
            members["expected_failure"] = clause.expected_failure
        yield name, {**members, "prose": clause.prose}


def _checks(checks: Mapping[str, BaselineCheck]) -> Iterable[tuple[str, object]]:
    for name in sorted(checks):
        check = checks[name]
        yield name, {"outcome": check.outcome, "clauses": sorted(check.clauses)}


def _decoded(document: Mapping[str, Any]) -> Baseline:
    run: Mapping[str, Any] = document["run"]
    clauses: Mapping[str, Mapping[str, Any]] = document["clauses"]
    checks: Mapping[str, Mapping[str, Any]] = document["checks"]
    return Baseline(
        tool=Tool(run["tool"]["name"], run["tool"]["version"]),
        target=run["target"],
        evidence=run["evidence"],
        capabilities=frozenset(run["capabilities"]),
        profile=Profile(run["profile"]),
        selection=Selection(run["suite"], run["clause"]),
        strict=run["strict"],
        exchanges=run["exchanges"],
        clauses={name: _clause(name, told) for name, told in clauses.items()},
        checks={
            name: BaselineCheck(name, Outcome(told["outcome"]), frozenset(told["clauses"]))
            for name, told in checks.items()
        },
    )


def _clause(name: str, told: Mapping[str, Any]) -> BaselineClause:
    return BaselineClause(
        id=name,
        prose=told["prose"],
        level=Level(told["level"]),
        basis=Basis(told["basis"]),
        outcome=Outcome(told["outcome"]),
        seen=frozenset(Sight(word) for word in told["seen"]),
        expected_failure=told.get("expected_failure"),
    )
