"""The command `mhsm examine`: how right and how strong the judge is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from mhsm_conformance.commands.options import CommandError, out_folder, workers_option
from mhsm_conformance.examining import (
    ExaminationError,
    ExaminationOptions,
    examined_judge,
    operator_table,
)
from mhsm_conformance.strength import EACH

__all__ = ["examine"]

_EXAMINE_HELP: Final = """Examine the judge itself: how right it is, and how strong.

\b
mhsm examine recordings/ -n 2 --out mhsm-results
mhsm examine                 without recordings: on sessions of the emulator

Correctness: every exchange of the session files under PATHS is judged as it was recorded. At least
99.5 % must be accepted, each rejection explained in the file of known defects, and each entry of
that file still reject.

Strength: one reply of a session is corrupted, and the whole session judged with that alteration,
again and again with every operator (--operators lists them). Before anything is judged an operator
says whether a clause can see the corruption at that place, and which. At least 95 % of those must
be found; what survives must be listed in survivors.toml with its class, its explanation and how
often. The places are chosen by name and number, so the same files give the same figures.

Without PATHS, sessions are recorded from the emulator and corrupted: that tries the operators, and
says little of the judge.

Figures are printed; --out writes DIR/examination.json too. Exit status: 0; 1 where a figure is too
low or survivors are not those that are listed; 2 where a file is bad.
"""


@click.command(help=_EXAMINE_HELP)
@click.argument("paths", nargs=-1, type=str)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--out", metavar="DIR", help="Folder for examination.json.")
@click.option(
    "--each",
    type=click.IntRange(1),
    default=EACH,
    show_default=True,
    help="How often an operator is applied to the exchanges of one operation.",
)
@click.option("--all", "everywhere", is_flag=True, help="Apply each operator wherever it applies.")
@click.option("--operators", is_flag=True, help="Print the operators and what they do, and end.")
@click.option("--evidence", metavar="FILE", help="Write the table of recorded evidence there.")
@workers_option(2, "Processes that try operators")
def examine(
    paths: tuple[str, ...],
    as_json: bool,
    out: str | None,
    each: int,
    everywhere: bool,
    operators: bool,
    evidence: str | None,
    workers: int,
) -> None:
    """Examine the judge: what it accepts of recorded traffic, and what it finds when corrupted."""
    if operators:
        click.echo(operator_table(), nl=False)
        return
    if evidence is not None and not paths:
        raise CommandError("--evidence needs recordings of the real service: give their PATHS")
    options = ExaminationOptions(
        paths,
        each=None if everywhere else each,
        workers=workers,
        as_json=as_json,
        folder=out_folder(out),
        evidence=None if evidence is None else Path(evidence),
    )
    try:
        sys.exit(examined_judge(options))
    except ExaminationError as error:
        raise CommandError(str(error)) from None
