"""The command `mhsm completion`: the script with which a shell completes `mhsm`."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

from mhsm_conformance.commands.options import CommandError

__all__ = ["COMPLETE_VARIABLE", "completion"]

COMPLETE_VARIABLE: Final = "_MHSM_COMPLETE"
"""The environment variable by which the script asks for what may come next."""

_SHELLS: Final = ("bash", "zsh", "fish")

_COMPLETION_HELP: Final = """Print the script that lets a shell complete `mhsm`.

Completed are commands and options, names of targets and suites, clauses (run --clause, explain),
operations (explain --operation), and files where an option takes one.

\b
bash, in ~/.bashrc:   eval "$(mhsm completion bash)"
zsh, in ~/.zshrc:     eval "$(mhsm completion zsh)"
fish, once:
  mhsm completion fish > ~/.config/fish/completions/mhsm.fish

The script calls the `mhsm` that PATH finds. It is printed, and nothing is written. Exit status: 0;
2 for another shell.
"""


@click.command(help=_COMPLETION_HELP)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script with which a shell completes the command."""
    root = context.find_root()
    known = get_completion_class(shell)
    if known is None:
        raise CommandError(f"nothing is known of the shell {shell}")
    click.echo(known(root.command, {}, root.info_name or "mhsm", COMPLETE_VARIABLE).source())
