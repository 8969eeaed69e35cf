"""Chance for a server: unforeseeable unless a seed is given, and RSA keys that are made elsewhere.

An RSA key takes up to seconds. So a draw that finds none ready raises RsaNeeded, which leaves the
state as it was; whoever carries the request out has the key made aside, and tries again.
"""

from __future__ import annotations

import math
import secrets
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mhsm_model.entropy import Entropy, SeededEntropy
from mhsm_model.relations.secrets import EC_CURVES, EcSecret, RsaSecret, rsa_secret

__all__ = ["ForeseeableChance", "RsaNeeded", "ServerChance", "SystemChance"]

_USUAL_EXPONENT: Final = 65537


class RsaNeeded(Exception):
    """An RSA key of that many bits and that exponent must be made first; `make` makes it."""

    def __init__(self, kind: tuple[int, int], make: Callable[[], RsaSecret]) -> None:
        super().__init__(f"an RSA key of {kind[0]} bits")
        self.kind = kind
        self.make = make


class ServerChance(Entropy, Protocol):
    """Entropy that is given its RSA keys."""

    def give(self, needed: RsaNeeded, secret: RsaSecret) -> None:
        """Have the key ready for the next draw of its kind."""
        ...


class _Stock:
    """RSA keys that are ready, by bits and exponent."""

    def __init__(self) -> None:
        self._keys: dict[tuple[int, int], deque[RsaSecret]] = defaultdict(deque)

    def give(self, needed: RsaNeeded, secret: RsaSecret) -> None:
        """Have the key ready for the next draw of its kind."""
        self._keys[needed.kind].append(secret)

    def taken(self, kind: tuple[int, int], make: Callable[[], RsaSecret]) -> RsaSecret:
        """A key that is ready; raises RsaNeeded where there is none."""
        ready = self._keys[kind]
        if not ready:
            raise RsaNeeded(kind, make)
        return ready.popleft()


class SystemChance(_Stock):
    """The operating system's random bytes.

    `choice` is always the first: a service has one order of its checks, and it is the table's.
    """

    def choice(self, count: int) -> int:
        """The first."""
        return 0

    def octets(self, count: int) -> bytes:
        """That many random bytes."""
        return secrets.token_bytes(count)

    def ec(self, curve: str) -> EcSecret:
        """A new EC key."""
        return EcSecret(curve, ec.generate_private_key(EC_CURVES[curve]))

    def rsa(self, bits: int, exponent: int) -> RsaSecret:
        """An RSA key that is ready; raises RsaNeeded where none is."""
        return self.taken((bits, exponent), lambda: _made_rsa(bits, exponent))


class ForeseeableChance(_Stock):
    """A stream from a seed: the same requests one after another give the same keys.

    `starts` is how often the seed was used before on the same keys: each time has its own stream,
    since what is drawn twice would be one key, or one version, in two places.
    """

    def __init__(self, seed: int, starts: int = 0) -> None:
        super().__init__()
        self._source = f"serve {seed}" if not starts else f"serve {seed} again {starts}"
        self._stream = SeededEntropy(self._source.encode())
        self._rsa_keys = 0

    def choice(self, count: int) -> int:
        """The first: see SystemChance."""
        return 0

    def octets(self, count: int) -> bytes:
        """That many bytes of the stream."""
        return self._stream.octets(count)

    def ec(self, curve: str) -> EcSecret:
        """The stream's next EC key."""
        return self._stream.ec(curve)

    def rsa(self, bits: int, exponent: int) -> RsaSecret:
        """The stream's next RSA key, where it is ready; else raises RsaNeeded."""
        source = f"{self._source} {self._rsa_keys}".encode()
        secret = self.taken(
            (bits, exponent),
            lambda: SeededEntropy(source, pooled=False).rsa(bits, exponent),
        )
        self._rsa_keys += 1
        return secret


def _made_rsa(bits: int, exponent: int) -> RsaSecret:
    """A new RSA key. Only OpenSSL makes primes while other threads go on, for its usual exponent.

    Its primes serve any other exponent that is coprime to both less one.
    """
    while True:
        key = rsa.generate_private_key(_USUAL_EXPONENT, bits)
        if exponent == _USUAL_EXPONENT:
            return RsaSecret(key)
        numbers = key.private_numbers()
        p, q = numbers.p, numbers.q
        if math.gcd(exponent, (p - 1) * (q - 1)) == 1:
            return rsa_secret(max(p, q), min(p, q), exponent)
