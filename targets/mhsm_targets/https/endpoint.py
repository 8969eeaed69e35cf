"""Which Managed HSM to use and how far to go, from the environment."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from mhsm_model.tables.clouds import PUBLIC
from mhsm_targets.https.hosts import is_loopback
from mhsm_targets.https.options import (
    CA_FILE,
    COMMAND,
    CONNECT_TO,
    CONTROLS,
    DESTRUCTIVE,
    KEEP,
    MAX_KEYS,
    MAX_MINUTES,
    READY_FILE,
    RUN_ID,
    STALENESS,
    TOKEN,
    TOKEN_FILE,
    URLS,
)
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.server.ready import Ready, read_ready

__all__ = ["SERVICE", "Endpoint", "endpoint", "is_run_id"]


SERVICE: Final = "." + PUBLIC.resource.removeprefix("https://")
"""What the host names of the service end in."""

MOST_KEYS: Final = 2000
MOST_MINUTES: Final = 120

_RUN: Final = re.compile(r"[0-9a-f]{8}", re.ASCII)
_ADDRESS: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[0-9A-Za-z.-]+):([0-9]{1,5})", re.ASCII)
_HOST: Final = re.compile(r"[0-9A-Za-z.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the HSM is and how far a run may go.

    `urls` are one or two service URLs, of unrelated instances. `connect_to` is an address and port
    to connect to instead of the URL's own. `ca_file` holds the certificates (PEM) to trust instead
    of the public ones. `max_keys` is how many keys and versions may be made, `max_minutes` how long
    the run may take. `staleness` is for how many seconds reads may show an earlier state, None for
    what the profile says. `run_id` names the run in every key that it makes: 8 hexadecimal digits.
    `server` is a test server of this machine, and `controls` whether its controls are used.
    """

    urls: tuple[str, ...]
    run_id: str
    connect_to: tuple[str, int] | None = None
    ca_file: str | None = None
    token_file: str | None = None
    credential_command: str | None = None
    server: Ready | None = None
    controls: bool = False
    max_keys: int = MOST_KEYS
    max_minutes: int = MOST_MINUTES
    allow_destructive: bool = False
    purges: bool = True
    staleness: int | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def prefix(self) -> str:
        """What the names of all keys of the run begin with."""
        return f"mhsm-{self.run_id}-"

    @property
    def is_local(self) -> bool:
        """Whether all connections go to this machine: no paid HSM, which needs no pacing."""
        hosts = [self.connect_to[0]] if self.connect_to else [_host(url) for url in self.urls]
        return all(is_loopback(host) for host in hosts)


def is_run_id(text: str) -> bool:
    """Whether the text has the form of a run id."""
    return _RUN.fullmatch(text) is not None


def endpoint(environment: Mapping[str, str] = os.environ) -> Endpoint:
    """What the environment names; raises TargetUnavailableError for what it lacks or has wrong."""
    server = _server(environment.get(READY_FILE))
    urls = tuple(_service_url(url) for url in environment.get(URLS, "").split("\n") if url)
    if server is not None and not urls:
        urls = tuple(f"https://{name}{SERVICE}" for name in tuple(server.urls)[:2])
    if not urls:
        raise TargetUnavailableError(f"no Managed HSM is named: use --url, or set {URLS}")
    if len(urls) > 2:
        raise TargetUnavailableError("more than two URLs are given; the suites use two instances")
    if len(set(urls)) < len(urls):
        raise TargetUnavailableError("the two URLs are the same; name two unrelated instances")
    run_id = environment.get(RUN_ID) or secrets.token_hex(4)
    if not is_run_id(run_id):
        raise TargetUnavailableError(f"{run_id!r} is no run id: 8 hexadecimal digits")
    controls = bool(environment.get(CONTROLS))
    if controls and (server is None or server.controls_url is None):
        raise TargetUnavailableError(
            "--controls is for a server of `mhsm serve --controls`, which --ready-file names"
        )
    connect_to = _address(environment.get(CONNECT_TO))
    ca_file = _file(environment.get(CA_FILE))
    if server is not None:
        connect_to, ca_file = connect_to or ("127.0.0.1", server.port), ca_file or server.ca_file
    return Endpoint(
        urls=urls,
        run_id=run_id,
        connect_to=connect_to,
        ca_file=ca_file,
        token_file=environment.get(TOKEN_FILE) or None,
        credential_command=environment.get(COMMAND) or None,
        server=server,
        controls=controls,
        max_keys=_number(environment, MAX_KEYS, MOST_KEYS),
        max_minutes=_number(environment, MAX_MINUTES, MOST_MINUTES),
        allow_destructive=bool(environment.get(DESTRUCTIVE)),
        purges=not environment.get(KEEP),
        staleness=_number(environment, STALENESS, 0) if environment.get(STALENESS) else None,
        token=environment.get(TOKEN) or None,
    )


def _server(path: str | None) -> Ready | None:
    if not path:
        return None
    try:
        return read_ready(Path(path).read_text("utf-8"))
    except OSError as error:
        told = (error.strerror or "").lower()
        raise TargetUnavailableError(f"cannot read the ready file {path}: {told}") from None
    except ValueError:
        raise TargetUnavailableError(f"{path} is no ready file of a running server") from None


def _service_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise TargetUnavailableError(f"{text!r} is no URL") from None
    if parts.scheme != "https":
        raise TargetUnavailableError(f"{text!r} is no https URL; tokens go over TLS alone")
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if not plain or parts.path not in ("", "/") or not _HOST.fullmatch(parts.hostname or ""):
        raise TargetUnavailableError("a URL of an HSM is https://NAME.managedhsm.azure.net")
    return f"https://{parts.hostname}" + (f":{port}" if port is not None else "")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _address(text: str | None) -> tuple[str, int] | None:
    if not text:
        return None
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found[2]) < 1 << 16:
        raise TargetUnavailableError(f"{text!r} is no address to connect to: HOST:PORT")
    return found[1], int(found[2])


def _file(path: str | None) -> str | None:
    if path and not Path(path).is_file():
        raise TargetUnavailableError(f"the file of certificates {path} is not there")
    return path or None


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal()):
        raise TargetUnavailableError(f"{name} is no whole number: {text!r}")
    return int(text)
