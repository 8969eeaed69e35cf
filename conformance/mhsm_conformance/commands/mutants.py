"""The command `mhsm mutants`: whether the suites find broken emulators."""

from __future__ import annotations

import sys

import click

from mhsm_conformance.commands.options import CommandError, workers_option
from mhsm_conformance.commands.token_options import token_options
from mhsm_conformance.mutation import tried
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.registry import UnknownTargetError, use_module

__all__ = ["mutants"]


@click.command()
@click.option("--clause", metavar="GLOB", help="Only mutants of clauses that match, like 'SIGN-*'.")
@click.option(
    "--target",
    metavar="TARGET",
    help="Break this target instead of the emulator, by faults that show on the wire alone.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with every verdict.")
@workers_option(2, "Mutants that are tried")
@token_options
def mutants(
    clause: str | None,
    target: str | None,
    as_json: bool,
    workers: int,
    module: str | None,
    tokens: tuple[str, ...],
    pin_file: str | None,
) -> None:
    """Try deliberately broken emulators: each must be found out by its clause.

    A mutant is first tried with the checks that name its clause, then with all. It is `killed` when
    a failure names its clause, `noticed` when only other clauses fail, and else `survived`. Exit
    status 1 when a mutant is not killed, or a clause that demands something has none.

    Faults that show on the wire can be given to any target, as in `--target softhsm`.
    """
    use_module(module, tokens, pin_file)
    try:
        status = tried(clause, target, as_json=as_json, workers=workers)
    except (UnknownTargetError, TargetUnavailableError) as error:
        raise CommandError(str(error)) from None
    if status is None:
        raise CommandError(f"no mutant breaks a clause that matches {clause!r}")
    sys.exit(status)
