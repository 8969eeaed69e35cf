"""Keys to import, sound and broken, each made from a fixed seed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from mhsm_model.entropy import SeededEntropy
from mhsm_model.jwk import EcPublic, JsonWebKey, RsaPublic
from mhsm_model.relations.secrets import minimal, public_of
from mhsm_model.tables.key_types import CURVES


@cache
def ec_key(curve: str = "P-256", serial: int = 0) -> JsonWebKey:
    secret = SeededEntropy(f"ec {curve} {serial}".encode()).ec(curve)
    public = public_of(secret)
    assert isinstance(public, EcPublic)
    scalar = secret.key.private_numbers().private_value.to_bytes(CURVES[curve])
    return JsonWebKey("EC", crv=curve, x=public.x, y=public.y, d=scalar)


@cache
def rsa_key(bits: int = 2048) -> JsonWebKey:
    secret = SeededEntropy(f"rsa {bits}".encode(), pooled=False).rsa(bits, 65537)
    public, numbers = public_of(secret), secret.key.private_numbers()
    assert isinstance(public, RsaPublic)
    return JsonWebKey(
        "RSA",
        n=public.n,
        e=public.e,
        d=minimal(numbers.d),
        p=minimal(numbers.p),
        q=minimal(numbers.q),
        dp=minimal(numbers.dmp1),
        dq=minimal(numbers.dmq1),
        qi=minimal(numbers.iqmp),
    )


def oct_key(octets: int = 32, serial: int = 0) -> JsonWebKey:
    return JsonWebKey("oct-HSM", k=SeededEntropy(f"oct {octets} {serial}".encode()).octets(octets))


@cache
def sound_keys() -> tuple[JsonWebKey, ...]:
    return (
        ec_key(),
        replace(ec_key("P-256", 1), kty="EC-HSM", key_ops=("sign",)),
        ec_key("P-521"),
        rsa_key(),
        oct_key(16),
        oct_key(24),
        oct_key(32),
    )


@cache
def broken_keys() -> tuple[JsonWebKey, ...]:
    return (
        JsonWebKey(),
        JsonWebKey("nonsense", k=bytes(16)),
        JsonWebKey("EC", crv="P-256"),
        JsonWebKey("RSA", n=b"\x05", e=b"\x03"),
        JsonWebKey("oct"),
        replace(ec_key(), crv="P-192"),
        replace(ec_key(), y=bytes(32)),
        replace(ec_key(), d=ec_key("P-256", 1).d),
        replace(rsa_key(), d=b"\x03"),
        rsa_key(1024),
        oct_key(17),
        oct_key(65),
        JsonWebKey("oct", k=b""),
    )
