"""The command `mhsm serve`: a target over HTTPS on loopback."""

from __future__ import annotations

import socket
import sys
from typing import Final

import click

from mhsm_conformance.commands.options import CommandError, instances_option, not_empty
from mhsm_conformance.commands.token_options import token_options
from mhsm_model.configuration import Configuration
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.registry import UnknownTargetError, use_module
from mhsm_targets.server import Ready, ServeOptions, environment

__all__ = ["serve"]

_SERVE_HELP: Final = """Serve TARGET over HTTPS on loopback, for tests alone.

TARGET is model (the default), softhsm, pkcs11, or any other target that `mhsm run` takes. Nothing
protects its keys: it is not for real ones.

\b
mhsm serve --port 8443 --instance hsm-a --instance hsm-b
mhsm serve softhsm --data ./hsm            keys in tokens, kept in a folder
mhsm serve --port 0 --ready-file ready.json --controls         for scripts

Each instance has the URL https://127.0.0.1:PORT (the second 127.0.0.2 and so on), which works
everywhere, and https://NAME.localhost:PORT, where the system resolves such names. Official clients
take both with no option; they must trust the CA file that is printed at the start. Bearer tokens
are checked; `mhsm token` mints one, and programs with DefaultAzureCredential get theirs through the
environment variables that are printed.

--data keeps everything: what was acknowledged is there again after the server was killed. Without
it nothing is written but the CA file, and all is gone at the end.

\b
--controls opens a second port on loopback that takes orders as JSON:
  order              model  model --data  others      others --data
  advance the clock  yes    yes, kept     yes         yes, kept
  freeze the clock   yes    till the end  refused     refused
  faults             yes    till the end  yes         till the end
  lag of reads       yes    till the end  refused     refused
  a new instance     yes    yes, kept     --instance  --instance
  reset              yes    yes           yes         another DIR
  reset, configured  yes    refused       yes         another DIR

Faults are 429, 503, a delay, and a connection reset before or after the effect. What is refused
says what works instead.

A client has 30 seconds for its TLS handshake, 30 for each request from its first byte to its last,
and 30 to read what it is sent; a connection is closed when 60 seconds pass without another request.

Exit status: 0 when Ctrl-C or SIGTERM ends the server, as it has done what it was asked; 2 where it
could not begin.
"""


@click.command(help=_SERVE_HELP)
@click.argument("target", default="model")
@instances_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8443,
    show_default=True,
    help="The port of all instances; 0 is any that is free.",
)
@click.option("--data", metavar="DIR", callback=not_empty, help="Keep everything in this folder.")
@click.option(
    "--ready-file",
    metavar="FILE",
    callback=not_empty,
    help="Written once requests are answered (JSON).",
)
@click.option("--controls", is_flag=True, help="Open a port with test controls: see above.")
@click.option(
    "--seed",
    type=int,
    help="Target model: keys from this seed, the same every time and not secret.",
)
@click.option(
    "--insecure-static-token", metavar="TOKEN", help="A bearer token that is taken unchecked."
)
@token_options
def serve(
    target: str,
    instances: tuple[str, ...],
    port: int,
    data: str | None,
    ready_file: str | None,
    controls: bool,
    seed: int | None,
    insecure_static_token: str | None,
    module: str | None,
    tokens: tuple[str, ...],
    pin_file: str | None,
) -> None:
    """Serve a target over HTTPS on loopback."""
    # Loaded only here: what serves is an extra of its own.
    try:
        from mhsm_targets.server.running import ServerError, run_server  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise CommandError(
            f"{error.name} is not installed; install mhsm-conformance with its extra `server`"
        ) from None
    if len(set(instances)) < len(instances):
        raise CommandError("an instance is named twice: give each --instance once")
    use_module(module, tokens, pin_file)
    options = ServeOptions(
        target=target,
        instances={name: Configuration() for name in instances},
        port=port,
        data=data,
        seed=seed,
        controls=controls,
        ready_file=ready_file,
        static_token=insecure_static_token,
    )
    try:
        run_server(options, _announce)
    except (ServerError, UnknownTargetError, TargetUnavailableError) as error:
        raise CommandError(str(error)) from None


def _announce(ready: Ready) -> None:
    resolves = _resolves(next(iter(ready.named_urls)))
    lines = [
        f"Serving {ready.target} for tests. Do not use it for real keys: it protects nothing.",
        "",
    ]
    for name, url in ready.urls.items():
        also = ready.named_urls[name]
        shown = (
            f"and {also}" if resolves else f"({also} needs `127.0.0.1 {name}.localhost` in hosts)"
        )
        lines.append(f"  {name}  {url}  {shown}")
    lines += ["", "Paste this where the client runs:", ""]
    lines += [f"  export {name}={value}" for name, value in environment(ready).items()]
    if ready.controls_url is not None:
        lines += ["", f"Test controls: {ready.controls_url}"]
    lines += ["", "A token: mhsm token (in that shell). Ctrl-C ends the server."]
    click.echo("\n".join(lines))
    sys.stdout.flush()


def _resolves(name: str) -> bool:
    try:
        found = socket.getaddrinfo(f"{name}.localhost", None)
    except OSError:
        return False
    return any(address[4][0] in ("127.0.0.1", "::1") for address in found)
