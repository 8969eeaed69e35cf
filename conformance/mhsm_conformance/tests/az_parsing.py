"""A program for a Python that has azure-cli: its parser takes the commands on standard input.

They are a JSON array of arrays of words, each beginning with `az`. It ends with status 1 and the
parser's own words at the first that is not taken; nothing is sent.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def main() -> None:
    """Parse every command."""
    commands: list[list[str]] = json.load(sys.stdin)
    core: Any = importlib.import_module("azure.cli.core")
    cli: Any = core.get_default_cli()
    for words in commands:
        invocation: Any = cli.invocation_cls(
            cli_ctx=cli,
            parser_cls=cli.parser_cls,
            commands_loader_cls=cli.commands_loader_cls,
            help_cls=cli.help_cls,
        )
        cli.invocation = invocation
        loader: Any = invocation.commands_loader
        loader.load_command_table(words[1:])
        name = " ".join(words[1:4])
        if name not in loader.command_table:
            sys.exit(f"no such command: {name}")
        invocation.data["command_string"] = loader.command_name = name
        loader.load_arguments(name)
        parser: Any = invocation.parser
        parser.load_command_table(loader)
        parser.parse_args(words[1:])
    print(len(commands))


if __name__ == "__main__":
    main()
