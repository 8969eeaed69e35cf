"""The algorithms: for which keys, for which operations, of which sizes, since when."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from mhsm_model.tables.algorithms import ALGORITHMS, Algorithm, Use, suits
from mhsm_model.tables.key_operations import DEFAULTS, DefaultOperations
from mhsm_model.tables.key_types import (
    CURVES,
    DEFAULT_CURVE,
    DEFAULT_OCT_BITS,
    DEFAULT_RSA_BITS,
    OCT_BITS,
    RSA_BITS,
    Family,
    KeyKind,
)

__all__ = ["COLUMNS", "AlgorithmRow", "KeyTypeRow", "algorithm_rows", "key_type_rows"]

COLUMNS: Final[tuple[tuple[str, Use], ...]] = (
    ("sign", Use.SIGN),
    ("verify", Use.SIGN),
    ("encrypt", Use.ENCRYPT),
    ("decrypt", Use.ENCRYPT),
    ("wrapKey", Use.WRAP),
    ("unwrapKey", Use.WRAP),
)
"""The operations that use an algorithm, each with the use that it makes of it."""

_KINDS: Final = (
    *(KeyKind(Family.RSA, bits=bits) for bits in RSA_BITS),
    *(KeyKind(Family.EC, curve=curve) for curve in CURVES),
    *(KeyKind(Family.OCT, bits=bits) for bits in OCT_BITS),
)


@dataclass(frozen=True, slots=True)
class AlgorithmRow:
    """One algorithm name.

    `uses` has `yes` or `open` (no document says) for each operation that it may serve. `kinds` are
    the key kinds it is for, `resistant` those with which it resists quantum computers.
    `digest_bytes` is the length of what is signed, where it is fixed; `since` an api-version.
    """

    name: str
    scheme: str
    hash_name: str | None
    digest_bytes: int | None
    kinds: tuple[str, ...]
    uses: dict[str, str]
    resistant: tuple[str, ...]
    since: str | None

    @property
    def keys(self) -> str:
        """The key kinds in short: a type of which all sizes will do is named alone."""
        family = self.kinds[0].partition(" ")[0]
        sizes = tuple(kind.partition(" ")[2] for kind in self.kinds)
        everything = next(row.sizes for row in key_type_rows() if row.name == family)
        return family if sizes == everything else f"{family} {', '.join(sizes)}"

    def as_json(self) -> dict[str, Any]:
        """The row as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class KeyTypeRow:
    """A key type: sizes in bits or curves, the default one, and what its keys permit by default.

    `operations` are always permitted where the creator names none, `more` in some builds, seen
    under api-version `since` first.
    """

    name: str
    sizes: tuple[str, ...]
    default: str
    operations: tuple[str, ...]
    more: tuple[str, ...]
    since: str | None

    def as_json(self) -> dict[str, Any]:
        """The row as JSON values."""
        return asdict(self)


def algorithm_rows() -> tuple[AlgorithmRow, ...]:
    """All algorithms, by the type of their keys."""
    families = {family: place for place, family in enumerate((Family.RSA, Family.EC, Family.OCT))}
    rows = sorted(ALGORITHMS.values(), key=lambda row: families[row.family])
    return tuple(_row(algorithm) for algorithm in rows)


def _row(algorithm: Algorithm) -> AlgorithmRow:
    kinds = tuple(kind for kind in _KINDS if suits(algorithm, kind))
    uses = {
        operation: "yes" if use in algorithm.uses else "open"
        for operation, use in COLUMNS
        if use in algorithm.uses | algorithm.perhaps
    }
    resistant = tuple(str(kind) for kind in kinds if algorithm.is_quantum_resistant(kind.bits))
    return AlgorithmRow(
        algorithm.name,
        algorithm.scheme.value,
        algorithm.hash_name,
        algorithm.digest_bytes,
        tuple(str(kind) for kind in kinds),
        uses,
        resistant,
        algorithm.since,
    )


def key_type_rows() -> tuple[KeyTypeRow, ...]:
    """The key types that can be made."""
    rsa, oct_sizes = (tuple(str(bits) for bits in sizes) for sizes in (RSA_BITS, OCT_BITS))
    return (
        _key_type(Family.RSA, rsa, str(DEFAULT_RSA_BITS)),
        _key_type(Family.EC, tuple(CURVES), DEFAULT_CURVE),
        _key_type(Family.OCT, oct_sizes, str(DEFAULT_OCT_BITS)),
    )


def _key_type(family: Family, sizes: tuple[str, ...], default: str) -> KeyTypeRow:
    permitted: DefaultOperations = DEFAULTS[family]
    always, more = sorted(permitted.always), sorted(permitted.in_some_builds)
    return KeyTypeRow(family.value, sizes, default, tuple(always), tuple(more), permitted.since)
