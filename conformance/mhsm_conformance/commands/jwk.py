"""The command `mhsm jwk`: a PEM file as the body of an import request."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import click

from mhsm_conformance.commands.options import CommandError
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

__all__ = ["jwk"]

_JWK_HELP: Final = """Make the body of an import request from a private key.

\b
mhsm jwk key.pem --ops sign,verify --out body.json
mhsm jwk key.pem | curl -X PUT --data @- ...

FILE is a PEM file, or - for standard input. Read are RSA keys of 2048, 3072 and 4096 bits and EC
keys on P-256, P-256K, P-384 and P-521, as PKCS#1, SEC 1 and PKCS#8, encrypted or not; certificates
and public keys beside the private key are passed over.

The output holds the private key: it goes to a pipe or a file as it is, to a terminal only with
--show-private. A passphrase is never read from the command line, which others can see.

Exit status: 0; 2 where the key cannot be read or the body not be written, and one sentence says
why.
"""


@click.command(help=_JWK_HELP)
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
