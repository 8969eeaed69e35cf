"""The command `mhsm token`: a bearer token for a served instance."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

import click

from mhsm_conformance.commands.options import CommandError, not_empty
from mhsm_targets.server import DEFAULT_PRINCIPAL, fetched_token, read_ready

__all__ = ["token"]

_TOKEN_HELP: Final = """Print a bearer token for what `mhsm serve` serves.

The server is found by --ready-file, by --data (it need not run then), or by the environment
variables IDENTITY_ENDPOINT and IDENTITY_HEADER that it printed at its start.

\b
mhsm serve --ready-file ready.json &
TOKEN=$(mhsm token --ready-file ready.json)
curl --cacert CA -H "Authorization: Bearer $TOKEN" \\
  "https://127.0.0.1:8443/keys?api-version=7.6"

The token is printed, and nothing is written. Exit status: 0; 2 where no server is found.
"""


@click.command(help=_TOKEN_HELP)
@click.option(
    "--principal",
    metavar="NAME",
    default=DEFAULT_PRINCIPAL,
    show_default=True,
    help="Who shows the token.",
)
@click.option(
    "--resource",
    metavar="URL",
    default="https://managedhsm.azure.net",
    show_default=True,
    help="What the token is for.",
)
@click.option(
    "--ready-file", metavar="FILE", callback=not_empty, help="The file that the server wrote."
)
@click.option(
    "--data",
    metavar="DIR",
    callback=not_empty,
    help="The folder that the server keeps everything in.",
)
def token(principal: str, resource: str, ready_file: str | None, data: str | None) -> None:
    """Print a bearer token for a served instance."""
    if ready_file is not None and data is not None:
        raise click.UsageError("give --ready-file or --data, not both")
    if data is not None:
        click.echo(_minted(data, principal, resource))
        return
    url, secret = _endpoint(ready_file)
    try:
        click.echo(fetched_token(url, secret, resource, principal).token)
    except (OSError, ValueError) as error:
        raise CommandError(f"no server hands out tokens at {url}: {error}") from None


def _endpoint(ready_file: str | None) -> tuple[str, str]:
    if ready_file is None:
        url, secret = os.environ.get("IDENTITY_ENDPOINT"), os.environ.get("IDENTITY_HEADER")
        if not url or not secret:
            raise CommandError("no server is named: give --ready-file or --data")
        return url, secret
    try:
        ready = read_ready(Path(ready_file).read_text("utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CommandError(f"cannot read {ready_file}: {reason}") from None
    except ValueError:
        raise CommandError(f"{ready_file} is not the ready file of a server") from None
    return ready.token_url, ready.token_secret


def _minted(data: str, principal: str, resource: str) -> str:
    # Loaded only here: what signs is of the extra `server`.
    try:
        from mhsm_targets.server.store import StoreError, stored_issuer  # noqa: PLC0415
        from mhsm_targets.server.tokens import Issuer  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise CommandError(
            f"{error.name} is not installed; install mhsm-conformance with its extra `server`"
        ) from None
    try:
        issuer = Issuer(stored_issuer(Path(data)))
    except StoreError as error:
        raise CommandError(str(error)) from None
    return issuer.mint(principal, resource, int(time.time()))
