"""The command `mhsm run`: the suites against a target."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from mhsm_conformance.commands.endpoint_options import (
    connection_options,
    run_limits,
    told_endpoint,
)
from mhsm_conformance.commands.gate import exact_option, loaded_baseline, print_gate
from mhsm_conformance.commands.options import (
    BAD_INPUT,
    CommandError,
    out_folder,
    strict_option,
    tell,
    unusable,
    workers_option,
)
from mhsm_conformance.commands.token_options import token_options
from mhsm_conformance.explaining.choosing import UnknownNameError, chosen_clauses
from mhsm_conformance.interruption import Interruption
from mhsm_conformance.progress import progress_to
from mhsm_conformance.results import incomplete
from mhsm_conformance.running import NothingToRunError, RunOptions, conducted, suite_names
from mhsm_reports import (
    Profile,
    ReportFileError,
    RunResult,
    RunState,
    Selection,
    exit_status,
    save,
)
from mhsm_reports.baseline import Baseline
from mhsm_reports.gate import compared
from mhsm_reports.gate.circumstances import asked_less
from mhsm_reports.render import junit, markdown, terminal
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.registry import (
    UnknownTargetError,
    target_factory,
    use_endpoint,
    use_module,
)

__all__ = ["run"]

_RUN_HELP: Final = """Run the suites against TARGET and judge every answer.

\b
mhsm run model                        the whole suite, in seconds
mhsm run model --clause 'LIFE-*'      only checks of such clauses
mhsm run softhsm --profile smoke -n 2 less random, two processes

\b
Targets:
  model    the specification run forwards, in process: nothing to install
  softhsm  a Managed HSM on tokens of SoftHSM 2.6 (apt-get install softhsm2)
  pkcs11   a Managed HSM on your own PKCS#11 module:
           --module, --token, --pin-file
  https    a Managed HSM, or what claims to be one, over HTTPS:
           --url, and a credential

On a live HSM:

\b
mhsm run https --url https://NAME.managedhsm.azure.net --profile smoke

On a served one:

\b
mhsm serve --ready-file ready.json --controls
mhsm run https --ready-file ready.json --controls

The credential is a token (--token-file, --credential-command, MHSM_HTTPS_TOKEN) or else that of
azure-identity (extra `azure`). A run prints its id and its budget and keeps to it. It touches only
keys whose names begin with mhsm-ID-, makes one a second at most, makes no failure shorter by trying
it again, and deletes and purges what it made, also after Ctrl-C. What a killed run left:
mhsm cleanup --run-id ID. Without --allow-destructive nothing is sent that may reach beyond those
keys. Proxies and certificates of the environment are not used.

On your own token only objects that the run has made are touched, and they are destroyed at its end.
It is never initialised, and the PIN is tried once.

Writes DIR/run.json (its schema is in the package mhsm_reports) and, from it, DIR/report.html,
DIR/summary.md and DIR/junit.xml, and prints what was found. A failure names the clause, its source,
what was expected and observed, and is stored in DIR/cases for `mhsm replay`; the cases of the run
before in DIR are removed. The same seed sends the same calls. Ctrl-C leaves a valid result that
says that it is partial.

