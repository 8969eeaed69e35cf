"""The command `mhsm gate`: a run held to a baseline."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import Final

import click

from mhsm_conformance.commands.options import CommandError, unusable
from mhsm_reports import ReportFileError, RunResult, load
from mhsm_reports.baseline import Baseline
from mhsm_reports.baseline_file import load_baseline
from mhsm_reports.gate import Gate, Weight, compared
from mhsm_reports.gate.document import gate_document
from mhsm_reports.gate.markdown import gate_markdown
from mhsm_reports.gate.text import gate_text
from mhsm_reports.step_summary import write_summary

__all__ = ["exact_option", "gate", "loaded_baseline", "print_gate", "renewal"]

_HELP: Final = """Hold RUN, a run.json, to BASELINE: nothing may be worse.

BASELINE is a file that `mhsm baseline` wrote, or the run.json of another run.

\b
Exit status 1:
  too small   the run was interrupted, is invalid, of a part, of a smaller
              profile or less strict, or sent less than half as much
  regression  what passed does not pass, or something fails or is warned of
              that does not in the baseline
  stale       an expected failure that the target's profile declares and a
              whole run did not see, or a failure of the baseline of which
              nothing is known now
  vanished    a clause or a check of the baseline that the run does not have
Told, and exit status 0 (1 with --exact):
  weaker      passed, but no longer seen from both sides, no longer recorded,
              or with a weaker basis or level
  fixed       failed in the baseline, and passes now: renew the baseline
  changed     other words, another tool version, other capabilities
  new         a clause or a check that the baseline does not know

A renamed check is one that vanished and one that is new. What failed in the baseline may fail. It
is compared whether something was seen, never how often, so another seed is no difference. Exit
status 2: a file is bad, or the run is of another target (--any-target compares all the same).

\b
mhsm gate baselines/hsm.json mhsm-results/run.json
mhsm gate yesterday/run.json today/run.json --markdown "$GITHUB_STEP_SUMMARY"
mhsm baseline mhsm-results/run.json --out baselines/hsm.json     renews it
"""

#: What a baseline is renewed for: a run that is too small is none, and what fails is to be mended.
_RENEWABLE: Final = frozenset(Weight) - {Weight.TOO_SMALL, Weight.REGRESSION}

#: The option of every command that holds a run to a baseline.
exact_option: Final = click.option(
    "--exact",
    is_flag=True,
    help="Fail on any difference, also on what is weaker, fixed, changed or new.",
)


@click.command(help=_HELP)
@click.argument("baseline", metavar="BASELINE")
@click.argument("run", metavar="RUN")
@exact_option
@click.option("--any-target", is_flag=True, help="Compare with the baseline of another target.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with every finding.")
@click.option(
    "--markdown",
    metavar="FILE",
    help="Write Markdown there; to $GITHUB_STEP_SUMMARY it is added.",
)
def gate(
    baseline: str, run: str, exact: bool, any_target: bool, as_json: bool, markdown: str | None
) -> None:
    """Hold a run to a baseline."""
    known, result = loaded_baseline(baseline), _loaded_run(run)
    if result.run.target.name != known.target and not any_target:
        raise CommandError(
            f"{baseline} is of target {known.target} and {run} of {result.run.target.name}: "
            "--any-target compares them all the same"
        )
    found = compared(known, result, exact=exact)
    if markdown is not None:
        try:
            write_summary(markdown, gate_markdown(found))
        except ReportFileError as error:
            raise unusable(error) from None
    if as_json:
        click.echo(json.dumps(gate_document(found), indent=1))
    else:
        print_gate(found, baseline, run)
    sys.exit(0 if found.is_held else 1)


def loaded_baseline(path: str) -> Baseline:
    """The baseline in the file; raises CommandError where it holds none."""
    try:
        return load_baseline(path)
    except ReportFileError as error:
        raise unusable(error) from None


def print_gate(found: Gate, baseline: str, run: str) -> None:
    """Print what was found and, where the baseline is no longer right, how it is renewed."""
    width = shutil.get_terminal_size((80, 24)).columns
    text = gate_text(found, width=width)
    if any(finding.weight in _RENEWABLE for finding in found.findings):
        body, _, last = text.rstrip("\n").rpartition("\n")
        meant = "Where this is meant, renew the baseline:"
        text = f"{body}\n{meant}\n  {renewal(baseline, run)}\n\n{last}\n"
    click.echo(text, nl=False)


def renewal(baseline: str, run: str) -> str:
    """The command that makes the baseline anew from the run."""
    return f"mhsm baseline {_from_here(run)} --out {_from_here(baseline)}"


def _from_here(path: str) -> str:
    # Shorter, and the same on every machine; elsewhere the whole path is the only one that helps.
    within = os.path.relpath(path)
    return path if within.startswith(os.pardir) else within


def _loaded_run(path: str) -> RunResult:
    try:
        return load(path)
    except ReportFileError as error:
        raise unusable(error) from None
