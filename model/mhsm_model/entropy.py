"""Randomness for the generator: a stream of bytes from a seed, and keys made from it.

The same seed gives the same stream on every machine. Nothing here is fit for keys that protect
anything: the emulator is a test tool.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from typing import Final, Protocol

import gmpy2

from mhsm_model.relations.secrets import EcSecret, RsaSecret, ec_secret, rsa_secret

__all__ = ["Entropy", "SeededEntropy"]

_ORDERS: Final = {
    "P-256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "P-256K": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    "P-384": int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
        16,
    ),
    "P-521": (1 << 521)
    - 657877501894328237357444332315020117536923257219387276263472201219398408051703,
}
"""Orders of the curves' groups. Source: SEC 2, sections 2.4.1, 2.4.2, 2.5.1, 2.6.1."""


class Entropy(Protocol):
    """What the generator asks for when the specification leaves something to chance."""

    def choice(self, count: int) -> int:
        """A number from 0 to count - 1."""
        ...

    def octets(self, count: int) -> bytes:
        """That many bytes."""
        ...

    def rsa(self, bits: int, exponent: int) -> RsaSecret:
        """A new RSA key with a modulus of exactly that many bits."""
        ...

    def ec(self, curve: str) -> EcSecret:
        """A new EC key."""
        ...


class SeededEntropy:
    """Entropy from SHAKE-256 over a seed and a counter.

    RSA keys cost a hundred milliseconds and more each, so with `pooled` the n-th RSA key of a kind
    is the same in every stream of the process and is made once. Within one stream keys still
    differ. Unpooled, RSA keys come from the stream like everything else.
    """

    def __init__(self, seed: int | bytes, *, pooled: bool = True) -> None:
        self._seed = seed if isinstance(seed, bytes) else str(seed).encode()
        self._drawn = 0
        self._pooled = pooled
        self._rsa_keys = 0

    def octets(self, count: int) -> bytes:
        """That many bytes of the stream."""
        self._drawn += 1
        block = self._seed + b"|" + self._drawn.to_bytes(8)
        return hashlib.shake_256(block).digest(count)

    def choice(self, count: int) -> int:
        """A number from 0 to count - 1; no bytes are drawn where there is no choice."""
        return int.from_bytes(self.octets(8)) % count if count > 1 else 0

    def ec(self, curve: str) -> EcSecret:
        """A new EC key, its scalar reduced from 8 bytes more than needed (FIPS 186-5 A.2.1)."""
        order = _ORDERS[curve]
        wide = self.octets((order.bit_length() + 7) // 8 + 8)
        return ec_secret(curve, int.from_bytes(wide) % (order - 1) + 1)

    def rsa(self, bits: int, exponent: int) -> RsaSecret:
        """A new RSA key of exactly that many bits; the exponent must be odd and over 1."""
        self._rsa_keys += 1
        if self._pooled:
            return _pooled_rsa(bits, exponent, self._rsa_keys)
        return _rsa_from(self, bits, exponent)


@lru_cache(maxsize=512)
def _pooled_rsa(bits: int, exponent: int, serial: int) -> RsaSecret:
    source = SeededEntropy(f"rsa pool {bits} {exponent} {serial}".encode(), pooled=False)
    return _rsa_from(source, bits, exponent)


def _rsa_from(entropy: Entropy, bits: int, exponent: int) -> RsaSecret:
    p = _prime(entropy, bits // 2, exponent)
    q = _prime(entropy, bits // 2, exponent)
    while p == q:
        q = _prime(entropy, bits // 2, exponent)
    # The larger prime first: CRT coefficients are defined for p > q in common encodings.
    return rsa_secret(max(p, q), min(p, q), exponent)


def _prime(entropy: Entropy, bits: int, exponent: int) -> int:
    """A prime of that many bits, its two top bits set so that a product of two keeps its length."""
    while True:
        start = int.from_bytes(entropy.octets(bits // 8)) | (0b11 << (bits - 2)) | 1
        prime = int(gmpy2.next_prime(start))
        if prime.bit_length() == bits and math.gcd(prime - 1, exponent) == 1:
            return prime
