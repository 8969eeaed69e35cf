"""A credential that Azure clients take: it fetches tokens from a running server."""

from __future__ import annotations

import asyncio
import json
import urllib.parse
import urllib.request
from types import TracebackType
from typing import Any, Final, NamedTuple

from mhsm_model.tables.clouds import PUBLIC
from mhsm_targets.server.ready import Ready

__all__ = [
    "DEFAULT_PRINCIPAL",
    "AccessToken",
    "AsyncCredential",
    "Credential",
    "fetched_token",
]

DEFAULT_PRINCIPAL: Final = "tester"

_SECONDS: Final = 10
_SCOPE_SUFFIX: Final = "/.default"
# The environment's proxies are for other places than loopback.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class AccessToken(NamedTuple):
    """A token and when it expires, in seconds: the shape of azure.core.credentials.AccessToken."""

    token: str
    expires_on: int


def fetched_token(
    token_url: str, secret: str, resource: str = PUBLIC.resource, principal: str = DEFAULT_PRINCIPAL
) -> AccessToken:
    """A token from the endpoint in the form of App Service.

    Raises OSError where nothing answers or what answers refuses, ValueError for an answer of
    another form.
    """
    query = urllib.parse.urlencode(
        {"api-version": "2019-08-01", "resource": resource, "principal": principal}
    )
    request = urllib.request.Request(f"{token_url}?{query}", headers={"X-IDENTITY-HEADER": secret})
    with _OPENER.open(request, timeout=_SECONDS) as response:
        told = json.load(response)
    try:
        return AccessToken(str(told["access_token"]), int(told["expires_on"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"no token came from {token_url}: {error!r}") from None


class Credential:
    """A principal whom the server knows; has what azure.core.credentials.TokenCredential asks."""

    def __init__(self, ready: Ready, principal: str = DEFAULT_PRINCIPAL) -> None:
        self._ready = ready
        self._principal = principal

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """A token for the resource of the first scope. Raises OSError where the server is gone."""
        scope = scopes[0] if scopes else PUBLIC.resource
        return self.token_for(scope.removesuffix(_SCOPE_SUFFIX))

    def token_for(self, resource: str) -> AccessToken:
        """A token for the resource. Raises OSError where the server is gone."""
        ready = self._ready
        return fetched_token(ready.token_url, ready.token_secret, resource, self._principal)

    def close(self) -> None:
        """Nothing is held."""


class AsyncCredential:
    """The same for clients of azure.*.aio."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """A token for the resource of the first scope. Raises OSError where the server is gone."""
        return await asyncio.to_thread(self._credential.get_token, *scopes)

    async def close(self) -> None:
        """Nothing is held."""

    async def __aenter__(self) -> AsyncCredential:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is held."""
