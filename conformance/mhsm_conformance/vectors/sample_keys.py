"""Keys to import, made from a fixed seed: a script can name them instead of showing them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from mhsm_model.entropy import SeededEntropy
from mhsm_model.jwk import JsonWebKey
from mhsm_model.relations.secrets import OctSecret, jwk_of
from mhsm_model.tables.key_types import CURVES, OCT_BITS, RSA_BITS

__all__ = ["SAMPLE_KINDS", "sample_key", "sample_like"]

SAMPLE_KINDS: Final[tuple[str, ...]] = (
    *(f"RSA {bits}" for bits in RSA_BITS),
    *(f"EC {curve}" for curve in CURVES),
    *(f"oct {bits}" for bits in OCT_BITS),
)
"""The kinds of key there are samples of: a software type name, and a size in bits or a curve."""

_ODD_KINDS: Final = ("RSA 1024", "oct 64", "oct 136", "oct 512", "oct 520")
_SERIALS: Final = 2
_ZEROS: Final = 8


@cache
def sample_key(kind: str, serial: int = 0) -> JsonWebKey:
    """The sample of a kind with that serial number; equal arguments give the same key everywhere.

    Besides SAMPLE_KINDS any RSA size and any multiple of 8 bits for oct will do. Raises ValueError
    for a kind that does not parse.
    """
    family, _, detail = kind.partition(" ")
    entropy = SeededEntropy(f"sample {kind} {serial}".encode(), pooled=False)
    match family:
        case "RSA":
            return jwk_of(entropy.rsa(int(detail), 65537))
        case "EC" if detail in CURVES:
            return jwk_of(entropy.ec(detail))
        case "oct":
            return jwk_of(OctSecret(entropy.octets(int(detail) // 8)))
        case _:
            raise ValueError(f"there is no sample of kind {kind!r}")


def _kinds_of_length(key: JsonWebKey) -> Iterator[str]:
    """The kinds whose secret may be as long as the key's: to make the others takes its time."""
    length = len(key.k or b"") if key.d is None else len(key.d)
    for kind in (*SAMPLE_KINDS, *_ODD_KINDS):
        family, _, detail = kind.partition(" ")
        if (family == "oct") != (key.d is None):
            continue
        longest = CURVES[detail] if family == "EC" else int(detail) // 8
        # A private exponent may begin with bytes that are zero, which are not written.
        if longest - _ZEROS <= length <= longest:
            yield kind


def sample_like(key: JsonWebKey) -> tuple[str, int] | None:
    """The kind and serial of the sample with the same secret, whatever else differs, or None."""
    if key.d is None and key.k is None:
        return None
    for kind in _kinds_of_length(key):
        for serial in range(_SERIALS):
            sample = sample_key(kind, serial)
            if (sample.d, sample.k) == (key.d, key.k):
                return kind, serial
    return None
