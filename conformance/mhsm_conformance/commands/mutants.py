"""The command `mhsm mutants`: whether the suites find broken emulators."""

from __future__ import annotations

import json
import sys
from typing import Final

import click

from mhsm_conformance.commands.options import CommandError, unusable, workers_option
from mhsm_conformance.commands.token_options import token_options
from mhsm_conformance.mutation import tried
from mhsm_reports import ReportFileError
from mhsm_reports.mutant_results import Fate, MutantsResult, mutants_document
from mhsm_reports.report_file import check_writable, write_report
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.registry import UnknownTargetError, use_module

__all__ = ["mutants"]


_MUTANTS_HELP: Final = """Try broken emulators: each must be found out by its clause.

\b
mhsm mutants --clause 'GCM-*'            those that break such a clause
mhsm mutants -n 4 --out mutants.json     all of them, for `mhsm report`
mhsm mutants --target softhsm            faults of the wire on tokens

A mutant is first tried with the checks that name its clause, then with all. It is `killed` when a
failure names its clause, `noticed` when only other clauses fail, and else `survived`. Faults that
show on the wire can be given to any target.

Verdicts are printed; --out writes them too. Exit status: 0; 1 where a mutant is not killed, or a
clause that demands something has none; 2 where no mutant fits or the target is not to be had.
"""


@click.command(help=_MUTANTS_HELP)
@click.option("--clause", metavar="GLOB", help="Only mutants of clauses that match, like 'SIGN-*'.")
@click.option(
    "--target",
    metavar="TARGET",
    help="Break this target instead of the emulator, by faults that show on the wire alone.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with every verdict.")
@click.option("--out", metavar="FILE", help="Write the verdicts there, for `mhsm report`.")
@workers_option(2, "Mutants that are tried")
@token_options
def mutants(
    clause: str | None,
    target: str | None,
    as_json: bool,
    out: str | None,
    workers: int,
    module: str | None,
    tokens: tuple[str, ...],
    pin_file: str | None,
) -> None:
    """Try broken emulators: each must be found out by its clause."""
    use_module(module, tokens, pin_file)
    try:
        if out is not None:
            check_writable(out)
        result = tried(clause, target, workers=workers)
        if result is None:
            raise CommandError(f"no mutant breaks a clause that matches {clause!r}")
        text = json.dumps(mutants_document(result), indent=1) + "\n"
        if out is not None:
            write_report(out, text)
    except (UnknownTargetError, TargetUnavailableError) as error:
        raise CommandError(str(error)) from None
    except ReportFileError as error:
        raise unusable(error) from None
    if as_json:
        click.echo(text, nl=False)
    else:
        _print(result)
    sys.exit(0 if result.conforms else 1)


def _print(result: MutantsResult) -> None:
    width = max(len(mutant.name) for mutant in result.mutants)
    for mutant in result.mutants:
        told = f"{mutant.clause:9} {mutant.name:{width}} {mutant.verdict:8}"
        print(f"{told} {mutant.seconds:6.2f} s")
        if mutant.verdict is not Fate.KILLED:
            print(f"          {mutant.prose}")
            print(f"          failing: {', '.join(mutant.by) or 'nothing'}")
    for clause in result.clauses_without_mutant:
        print(f"{clause:9} has no mutant")
    fates = ", ".join(f"{number} {fate}" for fate, number in result.totals.items())
    bare = f"{len(result.clauses_without_mutant)} clauses without a mutant"
    scope = bare if result.target is None else f"faults of the wire, on {result.target}"
    print(f"{len(result.mutants)} mutants: {fates}; {scope}")
