"""Terms: what a request of a case is made of, before there is a target to send it to.

A plain value stands for itself. What the service chose stands as the place where an earlier reply
showed it, the private members of a key as those of a sample, a time as its distance from the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = [
    "Clock",
    "Joined",
    "LeftOut",
    "Made",
    "Piece",
    "SampleMember",
    "Shown",
    "Taken",
    "Term",
    "joined",
    "leaves",
]


@dataclass(frozen=True, slots=True)
class Shown:
    """A member of the reply to a step; steps are counted from 1."""

    step: int
    member: str


@dataclass(frozen=True, slots=True)
class SampleMember:
    """A member of a sample key: see `vectors.sample_keys`."""

    kind: str
    serial: int
    member: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A value from its source, or the piece from `start` to `stop` of it, as in a Python slice.

    `flips` says which bits are other: pairs of a place, negative from the end, and a mask. With
    `as_text` bytes are written as base64url.
    """

    source: Shown | SampleMember
    start: int | None = None
    stop: int | None = None
    flips: tuple[tuple[int, int], ...] = ()
    as_text: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it is the value as it was."""
        return self.start is None and self.stop is None and not self.flips


Piece = str | bytes | Taken


@dataclass(frozen=True, slots=True)
class Joined:
    """Pieces one after the other: all of them text, or all of them bytes."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """A time, in seconds from what the target's clock shows when it is sent."""

    offset: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A value that a case may not hold, and why: a case that has one cannot be tried."""

    why: str


@dataclass(frozen=True, slots=True)
class Made:
    """A request or a part of one: the name of its class, and its members but for the defaults."""

    kind: str
    members: tuple[tuple[str, Term], ...]


Term = (
    None
    | bool
    | int
    | str
    | bytes
    | tuple[str, ...]
    | Mapping[str, str]
    | Taken
    | Joined
    | Clock
    | LeftOut
    | Made
)


def joined(pieces: Iterable[Piece]) -> str | bytes | Taken | Joined:
    """The pieces as one term: neighbours that are plain are one piece, and one piece is itself."""
    together: list[Piece] = []
    for piece in pieces:
        match (together[-1] if together else None, piece):
            case (str() as last, str()):
                together[-1] = last + piece
            case (bytes() as last, bytes()):
                together[-1] = last + piece
            case _ if piece or isinstance(piece, Taken):
                together.append(piece)
            case _:
                pass
    if not together:
        return ""
    return together[0] if len(together) == 1 else Joined(tuple(together))


def leaves(term: Term) -> Iterator[Term]:
    """The terms that a term is made of, itself where it is not made of others."""
    match term:
        case Made(_, members):
            for _, member in members:
                yield from leaves(member)
        case Joined(pieces):
            yield from pieces
        case _:
            yield term
