"""JSON Web Keys as the service takes and gives them, with binary members as bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["PRIVATE_MEMBERS", "EcPublic", "JsonWebKey", "PublicKey", "RsaPublic"]

PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "k")
"""Members that no reply may carry in clear. Source: REST specification, JsonWebKey."""


@dataclass(frozen=True, slots=True)
class RsaPublic:
    """An RSA public key: modulus and public exponent, big-endian without leading zero bytes."""

    n: bytes
    e: bytes

    @property
    def bits(self) -> int:
        """The length of the modulus in bits."""
        return int.from_bytes(self.n).bit_length()


@dataclass(frozen=True, slots=True)
class EcPublic:
    """A point on a named curve: coordinates as fixed-width big-endian bytes."""

    curve: str
    x: bytes
    y: bytes


PublicKey = RsaPublic | EcPublic


@dataclass(frozen=True, slots=True)
class JsonWebKey:
    """A key as a client imports it; what was not sent is None, private members never print."""

    kty: str | None = None
    crv: str | None = None
    key_ops: tuple[str, ...] | None = None
    n: bytes | None = None
    e: bytes | None = None
    x: bytes | None = None
    y: bytes | None = None
    d: bytes | None = field(default=None, repr=False)
    p: bytes | None = field(default=None, repr=False)
    q: bytes | None = field(default=None, repr=False)
    dp: bytes | None = field(default=None, repr=False)
    dq: bytes | None = field(default=None, repr=False)
    qi: bytes | None = field(default=None, repr=False)
    k: bytes | None = field(default=None, repr=False)
    key_hsm: bytes | None = field(default=None, repr=False)
