"""Which Managed HSM to use and how far to go, from the environment; no secret is in it but a token.

The command line puts its options there, so that the processes of a run have them too.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from mhsm_model.tables.clouds import PUBLIC
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.server.ready import Ready, read_ready

__all__ = ["SERVICE", "TOKEN", "Endpoint", "EndpointOptions", "endpoint", "enter", "is_run_id"]

TOKEN: Final = "MHSM_HTTPS_TOKEN"
"""A bearer token; the one value that is a secret."""

_URLS: Final = "MHSM_HTTPS_URLS"
_CONNECT_TO: Final = "MHSM_HTTPS_CONNECT_TO"
_CA_FILE: Final = "MHSM_HTTPS_CA_FILE"
_TOKEN_FILE: Final = "MHSM_HTTPS_TOKEN_FILE"
_COMMAND: Final = "MHSM_HTTPS_CREDENTIAL_COMMAND"
_READY_FILE: Final = "MHSM_HTTPS_READY_FILE"
_CONTROLS: Final = "MHSM_HTTPS_CONTROLS"
_MAX_KEYS: Final = "MHSM_HTTPS_MAX_KEYS"
_MAX_MINUTES: Final = "MHSM_HTTPS_MAX_MINUTES"
_DESTRUCTIVE: Final = "MHSM_HTTPS_ALLOW_DESTRUCTIVE"
_KEEP: Final = "MHSM_HTTPS_NO_PURGE"
_STALENESS: Final = "MHSM_HTTPS_STALENESS"
_RUN_ID: Final = "MHSM_HTTPS_RUN_ID"

SERVICE: Final = "." + PUBLIC.resource.removeprefix("https://")
"""What the host names of the service end in."""

MAX_KEYS: Final = 2000
MAX_MINUTES: Final = 120

_RUN: Final = re.compile(r"[0-9a-f]{8}", re.ASCII)
_ADDRESS: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[0-9A-Za-z.-]+):([0-9]{1,5})", re.ASCII)
_HOST: Final = re.compile(r"[0-9A-Za-z.-]+", re.ASCII)


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
    max_keys: int = MAX_KEYS
    max_minutes: int = MAX_MINUTES
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
        return all(_is_loopback(host) for host in hosts)


def is_run_id(text: str) -> bool:
    """Whether the text has the form of a run id."""
    return _RUN.fullmatch(text) is not None


def enter(options: EndpointOptions, environment: MutableMapping[str, str] = os.environ) -> None:
    """Write the options into the environment, with a new run id where a URL is given and none is.

    What is None or empty stays as it is there.
    """
    told = {
        _URLS: "\n".join(options.urls),
        _CONNECT_TO: options.connect_to,
        _CA_FILE: options.ca_file,
        _TOKEN_FILE: options.token_file,
        _COMMAND: options.credential_command,
        _READY_FILE: options.ready_file,
        _CONTROLS: "1" if options.controls else None,
        _MAX_KEYS: _text(options.max_keys),
        _MAX_MINUTES: _text(options.max_minutes),
        _DESTRUCTIVE: "1" if options.allow_destructive else None,
        _KEEP: "1" if options.no_purge else None,
        _STALENESS: _text(options.staleness),
        _RUN_ID: options.run_id or environment.get(_RUN_ID) or secrets.token_hex(4),
    }
    environment.update({name: value for name, value in told.items() if value})


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def endpoint(environment: Mapping[str, str] = os.environ) -> Endpoint:
    """What the environment names; raises TargetUnavailableError for what it lacks or has wrong."""
    server = _server(environment.get(_READY_FILE))
    urls = tuple(_service_url(url) for url in environment.get(_URLS, "").split("\n") if url)
    if server is not None and not urls:
        urls = tuple(f"https://{name}{SERVICE}" for name in tuple(server.urls)[:2])
    if not urls:
        raise TargetUnavailableError(f"no Managed HSM is named: use --url, or set {_URLS}")
    if len(urls) > 2:
        raise TargetUnavailableError("more than two URLs are given; the suites use two instances")
    if len(set(urls)) < len(urls):
        raise TargetUnavailableError("the two URLs are the same; name two unrelated instances")
    run_id = environment.get(_RUN_ID) or secrets.token_hex(4)
    if not is_run_id(run_id):
        raise TargetUnavailableError(f"{run_id!r} is no run id: 8 hexadecimal digits")
    controls = bool(environment.get(_CONTROLS))
    if controls and (server is None or server.controls_url is None):
        raise TargetUnavailableError(
            "--controls is for a server of `mhsm serve --controls`, which --ready-file names"
        )
    connect_to = _address(environment.get(_CONNECT_TO))
    ca_file = _file(environment.get(_CA_FILE))
    if server is not None:
        connect_to, ca_file = connect_to or ("127.0.0.1", server.port), ca_file or server.ca_file
    return Endpoint(
        urls=urls,
        run_id=run_id,
        connect_to=connect_to,
        ca_file=ca_file,
        token_file=environment.get(_TOKEN_FILE) or None,
        credential_command=environment.get(_COMMAND) or None,
        server=server,
        controls=controls,
        max_keys=_number(environment, _MAX_KEYS, MAX_KEYS),
        max_minutes=_number(environment, _MAX_MINUTES, MAX_MINUTES),
        allow_destructive=bool(environment.get(_DESTRUCTIVE)),
        purges=not environment.get(_KEEP),
        staleness=_number(environment, _STALENESS, 0) if environment.get(_STALENESS) else None,
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


def _is_loopback(host: str) -> bool:
    if host in ("localhost", "::1", "[::1]") or host.endswith(".localhost"):
        return True
    return re.fullmatch(r"127(\.[0-9]{1,3}){3}", host, re.ASCII) is not None


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
