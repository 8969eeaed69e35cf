"""The options that say which Managed HSM over HTTPS a command is to use, and how far to go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from mhsm_conformance.commands.options import not_empty
from mhsm_targets.registry import EndpointOptions

__all__ = ["connection_options", "run_limits", "told_endpoint"]

_CONNECTION = (
    click.option(
        "--url",
        "urls",
        metavar="URL",
        multiple=True,
        help="Target https: https://NAME.managedhsm.azure.net; a second one for isolation.",
    ),
    click.option(
        "--ready-file",
        metavar="FILE",
        callback=not_empty,
        help="Target https: a server of `mhsm serve --ready-file FILE` instead of a URL.",
    ),
    click.option(
        "--token-file", metavar="FILE", help="Target https: a file with a bearer token, read anew."
    ),
    click.option(
        "--credential-command",
        metavar="COMMAND",
        help="Target https: prints a bearer token, or the JSON of `az account get-access-token`.",
    ),
    click.option(
        "--ca-file",
        metavar="FILE",
        help="Target https: certificates (PEM) to trust, and no others.",
    ),
    click.option(
        "--connect-to",
        metavar="HOST:PORT",
        help="Target https: connect there; certificate and Host header stay those of the URL.",
    ),
    click.option(
        "--no-purge", is_flag=True, help="Target https: delete what was made, but do not purge it."
    ),
)
_LIMITS = (
    click.option(
        "--controls",
        is_flag=True,
        help="Target https: reset the test server for every check, move its clock, lose replies.",
    ),
    click.option(
        "--max-keys",
        type=click.IntRange(1),
        metavar="N",
        help="Target https: make at most so many keys and versions.  [default: 2000]",
    ),
    click.option(
        "--max-minutes",
        type=click.IntRange(1),
        metavar="N",
        help="Target https: take at most so long.  [default: 120]",
    ),
    click.option(
        "--staleness",
        type=click.IntRange(0),
        metavar="SECONDS",
        help="Target https: how old a state may be shown by a replica.  [default: 360]",
    ),
    click.option(
        "--allow-destructive",
        is_flag=True,
        help="Target https: also send what may reach beyond the run's own keys.",
    ),
)


def _with(options: tuple[Callable[[Any], Any], ...], command: Callable[..., Any]) -> Any:
    for option in reversed(options):
        command = option(command)
    return command


def connection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where the HSM is and who asks."""
    added: Callable[..., Any] = _with(_CONNECTION, command)
    return added


def run_limits(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how far a run may go."""
    added: Callable[..., Any] = _with(_LIMITS, command)
    return added


def told_endpoint(told: dict[str, Any]) -> EndpointOptions:
    """What the options say, from the arguments of a command that has them, or some of them."""
    return EndpointOptions(**told)
