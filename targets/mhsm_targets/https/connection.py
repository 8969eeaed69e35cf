"""A connection to one instance: one request over TLS, and what is known where no answer came.

Nothing of the environment decides where a request goes or whom it trusts: no proxy, no bundle of
certificates, no .netrc, no key log.
"""

from __future__ import annotations

import http.cookiejar
import ssl
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError

from mhsm_model.wire.http import HttpResponse
from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["Connection", "LostError", "UnreachedError", "unused_settings"]

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 60.0
"""How long an answer may take: an RSA key of 4096 bits takes seconds."""

_AGENT: Final = "mhsm-conformance"
_UNUSED: Final = (
    "ALL_PROXY",
    "CURL_CA_BUNDLE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSLKEYLOGFILE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
)


class LostError(Exception):
    """The request was sent, and no whole answer came: it may have been carried out or not."""


class UnreachedError(Exception):
    """No connection could be had: nothing was sent."""


def unused_settings(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that are set, that other clients go by, and that this one does not."""
    return tuple(sorted(name for name in environment if name.upper() in _UNUSED))


class _Pinned(HTTPAdapter):
    """Demands the certificate of a host, wherever the connection goes."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._context = context
        self._host = host
        super().__init__(max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **settings: Any
    ) -> None:
        settings |= {
            "ssl_context": self._context,
            "server_hostname": self._host,
        }
        super().init_poolmanager(connections, maxsize, block, **settings)


class Connection:
    """Keeps connections to one instance open. `url` is its service URL.

    With `connect_to` the connection goes to that address and port; certificate and Host header
    stay those of the URL. `ca_file` holds the certificates (PEM) to trust.
    """

    def __init__(
        self,
        url: str,
        *,
        connect_to: tuple[str, int] | None = None,
        ca_file: str | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        parts = urlsplit(url)
        self.url = url
        self.authority = parts.netloc
        """Host and, where the URL has one, port: as kids and Host headers show it."""
        host = parts.hostname or ""
        self._base = url if connect_to is None else f"https://{connect_to[0]}:{connect_to[1]}"
        self._trusted = ca_file or certifi.where()
        self._patience = (CONNECT_SECONDS, answer_seconds)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.clear()
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        self._session.mount("https://", _Pinned(_context(self._trusted), host))

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> HttpResponse:
        """Send one request once; redirects are not followed and bodies not unpacked.

        Raises LostError, UnreachedError, and TargetUnavailableError for a certificate that is not
        trusted.
        """
        sent = {
            "host": self.authority,
            "user-agent": _AGENT,
            "accept": "application/json",
            "accept-encoding": "identity",
            **headers,
        }
        request = requests.Request(method, self._base, headers=sent, data=body or None)
        prepared = self._session.prepare_request(request)
        # As it is: a path in an odd spelling must arrive so.
        prepared.url = self._base + target
        try:
            answered = self._session.send(
                prepared, timeout=self._patience, verify=self._trusted, allow_redirects=False
            )
        except (requests.RequestException, HTTPError, OSError) as error:
            raise self._explained(error) from None
        shown = {name.lower(): value for name, value in answered.headers.items()}
        return HttpResponse(answered.status_code, shown, answered.content)

    def _explained(self, error: BaseException) -> Exception:
        causes = tuple(_causes(error))
        for cause in causes:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return TargetUnavailableError(
                    f"the certificate of {self.authority} is not trusted: {cause.verify_message}; "
                    f"--ca-file names others to trust"
                )
        if any(isinstance(c, NewConnectionError | NameResolutionError) for c in causes):
            return UnreachedError("no connection could be made")
        if any(isinstance(cause, requests.ConnectTimeout) for cause in causes):
            return UnreachedError("no connection was made in time")
        if isinstance(error, requests.Timeout):
            return LostError(f"no answer came within {self._patience[1]:.0f} seconds")
        return LostError("the connection ended before a whole answer")

    def close(self) -> None:
        """Close all connections."""
        self._session.close()


def _context(trusted: str) -> ssl.SSLContext:
    # Not the default context: that one writes a key log where SSLKEYLOGFILE says.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(trusted)
    except (OSError, ssl.SSLError):
        raise TargetUnavailableError(f"{trusted} holds no certificates in PEM") from None
    return context


def _causes(error: BaseException) -> Iterable[BaseException]:
    """The error and what it was raised for, as the libraries keep it: reasons and arguments too."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
