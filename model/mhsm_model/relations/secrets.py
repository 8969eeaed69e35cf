"""Secret key material as objects that compute: made from entropy, or from an imported JWK."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import gmpy2
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mhsm_model.jwk import EcPublic, JsonWebKey, PublicKey, RsaPublic
from mhsm_model.tables.key_types import CURVES, PROMOTED, Family, KeyKind

__all__ = [
    "EC_CURVES",
    "EcSecret",
    "OctSecret",
    "RsaSecret",
    "Secret",
    "ec_secret",
    "imported_secret",
    "jwk_of",
    "kind_of",
    "minimal",
    "public_of",
    "rsa_secret",
]

EC_CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1(),
    "P-256K": ec.SECP256K1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RsaSecret:
    """An RSA private key."""

    key: rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EcSecret:
    """An EC private key on the named curve."""

    curve: str
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OctSecret:
    """A symmetric key's bytes."""

    value: bytes


Secret = RsaSecret | EcSecret | OctSecret


def minimal(value: int) -> bytes:
    """The value big-endian without leading zero bytes, as JWK wants RSA numbers."""
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8))


def rsa_secret(p: int, q: int, e: int) -> RsaSecret:
    """The RSA key of two primes and a public exponent coprime to (p-1)(q-1), both p and q odd."""
    d = pow(e, -1, math.lcm(p - 1, q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=d % (p - 1),
        dmq1=d % (q - 1),
        iqmp=pow(q, -1, p),
        public_numbers=rsa.RSAPublicNumbers(e, p * q),
    )
    # The checks cost more than a signature and cannot fail for numbers made here.
    return RsaSecret(numbers.private_key(unsafe_skip_rsa_key_validation=True))


def ec_secret(curve: str, scalar: int) -> EcSecret:
    """The EC key with that private scalar, which must be in 1..order-1."""
    return EcSecret(curve, ec.derive_private_key(scalar, EC_CURVES[curve]))


@lru_cache(maxsize=512)
def imported_secret(key: JsonWebKey) -> Secret | None:
    """The secret in an imported JWK, or None where its members contradict each other."""
    family = PROMOTED.get(key.kty or "")
    try:
        match family:
            case Family.OCT:
                return OctSecret(key.k) if key.k is not None else None
            case Family.RSA:
                return _imported_rsa(key)
            case Family.EC:
                return _imported_ec(key)
            case _:
                return None
    except ValueError:
        return None


def _imported_rsa(key: JsonWebKey) -> RsaSecret | None:
    members = (key.n, key.e, key.d, key.p, key.q, key.dp, key.dq, key.qi)
    if any(member is None for member in members):
        return None
    n, e, d, p, q, dp, dq, qi = (int.from_bytes(member or b"") for member in members)
    if not _agree(n, e, d, p, q, dp, dq, qi):
        return None
    numbers = rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, rsa.RSAPublicNumbers(e, n))
    return RsaSecret(numbers.private_key(unsafe_skip_rsa_key_validation=True))


def _agree(n: int, e: int, d: int, p: int, q: int, dp: int, dq: int, qi: int) -> bool:
    """Whether the numbers are those of one RSA key.

    OpenSSL asks the same, at ten times the cost for its many rounds about primes. Source: RFC 8017,
    section 3.2.
    """
    if min(p, q) < 3 or p * q != n:
        return False
    return (
        (d * e) % math.lcm(p - 1, q - 1) == 1
        and (dp, dq) == (d % (p - 1), d % (q - 1))
        and (qi < p and qi * q % p == 1)
        and all(gmpy2.is_prime(prime) for prime in (p, q))
    )


def _imported_ec(key: JsonWebKey) -> EcSecret | None:
    if key.crv not in CURVES or key.x is None or key.y is None or key.d is None:
        return None
    numbers = ec.EllipticCurvePrivateNumbers(
        int.from_bytes(key.d),
        ec.EllipticCurvePublicNumbers(
            int.from_bytes(key.x), int.from_bytes(key.y), EC_CURVES[key.crv]
        ),
    )
    return EcSecret(key.crv, numbers.private_key())


def jwk_of(secret: Secret) -> JsonWebKey:
    """The whole secret as a JWK of its software type, as `imported_secret` takes it."""
    match secret:
        case RsaSecret(key):
            rsa_numbers = key.private_numbers()
            return JsonWebKey(
                "RSA",
                n=minimal(rsa_numbers.public_numbers.n),
                e=minimal(rsa_numbers.public_numbers.e),
                d=minimal(rsa_numbers.d),
                p=minimal(rsa_numbers.p),
                q=minimal(rsa_numbers.q),
                dp=minimal(rsa_numbers.dmp1),
                dq=minimal(rsa_numbers.dmq1),
                qi=minimal(rsa_numbers.iqmp),
            )
        case EcSecret(curve, key):
            numbers, width = key.private_numbers(), CURVES[curve]
            point = numbers.public_numbers
            x, y = point.x.to_bytes(width), point.y.to_bytes(width)
            return JsonWebKey("EC", crv=curve, x=x, y=y, d=numbers.private_value.to_bytes(width))
        case OctSecret(value):
            return JsonWebKey("oct", k=value)


def public_of(secret: Secret) -> PublicKey | None:
    """The public key that belongs to the secret, or None for a symmetric one."""
    match secret:
        case RsaSecret(key):
            numbers = key.public_key().public_numbers()
            return RsaPublic(minimal(numbers.n), minimal(numbers.e))
        case EcSecret(curve, key):
            point = key.public_key().public_numbers()
            width = CURVES[curve]
            return EcPublic(curve, point.x.to_bytes(width), point.y.to_bytes(width))
        case OctSecret():
            return None


def kind_of(secret: Secret) -> KeyKind:
    """The key kind that the secret is of."""
    match secret:
        case RsaSecret(key):
            return KeyKind(Family.RSA, bits=key.key_size)
        case EcSecret(curve):
            return KeyKind(Family.EC, curve=curve)
        case OctSecret(value):
            return KeyKind(Family.OCT, bits=8 * len(value))
