"""Where a Python witness stands: the HSM's URL, a credential, clients, names not used before."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from typing import Any

from mhsm_conformance.witnesses.python.flavour import Flavour, settled
from mhsm_conformance.witnesses.python.own_keys import OwnKey
from mhsm_conformance.witnesses.testimony import encoded

__all__ = ["Stand", "coordinates", "names_of"]


class Stand:
    """One KeyClient, and a CryptographyClient for each key, all with one credential."""

    def __init__(self, flavour: Flavour, url: str, credential: Any) -> None:
        self.flavour = flavour
        self.url = url
        self.credential = credential
        self.client = flavour.keys.KeyClient(url, credential)
        self._run = secrets.token_hex(4)
        self._serials = itertools.count(1)
        self._opened: list[Any] = [self.client]

    def name(self, noun: str) -> str:
        """A name for a key that was not given out before."""
        return f"{self.flavour.name}-{self._run}-{noun}-{next(self._serials)}"

    def key_client(self, credential: Any) -> Any:
        """A KeyClient with another credential."""
        client = self.flavour.keys.KeyClient(self.url, credential)
        self._opened.append(client)
        return client

    def cryptography(self, key: Any) -> Any:
        """A client of the key, which computes by itself what needs the public key alone."""
        client = self.flavour.cryptography.CryptographyClient(key, self.credential)
        self._opened.append(client)
        return client

    def remote(self, key: Any) -> Any:
        """A client of the key that asks the HSM for everything.

        It is given the public key without operations, and so may not use it here.
        """
        members = ("n", "e", "x", "y")
        jwk = {name: value for name in members if (value := getattr(key.key, name)) is not None}
        curve = {} if key.key.crv is None else {"crv": key.key.crv}
        bare = self.flavour.shared.KeyVaultKey(
            key.id, jwk={"kty": key.key.kty, "kid": key.id, "key_ops": [], **jwk, **curve}
        )
        return self.cryptography(bare)

    async def small(self, name: str) -> Any:
        """A new version of a key that costs little: P-256."""
        return await settled(
            self.client.create_ec_key(name, curve="P-256", hardware_protected=True)
        )

    async def imported(self, key: OwnKey) -> Any:
        """The own key imported, under a new name."""
        jwk = self.flavour.shared.JsonWebKey(
            kty=key.hsm_type, key_ops=list(key.operations), **key.private
        )
        name = self.name("imported")
        return await settled(self.client.import_key(name, jwk, hardware_protected=True))

    async def deleted(self, name: str) -> Any:
        """The key deleted, and seen to be."""
        if self.flavour.is_async:
            return await self.client.delete_key(name)
        poller = self.client.begin_delete_key(name)
        poller.wait()
        return poller.result()

    async def recovered(self, name: str) -> Any:
        """The deleted key recovered, and seen to be."""
        if self.flavour.is_async:
            return await self.client.recover_deleted_key(name)
        poller = self.client.begin_recover_deleted_key(name)
        poller.wait()
        return poller.result()

    async def refusal(self, call: Callable[[], Any]) -> tuple[int, str] | None:
        """Status and code with which the HSM refuses the call; None where it does not."""
        try:
            await settled(call())
        except self.flavour.errors.HttpResponseError as error:
            return error.status_code, error.error.code if error.error else ""
        return None

    async def close(self) -> None:
        """Close every client."""
        for client in self._opened:
            await settled(client.close())


def coordinates(key: Any) -> dict[str, Any]:
    """The public members of a key of the client's: bytes in base64, and the name of the curve."""
    members = {name: encoded(getattr(key.key, name)) for name in ("n", "e", "x", "y")}
    curve = getattr(key.key.crv, "value", key.key.crv)
    return {name: value for name, value in {**members, "crv": curve}.items() if value is not None}


def names_of(values: Any) -> list[str]:
    """The values of enumerations, or what stands for values that the client does not know."""
    return [str(getattr(value, "value", value)) for value in values]
