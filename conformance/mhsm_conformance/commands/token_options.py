"""The options that say which PKCS#11 module and token of the user's a command is to use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

__all__ = ["token_options"]


def token_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command takes `module`, `tokens` and `pin_file`. The PIN is none."""
    options = (
        click.option(
            "--module",
            metavar="PATH",
            help="Target pkcs11: the PKCS#11 module; it is asked what it can do, unless "
            "MHSM_PKCS11_FACTS names its profile.",
        ),
        click.option(
            "--token",
            "tokens",
            metavar="LABEL",
            multiple=True,
            help="Target pkcs11: a token to use; may be given more than once.",
        ),
        click.option(
            "--pin-file",
            metavar="FILE",
            help="Target pkcs11: a file with the PIN; or set MHSM_PKCS11_PIN.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
