"""The command `mhsm`: a thin front of the suites, the examination and the mutants.

Exit status: 0 where all is well, 1 where an implementation does not conform (or a mutant lives),
2 where the command could not do what it was asked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from mhsm_conformance.examining import (
    ExaminationError,
    ExaminationOptions,
    examined_judge,
    operator_table,
)
from mhsm_conformance.import_body import (
    ImportBodyError,
    import_body,
    key_operations,
    output_is_a_terminal,
    passphrase_in,
    passphrase_of,
    pem_key,
    print_private,
    write_private,
)
from mhsm_conformance.judging import judged
from mhsm_conformance.listing_clauses import list_clauses
from mhsm_conformance.mutation import tried
from mhsm_conformance.progress import progress_to
from mhsm_conformance.results import incomplete, tool_version
from mhsm_conformance.running import NothingToRunError, RunOptions, conducted, suite_names
from mhsm_conformance.strength import EACH
from mhsm_reports import ResultFileError, RunState, exit_status, save
from mhsm_reports.render import junit, terminal
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.registry import UnknownTargetError, target_factory

__all__ = ["main"]

_BAD_INPUT: Final = 2


# The character \b keeps click from wrapping the paragraph that it begins.
_HELP: Final = """Judge implementations of Azure Key Vault Managed HSM by its specification.

\b
mhsm run model             run the conformance suites against the model itself
mhsm judge session.jsonl   judge recorded traffic of a real Managed HSM
mhsm mutants               see that the suites find out broken implementations
mhsm examine recordings/   see how right and how strong the judge is on recorded traffic
mhsm jwk key.pem           make the body of an import request from a PEM file

Exit status: 0 all is well, 1 something does not conform, 2 the command was not carried out.
"""

_RUN_HELP: Final = """Run the conformance suites against TARGET and judge every answer.

\b
Targets:
  model   the specification run forwards, in process: nothing to install

Writes DIR/run.json (its schema is in the package mhsm_reports) and DIR/junit.xml, and prints what
was found. A failure names the clause, its source, what was expected and observed, and holds a
Python script that replays it. The same seed sends the same calls. Ctrl-C leaves a valid result
that says that it is partial, and exit status 2.
"""

_JWK_HELP: Final = """Make the body of an import request from the private key in the PEM file FILE.

FILE may be - for standard input. Read are RSA keys of 2048, 3072 and 4096 bits and EC keys on
P-256, P-256K, P-384 and P-521, as PKCS#1, SEC 1 and PKCS#8, encrypted or not; certificates and
public keys beside the private key are passed over.

The output holds the private key: it goes to a pipe or a file as it is, to a terminal only with
--show-private. A passphrase is never read from the command line, which others can see.
"""

_JUDGE_HELP: Final = """Judge recorded traffic: every exchange of every recording under PATHS.

\b
Formats, found by looking into the file:
  sessions    JSON lines: a header, then one exchange a line
  test proxy  recordings of the Azure SDKs: {"Entries": [...]}
  cassettes   of vcrpy and VCR, as YAML or JSON
  fixtures    of nock (script or objects) and of the JavaScript SDKs' browser recorder
  archives    HAR 1.2, as browsers and mitmproxy export it
  cases       {"format": "mhsm-case/1", ...}, as stored by this project

What a recording lacks is taken as unknown, never assumed. Credentials stay in the file, and of
what went to other hosts only the number is told. In a folder, files of no known format are skipped
and counted. But for sessions, a file may have 64 MiB.

An exchange is accepted (with the clauses it exercised), rejected (with the clause, what was
expected and what was observed), unmodelled (its operation is not in the specification yet) or out
of scope (the control plane, a standard vault, another host). Known defects of published recordings
are rejected with their explanation and do not count for the exit status, which is 1 for any other
rejection. A file that cannot be read is told in one sentence, and the others are judged all the
same; the exit status is then 2.
"""


_EXAMINE_HELP: Final = """Examine the judge itself: how right it is, and how strong.

Correctness: every exchange of the session files under PATHS is judged as it was recorded. At least
99.5 % must be accepted, each rejection explained in the file of known defects, and each entry of
that file still reject.

