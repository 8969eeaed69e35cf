"""Tokens: a built-in issuer that signs them, and the check of those that clients show.

A token is a JWT signed with RS256. Issuer, audience, times and the key named in the header are
checked, as a resource of the vendor's identity platform does. Source: RFC 7519, RFC 7515, RFC 7517.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from mhsm_model.tables.clouds import PUBLIC

__all__ = ["LIFETIME", "Issuer", "IssuerKey"]

LIFETIME: Final = 24 * 3600
"""How long a token is good, in seconds. Source: documentation of managed identities."""

_LEEWAY: Final = 60
_REMEMBERED: Final = 4096
_LONGEST: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """What an issuer is: its tenant (a UUID) and its private key in PEM (PKCS#8)."""

    tenant: str
    private_key: bytes

    @classmethod
    def made(cls) -> IssuerKey:
        """A new tenant with a new key of 2048 bits."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return cls(str(uuid.uuid4()), pem)


class Issuer:
    """Signs tokens and checks them. Times are seconds of the real clock."""

    def __init__(self, key: IssuerKey) -> None:
        loaded = serialization.load_pem_private_key(key.private_key, None)
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise ValueError("the issuer's key is no RSA key")
        self.tenant = key.tenant
        self.name = f"https://localhost/{key.tenant}/"
        self._private = loaded
        self._public = loaded.public_key()
        encoded = self._public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._key_id = hashlib.sha256(encoded).hexdigest()[:40]
        self._good: OrderedDict[tuple[str, str], int] = OrderedDict()

    def mint(self, principal: str, resource: str, now: int, lifetime: int = LIFETIME) -> str:
        """A token for the principal that is good for the resource, from now on."""
        identity = str(uuid.uuid5(uuid.UUID(self.tenant), principal))
        claims = {
            "aud": resource,
            "iss": self.name,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "appid": identity,
            "idtyp": "app",
            "name": principal,
            "oid": identity,
            "sub": identity,
            "tid": self.tenant,
            "ver": "1.0",
        }
        return jwt.encode(claims, self._private, "RS256", headers={"kid": self._key_id})

    def key_set(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        key = RSAAlgorithm.to_jwk(self._public, as_dict=True)
        shown = {name: key[name] for name in ("kty", "n", "e")}
        return {"keys": [{**shown, "use": "sig", "alg": "RS256", "kid": self._key_id}]}

    def accepts(self, token: str, resource: str, now: int) -> bool:
        """Whether the token is good at that time for the resource, or for the service's own."""
        if len(token) > _LONGEST:
            return False
        remembered = self._good.get((token, resource))
        if remembered is not None:
            return now < remembered + _LEEWAY
        try:
            if jwt.get_unverified_header(token).get("kid") != self._key_id:
                return False
            claims = jwt.decode(
                token,
                self._public,
                algorithms=["RS256"],
                audience=_audiences(resource),
                issuer=self.name,
                leeway=_LEEWAY,
                options={
                    "require": ["aud", "iss", "exp", "nbf", "iat", "tid"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
            expires, begins = int(claims["exp"]), int(claims["nbf"])
        except (jwt.PyJWTError, ValueError, TypeError):
            return False
        if claims["tid"] != self.tenant or not begins - _LEEWAY <= now < expires + _LEEWAY:
            return False
        self._good[token, resource] = expires
        if len(self._good) > _REMEMBERED:
            self._good.popitem(last=False)
        return True


def _audiences(resource: str) -> list[str]:
    named = (resource, PUBLIC.resource)
    return [*named, *(f"{name}/" for name in named)]
