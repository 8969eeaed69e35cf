"""The command `mhsm replay`: stored cases, tried again on a target or printed as programs."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mhsm_conformance.commands.endpoint_options import (
    connection_options,
    run_limits,
    told_endpoint,
)
from mhsm_conformance.commands.options import BAD_INPUT, CommandError, tell, unusable
from mhsm_conformance.commands.token_options import token_options
from mhsm_reports import ReportFileError
from mhsm_reports.render.visible_text import visible_line
from mhsm_targets.protocol import TargetFactory, TargetUnavailableError
from mhsm_targets.registry import (
    UnknownTargetError,
    proven_factory,
    target_names,
    use_endpoint,
    use_module,
)

if TYPE_CHECKING:
    from mhsm_conformance.cases.case import Case
    from mhsm_conformance.cases.trial import Trial

__all__ = ["replay"]

_REPLAY_HELP: Final = """Try stored cases again on TARGET, or print them as programs.

`mhsm run` stores every failure as a case in DIR/cases, without secrets: what the service chose is
taken from the target's own replies, so a case means the same on every target.

\b
mhsm replay mhsm-results/cases/*.json model   try them all
mhsm replay CASE https --url URL              on a live HSM, within a budget
mhsm replay CASE --as python                  a test to keep; also curl and az
mhsm replay CASE softhsm --minimise           write CASE.shorter.json too

\b
FIXED   every exchange was lawful
FAILED  the clause is broken again, or another one, as is told then
ERROR   it could not be tried: the target is not to be had or lacks what is
        needed, a reply does not show a value that a later step needs, or the
        case leaves out a secret

--minimise leaves out steps as long as the clause stays broken, on a target of this machine: no live
HSM is asked again and again.

Exit status: 0 all are FIXED, 1 one FAILED, 2 none failed and one is an ERROR, or a file is no case.
"""


@click.command(help=_REPLAY_HELP)
@click.argument("words", nargs=-1, required=True, metavar="CASE... TARGET")
@click.option(
    "--as",
    "form",
    type=click.Choice(["python", "curl", "az"]),
    help="Print the cases in this form and try nothing; needs no TARGET.",
)
@click.option("--minimise", is_flag=True, help="Write a shorter case beside each that FAILED.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with every verdict.")
@token_options
@connection_options
@run_limits
def replay(
    words: tuple[str, ...],
    form: str | None,
    minimise: bool,
    as_json: bool,
    module: str | None,
    tokens: tuple[str, ...],
    pin_file: str | None,
    **endpoint: Any,
) -> None:
    """Try stored cases again, or print them."""
    if form is not None:
        if minimise or as_json:
            raise click.UsageError("--as prints and tries nothing: leave the other option out")
        _print_as(form, _loaded(_without_target(words)))
        return
    *files, target = words
    if not files:
        raise click.UsageError("name a TARGET after the cases, as in: mhsm replay CASE model")
    cases = _loaded(files)
    use_module(module, tokens, pin_file)
    use_endpoint(told_endpoint(endpoint))
    try:
        factory = proven_factory(target)
    except (UnknownTargetError, TargetUnavailableError) as error:
        raise CommandError(str(error)) from None
    if minimise and factory.profile.live:
        raise CommandError(
            f"{target} is live: --minimise asks again and again, name a target of this machine"
        )
    rows = _replayed(cases, factory, minimise=minimise, as_json=as_json)
    counts = Counter(row["verdict"] for row in rows)
    if as_json:
        click.echo(json.dumps({"target": target, "cases": rows}, indent=1))
    else:
        told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in _VERDICTS)
        click.echo(f"{len(rows)} {'case' if len(rows) == 1 else 'cases'} on {target}: {told}")
    sys.exit(1 if counts["FAILED"] else BAD_INPUT if counts["ERROR"] else 0)


_VERDICTS: Final = ("FIXED", "FAILED", "ERROR")

Loaded = Sequence[tuple[str, "Case"]]


def _without_target(words: tuple[str, ...]) -> tuple[str, ...]:
    """The files, where a target is named after them all the same."""
    last = words[-1]
    named = last in target_names() or last.startswith("mutant:")
    return words[:-1] if named and not Path(last).is_file() else words


def _loaded(files: Sequence[str]) -> Loaded:
    # What knows of cases takes a moment, and every command loads this module.
    from mhsm_conformance.cases.case_file import load_case  # noqa: PLC0415

    try:
        return [(file, load_case(Path(file))) for file in files]
    except ReportFileError as error:
        raise unusable(error) from None


def _print_as(form: str, cases: Loaded) -> None:
    from mhsm_conformance.cases.az_form import az_commands  # noqa: PLC0415 - as above
    from mhsm_conformance.cases.curl_form import curl_lines  # noqa: PLC0415
    from mhsm_conformance.cases.python_form import python_test  # noqa: PLC0415

    if form == "python":
        # One module, whose functions have names of their own.
        click.echo(python_test(*(case for _, case in cases)), nl=False)
        return
    printed = curl_lines if form == "curl" else az_commands
    texts: list[str] = []
    for file, case in cases:
        text = printed(case)
        if text is None:
            raise CommandError(f"{file}: az has no command for the last call; --as curl has")
        texts.append(text)
    click.echo("\n\n".join(texts), nl=False)


def _replayed(
    cases: Loaded, factory: TargetFactory, *, minimise: bool, as_json: bool
) -> list[dict[str, Any]]:
    """What became of the cases, each told as it comes unless all are printed in the end."""
    from mhsm_conformance.cases.trial import tried  # noqa: PLC0415 - as above
    from mhsm_conformance.interruption import Interruption  # noqa: PLC0415
    from mhsm_conformance.planned import as_planned  # noqa: PLC0415

    interruption = Interruption()
    rows: list[dict[str, Any]] = []
    with interruption.heeded(), as_planned(factory, tell):
        for file, case in cases:
            trial = tried(case, factory, interruption.check)
            shorter = None
            if minimise and trial.broke(case.clause):
                shorter = _shorten(file, case, trial, factory, interruption.check)
            row = _row(file, case, trial, shorter)
            rows.append(row)
            if not as_json:
                click.echo("\n".join(_lines(row)))
    return rows


def _shorten(
    file: str, case: Case, trial: Trial, factory: TargetFactory, check: Callable[[], None]
) -> str | None:
    """Write a shorter case beside the file; its path, or None where there is none shorter."""
    from dataclasses import replace  # noqa: PLC0415

    from mhsm_conformance.cases.case_file import save_case  # noqa: PLC0415 - as above
    from mhsm_conformance.cases.shortening import shortened  # noqa: PLC0415

    shorter = shortened(case, trial, factory, check)
    if shorter == case:
        return None
    path = Path(file).with_suffix(".shorter.json")
    try:
        save_case(replace(shorter, shortened_from=Path(file).name), path)
    except ReportFileError as error:
        raise unusable(error) from None
    return str(path)


def _row(file: str, case: Case, trial: Trial, shorter: str | None) -> dict[str, Any]:
    return {
        "case": file,
        "clause": case.clause,
        "check": case.check,
        "verdict": trial.verdict.value,
        "reason": trial.reason,
        "breaches": [
            {
                "clause": breach.clause.identifier,
                "expected": breach.expected,
                "observed": breach.observed,
            }
            for breach in trial.breaches
        ],
        "steps": list(trial.steps),
        "shorter": shorter,
    }


def _lines(row: dict[str, Any]) -> Iterator[str]:
    yield f"{row['verdict']:7} {visible_line(row['case'])}"
    yield f"        {visible_line(row['reason'])}"
    for breach in row["breaches"]:
        yield f"        {breach['clause']} expected: {visible_line(breach['expected'])}"
        yield f"        {breach['clause']} observed: {visible_line(breach['observed'])}"
    if row["verdict"] != "FIXED":
        yield from (f"        {n}. {visible_line(step)}" for n, step in enumerate(row["steps"], 1))
    if row["shorter"] is not None:
        yield f"        a shorter case: {visible_line(row['shorter'])}"
