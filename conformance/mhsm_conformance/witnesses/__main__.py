"""`python -m mhsm_conformance.witnesses`: real clients use a served HSM, and are judged.

Exit status 0 where every operation passed, or is known not to for a reason that was seen again; 1
where one failed or a client is absent; 2 where nothing could be tried, with one sentence.
"""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from mhsm_conformance.commands.options import CommandError, out_folder
from mhsm_conformance.witnesses.programs import rows_of, witnesses
from mhsm_conformance.witnesses.table import Outcome, print_table, write_table
from mhsm_reports.report_file import ReportFileError
from mhsm_targets.protocol import TargetUnavailableError

_LENIENT = {Outcome.PASSED, Outcome.NOT_MODELLED, Outcome.CLIENT_DEFECT}


@click.command()
@click.option("--client", "names", multiple=True, help="Only clients whose name has this in it.")
@click.option("--target", help="What is served. [default: as mhsm serve]")
@click.option("--az", metavar="PATH", help="The program az. [default: the one on PATH]")
@click.option("--out", metavar="FILE", help="Write the table to this file (JSON).")
def main(names: tuple[str, ...], target: str | None, az: str | None, out: str | None) -> None:
    """Let unmodified clients use a served Managed HSM, and print what became of it."""
    chosen = [
        witness
        for witness in witnesses(az)
        if not names or any(name in witness.name for name in names)
    ]
    if not chosen:
        raise CommandError(f"no client has {' or '.join(names)} in its name")
    if out is not None:
        out_folder(str(Path(out).parent))
    with (
        tempfile.TemporaryDirectory(prefix="mhsm-witnesses-") as folder,
        ThreadPoolExecutor(2) as pool,
    ):
        # The last first: `az` takes longer than all others together.
        running = [
            pool.submit(rows_of, witness, target, Path(folder)) for witness in reversed(chosen)
        ]
        try:
            rows = [row for future in reversed(running) for row in future.result()]
        except TargetUnavailableError as error:
            raise CommandError(str(error)) from None
    print_table(rows, sys.stdout)
    if out is not None:
        try:
            write_table(rows, target or "", Path(out))
        except ReportFileError as error:
            raise CommandError(str(error)) from None
    sys.exit(any(row.outcome not in _LENIENT for row in rows))


if __name__ == "__main__":
    main()
