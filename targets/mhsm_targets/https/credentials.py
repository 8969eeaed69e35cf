"""Where bearer tokens come from: the environment, a file, a command, or azure-identity."""

from __future__ import annotations

import base64
import binascii
import json
import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol, cast

from mhsm_targets.https.endpoint import Endpoint
from mhsm_targets.https.options import TOKEN
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.server.credential import fetched_token
from mhsm_targets.server.ready import Ready

__all__ = ["Tokens", "expiry", "tokens_of"]

_COMMAND_SECONDS: Final = 60
_EARLY: Final = 120
"""A token is fetched anew this many seconds before it expires."""

_UNTOLD_LIFETIME: Final = 300
"""For how long, in seconds, a token whose expiry nobody tells is used before it is fetched anew."""


class Tokens(Protocol):
    """Gives bearer tokens. What it gives never reaches a message, a report or a stored case."""

    def token(self, resource: str) -> str:
        """A token for the resource (a URL); raises TargetUnavailableError where there is none."""
        ...


def tokens_of(told: Endpoint) -> Tokens:
    """The source that the endpoint names: a file, a command, the environment, the test server.

    Else azure-identity.

    Raises TargetUnavailableError where two are named, or azure-identity is needed and not there.
    """
    if told.token_file and told.credential_command:
        raise TargetUnavailableError("name a token file or a credential command, not both")
    if told.token_file:
        return _Fetched(_from_file(told.token_file))
    if told.credential_command:
        return _Fetched(_from_command(told.credential_command))
    if told.token:
        return _Fetched(_from_environment(told.token))
    return _azure() if told.server is None else _Fetched(_from_server(told.server))


class _Fetched:
    """Fetches a token and keeps it until it nears its end."""

    def __init__(
        self,
        fetch: Callable[[str], tuple[str, float | None]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._kept: dict[str, tuple[str, float]] = {}

    def token(self, resource: str) -> str:
        """A token for the resource, fetched anew where the last one nears its end."""
        now = self._clock()
        kept = self._kept.get(resource)
        if kept is not None and now < kept[1]:
            return kept[0]
        value, ends = self._fetch(resource)
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise TargetUnavailableError("what should be a bearer token is none: one line of ASCII")
        ends = expiry(value) if ends is None else ends
        if ends is not None and ends <= now:
            raise TargetUnavailableError("the bearer token has expired; get a new one")
        until = now + _UNTOLD_LIFETIME if ends is None else max(ends - _EARLY, now + 1)
        self._kept[resource] = (value, until)
        return value


def expiry(token: str) -> float | None:
    """When a JWT expires, in seconds since 1970, or None for what is none or does not tell."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    told = cast("dict[str, Any]", claims).get("exp") if isinstance(claims, dict) else None
    return float(told) if isinstance(told, int) else None


def _from_environment(token: str) -> Callable[[str], tuple[str, float | None]]:
    return lambda resource: (token.strip(), None)


def _from_server(server: Ready) -> Callable[[str], tuple[str, float | None]]:
    def fetch(resource: str) -> tuple[str, float | None]:
        try:
            made = fetched_token(server.token_url, server.token_secret, resource)
        except (OSError, ValueError):
            raise TargetUnavailableError("the test server that is named gives no token") from None
        return made.token, float(made.expires_on)

    return fetch


def _from_file(path: str) -> Callable[[str], tuple[str, float | None]]:
    def fetch(resource: str) -> tuple[str, float | None]:
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            told = error.strerror if isinstance(error, OSError) else "it is no text"
            raise TargetUnavailableError(
                f"cannot read the token file {path}: {(told or '').lower()}"
            ) from None
        return text.strip(), None

    return fetch


def _from_command(command: str) -> Callable[[str], tuple[str, float | None]]:
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        raise TargetUnavailableError("the credential command is no command line")

    def fetch(resource: str) -> tuple[str, float | None]:
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_COMMAND_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise TargetUnavailableError(
                f"the credential command {words[0]} is not there"
            ) from None
        except subprocess.TimeoutExpired:
            raise TargetUnavailableError(
                f"the credential command {words[0]} took more than {_COMMAND_SECONDS} seconds"
            ) from None
        except (OSError, UnicodeDecodeError):
            raise TargetUnavailableError(
                f"the credential command {words[0]} does not run"
            ) from None
        if done.returncode:
            # What it printed may hold a secret, so it is not shown.
            raise TargetUnavailableError(
                f"the credential command {words[0]} ended with status {done.returncode}"
            )
        return _told_by_command(done.stdout.strip())

    return fetch


def _told_by_command(text: str) -> tuple[str, float | None]:
    """A token alone, or the JSON of `az account get-access-token`."""
    if not text.startswith("{"):
        return text, None
    try:
        told: Any = json.loads(text)
    except ValueError:
        told = {}
    token = told.get("accessToken") or told.get("token") or told.get("access_token")
    ends = told.get("expires_on")
    return str(token or ""), float(ends) if isinstance(ends, int) else None


def _azure() -> Tokens:
    # Loaded only here: azure-identity is an extra of its own.
    try:
        from azure.core.exceptions import ClientAuthenticationError  # noqa: PLC0415
        from azure.identity import (  # noqa: PLC0415
            CredentialUnavailableError,
            DefaultAzureCredential,
        )
    except ModuleNotFoundError:
        raise TargetUnavailableError(
            f"there is no credential: use --token-file or --credential-command, set {TOKEN}, or "
            f"install mhsm-conformance with its extra `azure`"
        ) from None
    credential: Any = DefaultAzureCredential()

    def fetch(resource: str) -> tuple[str, float | None]:
        try:
            made = credential.get_token(f"{resource}/.default")
        except (ClientAuthenticationError, CredentialUnavailableError):
            raise TargetUnavailableError(
                "azure-identity finds no credential: log in with `az login`, or set its variables"
            ) from None
        return str(made.token), float(made.expires_on)

    return _Fetched(fetch)
