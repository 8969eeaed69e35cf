"""The command `mhsm`: a thin front of the suites, the examination and the mutants.

Exit status: 0 where all is well, 1 where an implementation does not conform (or a mutant lives),
2 where the command could not do what it was asked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import click

from mhsm_conformance.commands.baseline import baseline
from mhsm_conformance.commands.clauses import clauses
from mhsm_conformance.commands.cleanup import cleanup
from mhsm_conformance.commands.completion import COMPLETE_VARIABLE, completion
from mhsm_conformance.commands.examine import examine
from mhsm_conformance.commands.explain import explain
from mhsm_conformance.commands.fidelity import fidelity
from mhsm_conformance.commands.findings import findings
from mhsm_conformance.commands.gate import gate
from mhsm_conformance.commands.judge import judge
from mhsm_conformance.commands.jwk import jwk
from mhsm_conformance.commands.mutants import mutants
from mhsm_conformance.commands.options import BAD_INPUT
from mhsm_conformance.commands.replay import replay
from mhsm_conformance.commands.report import report
from mhsm_conformance.commands.run import run
from mhsm_conformance.commands.serve import serve
from mhsm_conformance.commands.shell import shell
from mhsm_conformance.commands.token import token
from mhsm_conformance.results import tool_version

__all__ = ["run_command"]

# The character \b keeps click from wrapping the paragraph that it begins.
_HELP: Final = """Judge implementations of Azure Key Vault Managed HSM by its specification.

\b
mhsm run model             run the conformance suites against the model itself
mhsm shell                 type operations at the model, see what decides
mhsm serve model           serve the model over HTTPS, for your own tests
mhsm token                 print a bearer token for what is served
mhsm run https --url URL   run the suites against a Managed HSM over HTTPS
mhsm cleanup --run-id ID   clear what a run that was killed left there
mhsm replay CASE TARGET    try stored failures again, or print them
mhsm report run.json       make a page, Markdown or JUnit of results
mhsm judge session.jsonl   judge recorded traffic of a real Managed HSM
mhsm findings softhsm      see what a PKCS#11 module does wrong
mhsm gate BASELINE RUN     hold a run to what an earlier one found out
mhsm baseline RUN          make the baseline for that
mhsm mutants               see that the suites find broken implementations
mhsm examine recordings/   see how right and how strong the judge is
mhsm fidelity model DIR/   see how like the service's a target's answers are
mhsm clauses               list the clauses, with the recorded evidence
mhsm explain KW-003        explain a clause, an operation, or everything
mhsm jwk key.pem           make the body of an import request from a PEM file
mhsm completion bash       let a shell complete all of this

`mhsm COMMAND --help` says what a command does, what it writes, and how it ends.

Exit status: 0 all is well, 1 something does not conform, 2 the command was not carried out.
"""


@click.group(
    help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(tool_version(), prog_name="mhsm")
def command() -> None:
    """Judge implementations of Azure Key Vault Managed HSM by an executable specification."""


_COMMANDS: Final = (
    *(run, replay, report, gate, baseline, cleanup, serve, token, judge, findings, fidelity),
    *(mutants, examine, clauses, explain, shell, jwk, completion),
)
for _command in _COMMANDS:
    command.add_command(_command)


def run_command(words: Sequence[str]) -> None:
    """Carry out the command that the words are; ends by SystemExit with its status."""
    reconfigure: Any = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        # A file's name or a recorded message may hold what the terminal's encoding has not.
        reconfigure(errors="backslashreplace")
    if COMPLETE_VARIABLE in os.environ:
        # Only a shell that completes needs the names of all that there is.
        from mhsm_conformance.completing import taught  # noqa: PLC0415

        taught(command).main(list(words), prog_name="mhsm", complete_var=COMPLETE_VARIABLE)
    try:
        # Not `command.main`, which takes a pipe that was closed for a failure of the command.
        with command.make_context("mhsm", list(words)) as context:
            command.invoke(context)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(BAD_INPUT)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(BAD_INPUT)
    except click.ClickException as error:
        click.echo(f"mhsm: {error.format_message()}", err=True)
        if isinstance(error, click.UsageError) and error.ctx is not None:
            click.echo(f"Try '{error.ctx.command_path} --help'.", err=True)
        sys.exit(BAD_INPUT)
