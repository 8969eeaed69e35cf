"""The command `mhsm clauses`: the catalogue."""

from __future__ import annotations

import sys
from typing import Final

import click

from mhsm_conformance.commands.options import CommandError
from mhsm_conformance.listing_clauses import list_clauses

__all__ = ["clauses"]


_CLAUSES_HELP: Final = """List the clauses that match GLOB, like 'KW-*', or all.

\b
mhsm clauses
mhsm clauses 'KBK-*' --json
mhsm explain KBK-001         all there is to know of one

`recorded` is the number of recorded exchanges of the real service that exercised the clause in a
way that could have come out otherwise.

Exit status: 0; 2 where no clause matches.
"""


@click.command(help=_CLAUSES_HELP)
@click.argument("pattern", metavar="[GLOB]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array of the clauses.")
def clauses(pattern: str | None, as_json: bool) -> None:
    """List the clauses that match GLOB, like 'KW-*', or all."""
    if not list_clauses(pattern, sys.stdout, as_json=as_json):
        raise CommandError(f"no clause matches {pattern!r}")
