"""The command `mhsm fidelity`: how like the service's the answers of a target are."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import click

from mhsm_conformance.commands.endpoint_options import (
    connection_options,
    run_limits,
    told_endpoint,
)
from mhsm_conformance.commands.options import CommandError, out_folder
from mhsm_conformance.commands.token_options import token_options
from mhsm_conformance.fidelity.replay import replayed
from mhsm_conformance.fidelity.summary import Summary, summed
from mhsm_conformance.judging import named_files
from mhsm_conformance.results import tool_version
from mhsm_reports.report_file import ReportFileError, write_report
from mhsm_targets.protocol import TargetFactory, TargetUnavailableError
from mhsm_targets.recordings.reading import UnknownFormatError
from mhsm_targets.recordings.recording import RecordingError
from mhsm_targets.registry import UnknownTargetError, proven_factory, use_endpoint, use_module

__all__ = ["fidelity"]

_HELP: Final = """Compare the answers of TARGET with recorded ones.

\b
mhsm fidelity model recordings/
mhsm fidelity softhsm recordings/ --out mhsm-results

The requests of a recorded session under PATHS are sent in their order to instances like those it
met. A value that the service chose (a version, a ciphertext, a blob, a skip token) is replaced in
later requests by the one that TARGET chose in its place. Replies are compared member by member,
random members by their form and by where else they stand.

Put apart are exchanges that cannot be asked again or hang on what the session does not show, and
what builds of its time are known to have done otherwise.

What differs is printed; --out writes DIR/fidelity.json too. Exit status: 0; 1 where less than 98 %
of an operation's exchanges are equal in status and code, or less than 95 % in all members; 2 where
a recording could not be read or the target not be had.
"""


@click.command(help=_HELP)
@click.argument("target")
@click.argument("paths", nargs=-1, required=True, type=str)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--out", metavar="DIR", help="Folder for fidelity.json.")
@token_options
@connection_options
@run_limits
def fidelity(
    target: str,
    paths: tuple[str, ...],
    as_json: bool,
    out: str | None,
    module: str | None,
    tokens: tuple[str, ...],
    pin_file: str | None,
    **endpoint: Any,
) -> None:
    """Ask TARGET for what the recordings under PATHS asked the service for, and compare."""
    folder = out_folder(out)
    use_module(module, tokens, pin_file)
    use_endpoint(told_endpoint(endpoint))
    summary, problems = Summary(), list[str]()
    try:
        factory = proven_factory(target)
        for path in named_files(paths, problems):
            _add(path, factory, summary, problems)
    except (UnknownTargetError, TargetUnavailableError) as error:
        raise CommandError(str(error)) from None
    for problem in problems:
        click.echo(f"mhsm: {problem}", err=True)
    if not summary.rows and not summary.apart:
        raise CommandError(f"no recording of a Managed HSM is at {', '.join(paths)}")
    document = {
        "format": "mhsm-fidelity/1",
        "tool": tool_version(),
        "target": target,
        **summary.as_json(),
        "problems": problems,
    }
    written = json.dumps(document, indent=1) + "\n"
    if folder is not None:
        try:
            write_report(folder / "fidelity.json", written)
        except ReportFileError as error:
            raise CommandError(str(error)) from None
    if as_json:
        click.echo(written, nl=False)
    else:
        summary.print_to(sys.stdout)
    if problems:
        sys.exit(2)
    sys.exit(0 if summary.is_faithful else 1)


def _add(
    named: tuple[Path, bool], factory: TargetFactory, summary: Summary, problems: list[str]
) -> None:
    path, must_be_one = named
    try:
        summed(replayed(path, factory), summary)
    except UnknownFormatError as error:
        if must_be_one:
            problems.append(str(error))
    except RecordingError as error:
        problems.append(str(error))
