"""Public keys as objects that verify and encrypt; cached, as loading costs as much as using."""

from __future__ import annotations

from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mhsm_model.jwk import EcPublic, RsaPublic
from mhsm_model.relations.secrets import EC_CURVES

__all__ = ["is_point", "loaded_ec", "loaded_rsa"]


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


def is_point(public: EcPublic) -> bool:
    """Whether the coordinates are a point of the curve."""
    try:
        loaded_ec(public)
    except ValueError:
        return False
    return True
