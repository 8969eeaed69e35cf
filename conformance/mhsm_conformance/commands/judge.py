"""The command `mhsm judge`: verdicts on recorded traffic."""

from __future__ import annotations

import sys
from typing import Final

import click

from mhsm_conformance.commands.options import out_folder, strict_option
from mhsm_conformance.judging import judged

__all__ = ["judge"]

_JUDGE_HELP: Final = """Judge recorded traffic of a Managed HSM, exchange by exchange.

\b
mhsm judge session.jsonl
mhsm judge recordings/ --json > verdicts.json

\b
Formats, found by looking into the file:
  sessions    JSON lines: a header, then one exchange a line
  test proxy  recordings of the Azure SDKs: {"Entries": [...]}
  cassettes   of vcrpy and VCR, as YAML or JSON
  fixtures    of nock (script or objects), and of the JavaScript SDKs'
              browser recorder
  archives    HAR 1.2, as browsers and mitmproxy export it
  cases       {"format": "mhsm-case/1", ...}, as stored by this project

What a recording lacks is taken as unknown, never assumed. Credentials stay in the file, and of
what went to other hosts only the number is told. In a folder, files of no known format are skipped
and counted. But for sessions, a file may have 64 MiB.

An exchange is accepted (with the clauses it exercised), rejected (with the clause, what was
expected and what was observed), unmodelled (its operation is not in the specification yet) or out
of scope (the control plane, a standard vault, another host). Known defects of published recordings
are rejected with their explanation, and do not count for the exit status. A file that cannot be
read is told in one sentence, and the others are judged all the same.

Verdicts are printed; --out writes DIR/judge.json too. Exit status: 0; 1 where an exchange is
rejected that is no known defect; 2 where a file could not be read.
"""


@click.command(help=_JUDGE_HELP)
@click.argument("paths", nargs=-1, required=True, type=str)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with every verdict.")
@click.option("--out", metavar="DIR", help="Folder for judge.json.")
@strict_option
def judge(paths: tuple[str, ...], as_json: bool, out: str | None, strict: bool) -> None:
    """Judge recorded traffic: every exchange of every recording under PATHS."""
    sys.exit(judged(paths, as_json=as_json, folder=out_folder(out), strict=strict))
