"""What the commands share: the error that a user can put right, and options of one meaning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from mhsm_reports import ReportFileError

__all__ = [
    "BAD_INPUT",
    "CommandError",
    "instances_option",
    "not_empty",
    "out_folder",
    "strict_option",
    "tell",
    "unusable",
    "workers_option",
]

BAD_INPUT: Final = 2
"""The exit status of a command that was not carried out."""


class CommandError(click.ClickException):
    """Something that the user can put right: one sentence, exit status 2."""

    exit_code = BAD_INPUT


def unusable(error: ReportFileError) -> CommandError:
    """A result or a report that cannot be read or written, as something to put right."""
    return CommandError(str(error).removesuffix("."))


def tell(line: str) -> None:
    """Say on standard error what a command does beside its answer."""
    click.echo(line, err=True)


def not_empty(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """The callback of an option that names a file: an empty one, which a script may give, is told.

    Taken as a path it would be the folder at hand.
    """
    if value == "":
        raise click.BadParameter("it is empty", context, option)
    return value


def out_folder(path: str | None) -> Path | None:
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
        if isinstance(error, FileExistsError):
            reason = "it is a file"
        raise CommandError(f"cannot write to the folder {path}: {reason}") from None
    return folder


instances_option: Callable[[Any], Any] = click.option(
    "--instance",
    "instances",
    metavar="NAME",
    multiple=True,
    help="An instance; may be repeated.  [default: hsm-a]",
)

strict_option: Callable[[Any], Any] = click.option(
    "--strict", is_flag=True, help="Count clauses that were only inferred in full, not as warnings."
)


def workers_option(default: int, tried: str) -> Callable[[Any], Any]:
    """The option `--workers`; `tried` names what the processes try at the same time."""
    return click.option(
        "-n",
        "--workers",
        type=click.IntRange(1, 64),
        default=default,
        show_default=True,
        help=f"{tried} at the same time.",
    )
