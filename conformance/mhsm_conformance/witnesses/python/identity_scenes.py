"""What credentials of azure-identity do: they find an endpoint, and the HSM takes the token."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator
from typing import Any, Final

from mhsm_conformance.witnesses.python.flavour import settled
from mhsm_conformance.witnesses.python.stand import Stand
from mhsm_conformance.witnesses.testimony import Claims, Scene, equal

__all__ = ["identity_scenes"]

_APP_SERVICE: Final = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")
_MACHINE: Final = ("AZURE_POD_IDENTITY_AUTHORITY_HOST",)
_FAR: Final = 4_000_000_000


def identity_scenes(stand: Stand) -> list[Scene]:
    """Two credentials, each through the endpoint of App Service and that of virtual machines."""
    scenes = _IdentityScenes(stand)
    forms = {"App Service": _MACHINE, "a virtual machine (IMDS)": _APP_SERVICE}
    kinds = ("ManagedIdentityCredential", "DefaultAzureCredential")
    return [
        *(
            Scene(f"{kind}, {form}", scenes.works(kind, hidden))
            for kind in kinds
            for form, hidden in forms.items()
        ),
        Scene("get_key with a token that is none", scenes.wrong_token("not-a-token")),
        Scene("get_key with a token that is forged", scenes.forged_token),
    ]


class _FixedToken:
    """A credential of either flavour that has always the same AccessToken."""

    def __init__(self, token: Any, *, is_async: bool) -> None:
        self._token = token
        self._is_async = is_async

    def get_token(self, *_: str, **__: Any) -> Any:
        """The token: for aio a coroutine that gives it."""
        return _later(self._token) if self._is_async else self._token

    def close(self) -> None:
        """Nothing is held."""


async def _later(value: Any) -> Any:
    return value


class _IdentityScenes:
    def __init__(self, stand: Stand) -> None:
        self.stand = stand

    def works(self, kind: str, hidden: tuple[str, ...]) -> Callable[[], Any]:
        async def play() -> Claims:
            with _without(hidden):
                credential = getattr(self.stand.flavour.identity, kind)()
                client = self.stand.key_client(credential)
                drawn = await settled(client.get_random_bytes(16))
                token = await settled(credential.get_token(_SCOPE))
            await settled(credential.close())
            return [
                equal("the random bytes", 16, len(drawn)),
                equal("the parts of the token", 3, len(token.token.split("."))),
            ]

        return play

    def wrong_token(self, token: str) -> Callable[[], Any]:
        async def play() -> Claims:
            return [equal("the status", 401, await self._status(token))]

        return play

    async def forged_token(self) -> Claims:
        good = (await settled(self.stand.credential.get_token(_SCOPE))).token
        head, claims, signature = good.split(".")
        forged = ("A" if signature[0] != "A" else "B") + signature[1:]
        return [
            equal("the status with the good token", 404, await self._status(good)),
            equal("the status", 401, await self._status(f"{head}.{claims}.{forged}")),
        ]

    async def _status(self, token: str) -> int | None:
        flavour = self.stand.flavour
        shown = flavour.credentials.AccessToken(token, _FAR)
        fixed = _FixedToken(shown, is_async=flavour.is_async)
        client = self.stand.key_client(fixed)
        refused = await self.stand.refusal(lambda: client.get_key("no-such-key"))
        return None if refused is None else refused[0]


_SCOPE: Final = "https://managedhsm.azure.net/.default"


@contextlib.contextmanager
def _without(names: tuple[str, ...]) -> Generator[None]:
    """The environment without these variables, while the block runs."""
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
