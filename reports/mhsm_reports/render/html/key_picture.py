"""The key matrix as a picture: algorithms by kinds of keys, a place in each for an operation."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mhsm_reports.results import MatrixCell
from mhsm_reports.vocabulary import CellOutcome, KeyOperation

#: The places of a cell, row by row: what is done, above what undoes or checks it.
PLACES = (
    (KeyOperation.SIGN, 0, 0),
    (KeyOperation.ENCRYPT, 1, 0),
    (KeyOperation.WRAP, 2, 0),
    (KeyOperation.VERIFY, 0, 1),
    (KeyOperation.DECRYPT, 1, 1),
    (KeyOperation.UNWRAP, 2, 1),
)
_WORST_FIRST = (
    CellOutcome.FAILED,
    CellOutcome.PASSED,
    CellOutcome.REFUSED,
    CellOutcome.UNTESTED,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One operation in a cell: its column and row there, and what became of it."""

    operation: KeyOperation
    x: int
    y: int
    outcome: CellOutcome
    exchanges: int


@dataclass(frozen=True, slots=True)
class Square:
    """One algorithm with one kind of key."""

    marks: tuple[Mark, ...]
    quantum_resistant: bool

    @property
    def told(self) -> str:
        """The square in words, for those who do not see it."""
        by_outcome: dict[CellOutcome, list[str]] = {}
        for mark in self.marks:
            by_outcome.setdefault(mark.outcome, []).append(mark.operation)
        parts = [f"{', '.join(names)} {outcome}" for outcome, names in by_outcome.items()]
        return "; ".join([*parts, *(["quantum-resistant"] if self.quantum_resistant else [])])


@dataclass(frozen=True, slots=True)
class Line:
    """One algorithm: a square for each kind of key, None where nothing was tried."""

    algorithm: str
    squares: tuple[Square | None, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """The algorithms that are at home with one family of keys; `family` is "" where none is."""

    family: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class KeyPicture:
    """The whole picture: the kinds of keys in order, and the bands below them."""

    kinds: tuple[str, ...]
    bands: tuple[Band, ...]


def key_picture(cells: Sequence[MatrixCell]) -> KeyPicture:
    """Arrange cells: kinds by name and size, algorithms with the first family that takes them."""
    kinds = sorted({cell.key_kind for cell in cells}, key=_natural)
    by_place: dict[tuple[str, str], list[MatrixCell]] = {}
    for cell in cells:
        by_place.setdefault((cell.algorithm, cell.key_kind), []).append(cell)
    bands: dict[str, list[Line]] = {}
    families = [*dict.fromkeys(_family(kind) for kind in kinds), ""]
    for algorithm in sorted({cell.algorithm for cell in cells}, key=_natural):
        groups = [by_place.get((algorithm, kind)) for kind in kinds]
        line = Line(algorithm, tuple(None if group is None else _square(group) for group in groups))
        bands.setdefault(_home(kinds, groups), []).append(line)
    return KeyPicture(
        tuple(kinds),
        tuple(Band(family, tuple(bands[family])) for family in families if family in bands),
    )


def _square(cells: Iterable[MatrixCell]) -> Square:
    found: dict[KeyOperation, list[MatrixCell]] = {}
    for cell in cells:
        found.setdefault(cell.operation, []).append(cell)
    marks = tuple(
        Mark(operation, x, y, _worst(found[operation]), sum(c.exchanges for c in found[operation]))
        for operation, x, y in PLACES
        if operation in found
    )
    # An algorithm that is not for the key protects nothing, whatever is thought of it.
    used = [cell for group in found.values() for cell in group if not _foreign(cell)]
    return Square(marks, any(cell.quantum_resistant for cell in used))


def _worst(cells: Sequence[MatrixCell]) -> CellOutcome:
    outcomes = {cell.outcome for cell in cells}
    return next(outcome for outcome in _WORST_FIRST if outcome in outcomes)


def _foreign(cell: MatrixCell) -> bool:
    return cell.outcome is CellOutcome.REFUSED


def _home(kinds: Sequence[str], groups: Sequence[Sequence[MatrixCell] | None]) -> str:
    for kind, group in zip(kinds, groups, strict=True):
        if group is not None and not all(_foreign(cell) for cell in group):
            return _family(kind)
    return ""


def _family(kind: str) -> str:
    return kind.partition(" ")[0]


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort numbers in names as numbers."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part.casefold())
        for part in re.split(r"(\d+)", name)
        if part
    ]