Strength: one reply of a session is corrupted, and the whole session judged with that alteration,
again and again with every operator (--operators lists them). Before anything is judged an operator
says whether a clause can see the corruption at that place, and which. At least 95 % of those must
be found; what survives must be listed in survivors.toml with its class, its explanation and how
often. The places are chosen by name and number, so the same files give the same figures.

Without PATHS, sessions are recorded from the emulator and corrupted: that tries the operators, and
says little of the judge.
"""


class CommandError(click.ClickException):
    """Something that the user can put right: one sentence, exit status 2."""

    exit_code = _BAD_INPUT


@click.group(
    help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(tool_version(), prog_name="mhsm")
def command() -> None:
    """Judge implementations of Azure Key Vault Managed HSM by an executable specification."""


def _out_folder(path: str | None) -> Path | None:
    """The folder, made and proved writable before any work is done."""
    if path is None:
        return None
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".mhsm-probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise CommandError(f"cannot write to the folder {path}: {reason}") from None
    return folder


_strict: Callable[[Any], Any] = click.option(
    "--strict", is_flag=True, help="Count clauses that were only inferred in full, not as warnings."
)


@command.command(help=_RUN_HELP)
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
    help="Folder for run.json and junit.xml.",
)
@click.option(
    "-n",
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that try checks at the same time.",
)
@click.option(
    "--complete",
    is_flag=True,
    help="Fail where a clause that demands something was not tested from every side: a guard that "
    "refused for its reason alone and let a call pass, any other exercised, a question asked.",
)
@_strict
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
) -> None:
    """Run the conformance suites against a target and judge every answer."""
    try:
        target_factory(target)
    except UnknownTargetError as error:
        raise CommandError(str(error)) from None
    if suite is not None and suite not in suite_names():
        raise CommandError(f"no suite is called {suite!r}; there is {', '.join(suite_names())}")
    folder = _out_folder(out)
    options = RunOptions(target, profile, suite, clause, seed, strict, workers)
    try:
        result = conducted(options, progress_to(sys.stderr))
    except (NothingToRunError, TargetUnavailableError, RuntimeError) as error:
        raise CommandError(str(error)) from None
    try:
        if folder is not None:
            save(result, folder / "run.json")
            junit.write(result, folder / "junit.xml")
    except (ResultFileError, ValueError) as error:
        raise CommandError(str(error)) from None
    terminal.show(result, sys.stdout)
    if result.run.state is not RunState.COMPLETE:
        sys.exit(_BAD_INPUT)
    idle = incomplete(result) if complete else ()
    if idle:
        click.echo(f"INCOMPLETE: not tested from every side: {', '.join(idle)}")
    sys.exit(exit_status(result) or (1 if idle else 0))


@command.command(help=_JUDGE_HELP)
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with every verdict.")
@click.option("--out", metavar="DIR", help="Folder for judge.json.")
@_strict
def judge(paths: tuple[str, ...], as_json: bool, out: str | None, strict: bool) -> None:
    """Judge recorded traffic: every exchange of every recording under PATHS."""
    sys.exit(judged(paths, as_json=as_json, folder=_out_folder(out), strict=strict))


@command.command(help=_EXAMINE_HELP)
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--out", metavar="DIR", help="Folder for examination.json.")
@click.option(
    "--each",
    type=click.IntRange(1),
    default=EACH,
    show_default=True,
    help="How often an operator is applied to the exchanges of one operation.",
)
@click.option("--all", "everywhere", is_flag=True, help="Apply each operator wherever it applies.")
@click.option("--operators", is_flag=True, help="Print the operators and what they do, and end.")
@click.option("--evidence", metavar="FILE", help="Write the table of recorded evidence there.")
@click.option(
    "-n",
    "--workers",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Processes that try operators at the same time.",
)
def examine(
    paths: tuple[str, ...],
    as_json: bool,
    out: str | None,
    each: int,
    everywhere: bool,
    operators: bool,
    evidence: str | None,
    workers: int,
) -> None:
    """Examine the judge: what it accepts of recorded traffic, and what it finds when corrupted."""
    if operators:
        click.echo(operator_table(), nl=False)
        return
    if evidence is not None and not paths:
        raise CommandError("--evidence needs recordings of the real service: give their PATHS")
    options = ExaminationOptions(
        paths,
        each=None if everywhere else each,
        workers=workers,
        as_json=as_json,
        folder=_out_folder(out),
        evidence=None if evidence is None else Path(evidence),
    )
    try:
        sys.exit(examined_judge(options))
    except ExaminationError as error:
        raise CommandError(str(error)) from None


@command.command()
@click.option("--clause", metavar="GLOB", help="Only mutants of clauses that match, like 'SIGN-*'.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with every verdict.")
@click.option(
    "-n",
    "--workers",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Mutants that are tried at the same time.",
)
def mutants(clause: str | None, as_json: bool, workers: int) -> None:
    """Try deliberately broken emulators: each must be found out by its clause.

    A mutant is first tried with the checks that name its clause, then with all. It is `killed` when
    a failure names its clause, `noticed` when only other clauses fail, and else `survived`. Exit
    status 1 when a mutant is not killed, or a clause that demands something has none.
    """
    status = tried(clause, as_json=as_json, workers=workers)
    if status is None:
        raise CommandError(f"no mutant breaks a clause that matches {clause!r}")
    sys.exit(status)


@command.command(help=_JWK_HELP)
@click.argument("file")
@click.option(
    "--passphrase-file", metavar="FILE", help="The passphrase is the first line of this file."
)
@click.option(
    "--passphrase-env", metavar="NAME", help="The passphrase is in this environment variable."
)
@click.option("--ops", metavar="LIST", help="The key's operations, like sign,verify.")
@click.option("--indent", is_flag=True, help="Indent the JSON.")
@click.option("--out", metavar="FILE", help="Write to a new file that only you can read.")
@click.option("--force", is_flag=True, help="Let --out replace a file.")
@click.option("--show-private", is_flag=True, help="Print the private key to a terminal too.")
def jwk(
    file: str,
    passphrase_file: str | None,
    passphrase_env: str | None,
    ops: str | None,
    indent: bool,
    out: str | None,
    force: bool,
    show_private: bool,
) -> None:
    """Make the body of an import request from the private key in a PEM file."""
    if passphrase_file is not None and passphrase_env is not None:
        raise click.UsageError("give --passphrase-file or --passphrase-env, not both")
    if out is None and output_is_a_terminal() and not show_private:
        raise CommandError(
            "the output holds the private key: give --out FILE, or --show-private to print it here"
        )
    try:
        operations = None if ops is None else key_operations(ops)
        passphrase = None
        if passphrase_file is not None:
            passphrase = passphrase_in(passphrase_file)
        elif passphrase_env is not None:
            passphrase = passphrase_of(passphrase_env)
        key = replace(pem_key(file, passphrase), key_ops=operations)
        body = import_body(key, indented=indent)
        if out is None:
            print_private(body)
        else:
            write_private(out, body, replacing=force)
    except ImportBodyError as error:
        raise CommandError(str(error)) from None


@command.command()
@click.argument("pattern", metavar="[GLOB]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array of the clauses.")
def clauses(pattern: str | None, as_json: bool) -> None:
    """List the clauses that match GLOB, like 'KW-*', or all.

    `recorded` is the number of recorded exchanges of the real service that exercised the clause in
    a way that could have come out otherwise.
    """
    if not list_clauses(pattern, sys.stdout, as_json=as_json):
        raise CommandError(f"no clause matches {pattern!r}")


def main() -> None:
    """Run the command line."""
    reconfigure: Any = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        # A file's name or a recorded message may hold what the terminal's encoding has not.
        reconfigure(errors="backslashreplace")
    try:
        command(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(_BAD_INPUT)
    except click.ClickException as error:
        message = error.format_message()
        click.echo(f"mhsm: {message}", err=True)
        if isinstance(error, click.UsageError) and error.ctx is not None:
            click.echo(f"Try '{error.ctx.command_path} --help'.", err=True)
        sys.exit(_BAD_INPUT)
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        sys.exit(_BAD_INPUT)
    except BrokenPipeError:
        # The reader of a pipe has gone: what it read is all it wanted.
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
