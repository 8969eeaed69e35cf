"""Keys that a witness makes itself, so that what an HSM computes can be checked outside."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mhsm_conformance.witnesses.testimony import encoded

__all__ = ["OwnKey", "own_ec", "own_oct", "own_rsa"]

_CURVES: Final[dict[str, tuple[ec.EllipticCurve, str, int]]] = {
    "P-256": (ec.SECP256R1(), "ES256", 32),
    "P-256K": (ec.SECP256K1(), "ES256K", 32),
    "P-384": (ec.SECP384R1(), "ES384", 48),
    "P-521": (ec.SECP521R1(), "ES512", 64),
}
_RSA_OPERATIONS: Final = ("sign", "verify", "encrypt", "decrypt", "wrapKey", "unwrapKey")


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key of the witness's. `private` are the members to import: bytes, and the curve's name.

    `signs` is an algorithm that it signs with, of digests of that many bytes.
    """

    kind: str
    hsm_type: str
    operations: tuple[str, ...]
    private: Mapping[str, Any]
    signs: str
    digest_bytes: int
    pem: str | None = None

    def public(self) -> dict[str, Any]:
        """What may be shown of it: bytes in base64."""
        shown = {name: self.private.get(name) for name in ("n", "e", "x", "y")}
        members: dict[str, Any] = {n: encoded(v) for n, v in shown.items() if v is not None}
        return members | {n: v for n, v in self.private.items() if n == "crv"}

    def material(self) -> dict[str, Any]:
        """What a claim about it must say for it to be checked."""
        if self.hsm_type == "oct-HSM":
            return {"k": encoded(self.private["k"])}
        return self.public() | ({} if self.pem is None else {"pem": self.pem})


@cache
def own_rsa(bits: int = 2048) -> OwnKey:
    """A new RSA key, the same for equal arguments."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    numbers = key.private_numbers()
    members = {
        "n": numbers.public_numbers.n,
        "e": numbers.public_numbers.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    private = {name: _shortest(value) for name, value in members.items()}
    return OwnKey(f"RSA {bits}", "RSA-HSM", _RSA_OPERATIONS, private, "RS256", 32, pem)


@cache
def own_ec(curve: str) -> OwnKey:
    """A new EC key, the same for equal arguments."""
    kind, algorithm, digest_bytes = _CURVES[curve]
    key = ec.generate_private_key(kind)
    numbers = key.private_numbers()
    width = (kind.key_size + 7) // 8
    members = {
        "x": numbers.public_numbers.x,
        "y": numbers.public_numbers.y,
        "d": numbers.private_value,
    }
    private = {name: value.to_bytes(width, "big") for name, value in members.items()}
    return OwnKey(
        f"EC {curve}",
        "EC-HSM",
        ("sign", "verify"),
        {"crv": curve, **private},
        algorithm,
        digest_bytes,
    )


@cache
def own_oct(bits: int) -> OwnKey:
    """A new symmetric key, the same for equal arguments."""
    operations = ("encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify")
    secret = secrets.token_bytes(bits // 8)
    return OwnKey(f"oct {bits}", "oct-HSM", operations, {"k": secret}, "HS256", 32)


def _shortest(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
