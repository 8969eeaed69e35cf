"""What a command line says of a Managed HSM over HTTPS, and how it travels: in the environment.

So the processes of a run have it too. No secret is in it but a token, which no option takes.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Final

__all__ = [
    "CA_FILE",
    "COMMAND",
    "CONNECT_TO",
    "CONTROLS",
    "DESTRUCTIVE",
    "KEEP",
    "MAX_KEYS",
    "MAX_MINUTES",
    "READY_FILE",
    "RUN_ID",
    "STALENESS",
    "TOKEN",
    "TOKEN_FILE",
    "URLS",
    "EndpointOptions",
    "enter",
]

TOKEN: Final = "MHSM_HTTPS_TOKEN"
"""A bearer token; the one value that is a secret."""

URLS: Final = "MHSM_HTTPS_URLS"
CONNECT_TO: Final = "MHSM_HTTPS_CONNECT_TO"
CA_FILE: Final = "MHSM_HTTPS_CA_FILE"
TOKEN_FILE: Final = "MHSM_HTTPS_TOKEN_FILE"
COMMAND: Final = "MHSM_HTTPS_CREDENTIAL_COMMAND"
READY_FILE: Final = "MHSM_HTTPS_READY_FILE"
CONTROLS: Final = "MHSM_HTTPS_CONTROLS"
MAX_KEYS: Final = "MHSM_HTTPS_MAX_KEYS"
MAX_MINUTES: Final = "MHSM_HTTPS_MAX_MINUTES"
DESTRUCTIVE: Final = "MHSM_HTTPS_ALLOW_DESTRUCTIVE"
KEEP: Final = "MHSM_HTTPS_NO_PURGE"
STALENESS: Final = "MHSM_HTTPS_STALENESS"
RUN_ID: Final = "MHSM_HTTPS_RUN_ID"


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """Options as a command line has them; None and empty leave what the environment says."""

    urls: tuple[str, ...] = ()
    connect_to: str | None = None
    ca_file: str | None = None
    token_file: str | None = None
    credential_command: str | None = None
    ready_file: str | None = None
    controls: bool = False
    max_keys: int | None = None
    max_minutes: int | None = None
    allow_destructive: bool = False
    no_purge: bool = False
    staleness: int | None = None
    run_id: str | None = None


def enter(options: EndpointOptions, environment: MutableMapping[str, str] = os.environ) -> None:
    """Write the options into the environment, with a new run id where a URL is given and none is.

    What is None or empty stays as it is there.
    """
    told = {
        URLS: "\n".join(options.urls),
        CONNECT_TO: options.connect_to,
        CA_FILE: options.ca_file,
        TOKEN_FILE: options.token_file,
        COMMAND: options.credential_command,
        READY_FILE: options.ready_file,
        CONTROLS: "1" if options.controls else None,
        MAX_KEYS: _text(options.max_keys),
        MAX_MINUTES: _text(options.max_minutes),
        DESTRUCTIVE: "1" if options.allow_destructive else None,
        KEEP: "1" if options.no_purge else None,
        STALENESS: _text(options.staleness),
        RUN_ID: options.run_id or environment.get(RUN_ID) or secrets.token_hex(4),
    }
    environment.update({name: value for name, value in told.items() if value})


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
