"""Public keys as objects that verify and encrypt; cached, as loading costs as much as using."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final

import gmpy2
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mhsm_model.jwk import EcPublic, RsaPublic
from mhsm_model.relations.secrets import EC_CURVES

__all__ = ["is_plausible", "is_point", "loaded_ec", "loaded_rsa"]


@lru_cache(maxsize=2048)
def loaded_rsa(public: RsaPublic) -> rsa.RSAPublicKey:
    """The RSA public key; raises ValueError where the numbers cannot be a key."""
    return rsa.RSAPublicNumbers(int.from_bytes(public.e), int.from_bytes(public.n)).public_key()


@lru_cache(maxsize=2048)
def loaded_ec(public: EcPublic) -> ec.EllipticCurvePublicKey:
    """The EC public key; raises ValueError where the point is not on the curve."""
    return ec.EllipticCurvePublicNumbers(
        int.from_bytes(public.x), int.from_bytes(public.y), EC_CURVES[public.curve]
    ).public_key()


_LARGEST_FACTOR: Final = 1 << 16
_LONGEST_EXPONENT: Final = 8


@cache
def _small_primes() -> gmpy2.mpz:
    return gmpy2.primorial(_LARGEST_FACTOR) // 2


@lru_cache(maxsize=4096)
def is_plausible(public: RsaPublic) -> bool:
    """Whether the numbers can be an RSA key, as far as a glance tells.

    The exponent is odd, from 3 on, at most 8 bytes; the modulus is odd without a factor below 2^16.
    """
    n, e = int.from_bytes(public.n), int.from_bytes(public.e)
    if len(public.e) > _LONGEST_EXPONENT or e < 3 or not e & 1 or not n & 1:
        return False
    return gmpy2.gcd(n, _small_primes() % n) == 1


def is_point(public: EcPublic) -> bool:
    """Whether the coordinates are a point of the curve."""
    try:
        loaded_ec(public)
    except ValueError:
        return False
    return True
