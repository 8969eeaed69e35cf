"""The command `mhsm clauses`: the catalogue."""

from __future__ import annotations

import sys

import click

from mhsm_conformance.commands.options import CommandError
from mhsm_conformance.listing_clauses import list_clauses

__all__ = ["clauses"]


@click.command()
@click.argument("pattern", metavar="[GLOB]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array of the clauses.")
def clauses(pattern: str | None, as_json: bool) -> None:
    """List the clauses that match GLOB, like 'KW-*', or all.

    `recorded` is the number of recorded exchanges of the real service that exercised the clause in
    a way that could have come out otherwise.
    """
    if not list_clauses(pattern, sys.stdout, as_json=as_json):
        raise CommandError(f"no clause matches {pattern!r}")
