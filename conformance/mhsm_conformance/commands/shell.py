"""The command `mhsm shell`: operations typed at a target, judged and explained one by one."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from typing import Any, Final

import click

from mhsm_conformance.commands.endpoint_options import connection_options, run_limits, told_endpoint
from mhsm_conformance.commands.options import CommandError, instances_option, strict_option, tell
from mhsm_conformance.commands.token_options import token_options
from mhsm_conformance.planned import as_planned
from mhsm_model.configuration import Configuration
from mhsm_targets.protocol import TargetFactory, TargetUnavailableError
from mhsm_targets.registry import UnknownTargetError, proven_factory, use_endpoint, use_module

__all__ = ["shell"]

_DOMAIN: Final = ".managedhsm.azure.net"
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_UNLAWFUL: Final = 1
_PROMPT: Final = "prompt_toolkit"

_SHELL_HELP: Final = """Type operations at TARGET, and see what decides each answer.

TARGET is model (the default) or any other that `mhsm run` takes. After each line stand the status,
the reply, the guards that were asked in their order with the one that decided, and what the judge
says. But for a live one, the HSM is empty at first.

\b
mhsm shell
  hsm-a [1]> create k oct-HSM size=256
  hsm-a [2]> c = encrypt k A256GCM 'a secret'
  hsm-a [3]> decrypt k A256GCM $c iv=$c.iv tag=$c.tag
  hsm-a [4]> advance 90d
  hsm-a [5]> why
  hsm-a [6]> save test_mine.py

\b
mhsm shell --instance hsm-a --instance hsm-b   two; `use hsm-b` changes
mhsm shell softhsm                             keys in SoftHSM tokens
mhsm shell < lines.txt                         lines of a file, for scripts

`help` lists the words, `help sign` tells all of one. Tab completes: names of keys that exist,
algorithms that a key can do. Ctrl-C drops the line, Ctrl-D ends. A prompt needs the extra `shell`;
lines from a file or a pipe do not.

Lines are kept in mhsm/shell-history below XDG_STATE_HOME (~/.local/state), but for those with a
private key or a backup blob. `save` writes the file that it names, and nothing else is written.

Exit status: 0 at the end; of lines from a file 1 where an answer was unlawful; 2 where a line or
the target was bad, and one sentence says why.
"""


@click.command(help=_SHELL_HELP)
@click.argument("target", default="model")
@instances_option
@click.option("--seed", type=int, default=0, show_default=True, help="Where all chance comes from.")
@strict_option
@token_options
@connection_options
@run_limits
def shell(
    target: str,
    instances: tuple[str, ...],
    seed: int,
    strict: bool,
    module: str | None,
    tokens: tuple[str, ...],
    pin_file: str | None,
    **endpoint: Any,
) -> None:
    """Type operations at a target."""
    use_module(module, tokens, pin_file)
    use_endpoint(told_endpoint(endpoint))
    hosts = [name if "." in name else name + _DOMAIN for name in instances or ("hsm-a",)]
    for name, host in zip(instances, hosts, strict=False):
        if _HOST.fullmatch(host) is None:
            raise click.UsageError(f"--instance {name!a} is no name of a host: letters, digits, -")
    if len({host.lower() for host in hosts}) < len(hosts):
        raise click.UsageError("every --instance has a name of its own")
    try:
        factory = proven_factory(target)
        with as_planned(factory, tell):
            lawful = _conversed(factory, hosts, seed, strict=strict)
    except (UnknownTargetError, TargetUnavailableError) as error:
        raise CommandError(str(error)) from None
    sys.exit(0 if lawful else _UNLAWFUL)


def _conversed(factory: TargetFactory, hosts: list[str], seed: int, *, strict: bool) -> bool:
    """Whether the shell ends well: it does at a terminal, whatever was answered."""
    # What the shell is made of reads all tables, and no other command needs it at its start.
    from mhsm_conformance.shell.conversation import Conversation  # noqa: PLC0415
    from mhsm_conformance.shell.interpreter import Interpreter  # noqa: PLC0415
    from mhsm_conformance.shell.piped import BadLineError, read_lines  # noqa: PLC0415

    at_terminal = sys.stdin.isatty()
    if at_terminal:
        _need_the_extra()
    configurations = {host: Configuration() for host in hosts}
    conversation = Conversation(factory, configurations, seed, strict=strict)
    try:
        interpreter = Interpreter(conversation, sys.stdout)
        if at_terminal:
            from mhsm_conformance.shell.prompting import converse  # noqa: PLC0415 - of an extra

            converse(interpreter, tell)
            return True
        return read_lines(interpreter, sys.stdin, sys.stdout)
    except BadLineError as error:
        raise CommandError(str(error)) from None
    except UnicodeDecodeError:
        raise CommandError("standard input is no UTF-8 text") from None
    finally:
        conversation.close()


def _need_the_extra() -> None:
    if find_spec(_PROMPT) is None:
        raise CommandError(
            f"{_PROMPT} is not installed; pip install 'mhsm-conformance[shell]', "
            "or give lines to standard input"
        )