Exit status: 0 all passed; 1 something does not conform; 2 the run was not carried out, or not to
its end.
"""


@click.command(help=_RUN_HELP)
@click.argument("target")
@click.option(
    "--profile",
    type=click.Choice(["smoke", "ci", "nightly"]),
    default="ci",
    show_default=True,
    help="How much the random machines try.",
)
@click.option("--suite", help="Only this suite, for example `signing`.")
@click.option("--clause", metavar="GLOB", help="Only checks of clauses that match, like 'LIFE-*'.")
@click.option("--seed", type=int, default=0, show_default=True, help="Where all draws start from.")
@click.option(
    "--out",
    metavar="DIR",
    default="mhsm-results",
    show_default=True,
    help="Folder for run.json and the reports made of it.",
)
@workers_option(1, "Processes that try checks")
@click.option(
    "--complete",
    is_flag=True,
    help="Fail where a clause that demands something was not tested from every side: a guard that "
    "refused for its reason alone and let a call pass, any other exercised, a question asked.",
)
@strict_option
@click.option(
    "--baseline",
    metavar="FILE",
    help="Hold the run to this baseline, as `mhsm gate` does, and end with its exit status.",
)
@exact_option
@token_options
@connection_options
@run_limits
def run(
    target: str,
    profile: str,
    suite: str | None,
    clause: str | None,
    seed: int,
    out: str,
    workers: int,
    complete: bool,
    strict: bool,
    baseline: str | None,
    exact: bool,
    module: str | None,
    tokens: tuple[str, ...],
    pin_file: str | None,
    **endpoint: Any,
) -> None:
    """Run the conformance suites against a target and judge every answer."""
    if complete and (suite is not None or clause is not None):
        raise click.UsageError("--complete is about all clauses: give neither --suite nor --clause")
    if exact and baseline is None:
        raise click.UsageError("--exact is about a baseline: give --baseline")
    use_module(module, tokens, pin_file)
    use_endpoint(told_endpoint(endpoint))
    try:
        target_factory(target)
    except (UnknownTargetError, TargetUnavailableError) as error:
        raise CommandError(str(error)) from None
    if suite is not None and suite not in suite_names():
        raise CommandError(f"no suite is called {suite!r}; there is {', '.join(suite_names())}")
    if clause is not None:
        clause = _pattern(clause)
    known = None if baseline is None else _fitting(baseline, target, profile, suite, clause, strict)
    folder = out_folder(out)
    options = RunOptions(target, profile, suite, clause, seed, strict, workers)
    # Loaded only here: what knows of cases takes a moment, and most commands need none of it.
    from mhsm_conformance.cases.storing import (  # noqa: PLC0415
        CaseNames,
        check_case_folder,
        store_cases,
    )

    names = CaseNames()
    try:
        check_case_folder(Path(out))
        result = conducted(options, progress_to(sys.stderr), tell, names.name)
    except ReportFileError as error:
        raise unusable(error) from None
    except (NothingToRunError, TargetUnavailableError, RuntimeError) as error:
        raise CommandError(str(error)) from None
    try:
        # All of them or none: a page of an earlier run must not stand beside this run's result.
        with Interruption().postponed():
            if folder is not None:
                store_cases(folder, names.documents)
                _write(result, folder)
    except ReportFileError as error:
        raise unusable(error) from None
    except ValueError as error:
        raise CommandError(str(error)) from None
    terminal.show(result, sys.stdout)
    if result.run.state is not RunState.COMPLETE:
        sys.exit(BAD_INPUT)
    idle = incomplete(result) if complete else ()
    if idle:
        told = f"INCOMPLETE: not tested from every side: {', '.join(idle)}"
        click.echo(click.wrap_text(told, 80, subsequent_indent="  "))
    status = exit_status(result)
    if known is not None and baseline is not None:
        gate = compared(known, result, exact=exact)
        click.echo()
        print_gate(gate, baseline, os.path.join(out, "run.json"))
        # What failed in the baseline too is known; all else that fails is a regression.
        status = 0 if gate.is_held else 1
    sys.exit(status or (1 if idle else 0))


def _pattern(clause: str) -> str:
    """What is typed for --clause as identifiers are written; it matches one of them."""
    try:
        chosen_clauses((clause,))
    except UnknownNameError as error:
        raise CommandError(str(error)) from None
    return clause.strip().upper()


def _write(result: RunResult, folder: Path) -> None:
    save(result, folder / "run.json")
    junit.write(result, folder / "junit.xml")
    markdown.write(result, folder / "summary.md")
    # Templates take a moment to load, and only a run that ends needs them.
    from mhsm_reports.render import html  # noqa: PLC0415

    html.write(result, folder / "report.html")


def _fitting(
    path: str, target: str, profile: str, suite: str | None, clause: str | None, strict: bool
) -> Baseline:
    """The baseline, where the run that is asked for can be held to it: else it need not begin."""
    known = loaded_baseline(path)
    if known.target != target:
        raise CommandError(f"{path} is a baseline of target {known.target}, not of {target}")
    less = list(asked_less(known, Profile(profile), Selection(suite, clause), strict=strict))
    if less:
        raise CommandError(f"this run is too small for {path}: {'; '.join(less)}")
    return known
