"""The command `mhsm baseline`: what a run found out, as a file that later runs are held to."""

from __future__ import annotations

from typing import Final

import click

from mhsm_conformance.commands.options import CommandError, unusable
from mhsm_reports import ReportFileError, RunResult, RunState, load
from mhsm_reports.baseline import BaselineError, baseline_of, unfit
from mhsm_reports.baseline_file import baseline_text, save_baseline

__all__ = ["baseline"]

_HELP: Final = """Make the baseline to which `mhsm gate` holds later runs.

RUN is the run.json that `mhsm run` wrote. Of several RUNs of one target and profile, with other
seeds, it has what all of them show. It has a line for each clause and each check, sorted, and no
times, seeds or counts: keep it under version control, and read what changes. The same runs give the
same bytes.

A run that was interrupted or is invalid, that failed, or that did not break what its target's
profile declares broken is refused: as a baseline it would let the same happen again without a
word. --with-failures and --partial take it all the same.

\b
mhsm run https --url URL --profile smoke
mhsm baseline mhsm-results/run.json --out baselines/hsm.json
mhsm run https --url URL --profile smoke --baseline baselines/hsm.json

Writes the file of --out, or to standard output. Exit status: 0; 2 where a file is bad or a run is
refused, and one sentence says why.
"""


@click.command(help=_HELP)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option("--out", metavar="FILE", help="Write it there, not to standard output.")
@click.option("--with-failures", is_flag=True, help="Take what failed as known to fail.")
@click.option("--partial", is_flag=True, help="Take a run that was interrupted or is invalid.")
def baseline(runs: tuple[str, ...], out: str | None, with_failures: bool, partial: bool) -> None:
    """Make the baseline that `mhsm gate` holds later runs to."""
    try:
        results = [load(path) for path in runs]
        for path, result in zip(runs, results, strict=True):
            _accept(path, result, with_failures=with_failures, partial=partial)
        made = baseline_of(results)
        if out is None:
            click.echo(baseline_text(made), nl=False)
            return
        save_baseline(made, out)
    except BaselineError as error:
        raise CommandError(str(error).removesuffix(".")) from None
    except ReportFileError as error:
        raise unusable(error) from None
    click.echo(f"{out}: {len(made.clauses):,} clauses and {len(made.checks):,} checks", err=True)


def _accept(path: str, result: RunResult, *, with_failures: bool, partial: bool) -> None:
    if result.run.state is not RunState.COMPLETE and not partial:
        raise CommandError(
            f"{path} is no baseline: the run is {result.run.state}; --partial takes it all the same"
        )
    reason = unfit(result)
    if reason is not None and not with_failures:
        raise CommandError(
            f"{path} is no baseline: {reason}; --with-failures takes it all the same"
        )
