"""Key types: what a client may ask for, what the service stores, and the sizes and curves.

Source: REST specification, JsonWebKeyType and JsonWebKeyCurveName; recorded promotion of software
type names to their HSM form on create and on import.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = [
    "CURVES",
    "DEFAULT_CURVE",
    "DEFAULT_OCT_BITS",
    "DEFAULT_PUBLIC_EXPONENT",
    "DEFAULT_RSA_BITS",
    "OCT_BITS",
    "PROMOTED",
    "PUBLIC_EXPONENTS",
    "RSA_BITS",
    "Family",
    "KeyKind",
]


class Family(StrEnum):
    """The stored key types."""

    RSA = "RSA-HSM"
    EC = "EC-HSM"
    OCT = "oct-HSM"
    OKP = "OKP-HSM"


PROMOTED: Final[dict[str, Family]] = {
    "RSA": Family.RSA,
    "RSA-HSM": Family.RSA,
    "EC": Family.EC,
    "EC-HSM": Family.EC,
    "oct": Family.OCT,
    "oct-HSM": Family.OCT,
}
"""Requested `kty` to stored `kty`."""

RSA_BITS: Final = (2048, 3072, 4096)
OCT_BITS: Final = (128, 192, 256)
CURVES: Final[dict[str, int]] = {"P-256": 32, "P-256K": 32, "P-384": 48, "P-521": 66}
"""Curve name to the width of one coordinate in bytes."""

DEFAULT_RSA_BITS: Final = 2048
DEFAULT_CURVE: Final = "P-256"
DEFAULT_OCT_BITS: Final = 256
DEFAULT_PUBLIC_EXPONENT: Final = 65537
PUBLIC_EXPONENTS: Final = (3, 17, 65537)
"""Public exponents that recordings or documents show accepted; others are an open question."""


@dataclass(frozen=True, slots=True)
class KeyKind:
    """A key type with its size: bits for RSA and oct (None: not revealed), a curve for EC."""

    family: Family
    bits: int | None = None
    curve: str | None = None

    def __str__(self) -> str:
        detail = self.curve if self.curve is not None else self.bits
        return f"{self.family} {detail}" if detail is not None else str(self.family)
