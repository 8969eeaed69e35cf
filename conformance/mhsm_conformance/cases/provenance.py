"""Where the values of a request come from: told from what earlier replies showed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

from mhsm_conformance.cases.terms import (
    Joined,
    LeftOut,
    Piece,
    SampleMember,
    Shown,
    Taken,
    Term,
    joined,
)
from mhsm_model.base64url import encoded
from mhsm_model.exchange import KeyPage, Reply, Request
from mhsm_model.operations.paging import next_token

__all__ = ["PAGE_MEMBERS", "Provenance", "derived", "next_target"]

_CHOSEN: Final = ("value", "iv", "tag", "blob")
_SHORTEST: Final = 8
"""Values shorter than this (bytes or characters) are too common to be told by where they stood."""

_MOST_FLIPS: Final = 8
_LONGEST_ADDED: Final = 32
_TELLING: Final = 16
"""So many bytes in a row that are those of an earlier value are no chance."""

_COMPUTED: Final = "a value that was computed from an earlier reply"


def next_target(page: KeyPage) -> str | None:
    """Path and query of the page's nextLink, or None where there is none."""
    if page.next_link is None:
        return None
    link = urlsplit(page.next_link)
    return f"{link.path}?{link.query}"


PAGE_MEMBERS: Final[Mapping[str, Callable[[KeyPage], str | None]]] = {
    "continuation": next_token,
    "next_target": next_target,
}
"""What a page shows in its nextLink, by the name that a case has for it."""


def derived(value: bytes, whole: bytes, source: Shown | SampleMember) -> Taken | Joined | None:
    """The value as an altered one, a piece or a longer form of the whole one; None for neither."""
    if value == whole:
        return Taken(source)
    if len(value) == len(whole) and len(whole) >= _SHORTEST:
        flips = tuple(
            (_nearer(place, len(whole)), one ^ other)
            for place, (one, other) in enumerate(zip(value, whole, strict=True))
            if one != other
        )
        if len(flips) <= _MOST_FLIPS:
            return Taken(source, flips=flips)
    if len(value) >= _SHORTEST and value in whole:
        start = whole.index(value)
        return _slice(source, start, start + len(value), len(whole))
    head = _shared(value, whole)
    tail = min(_shared(value[::-1], whole[::-1]), min(len(value), len(whole)) - head)
    added = value[head : len(value) - tail]
    if head + tail < _SHORTEST or len(added) > _LONGEST_ADDED:
        return None
    pieces: list[Piece] = []
    if head:
        pieces.append(_slice(source, 0, head, len(whole)))
    pieces.append(added)
    if tail:
        pieces.append(_slice(source, len(whole) - tail, len(whole), len(whole)))
    made = joined(pieces)
    assert isinstance(made, Taken | Joined)
    return made


def _nearer(place: int, length: int) -> int:
    """The place counted from the end it is nearer to: another value may have another length."""
    return place if place < length - place else place - length


def _slice(source: Shown | SampleMember, start: int, stop: int, length: int) -> Taken:
    return Taken(
        source,
        None if start == 0 else _nearer(start, length),
        None if stop == length else _nearer(stop, length),
    )


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


class Provenance:
    """What replies have shown so far, and where.

    A value that the client sent before a reply showed it stands for itself. The first reply that
    showed a value is its source.
    """

    def __init__(self) -> None:
        self._texts: dict[str, Shown] = {}
        self._values: dict[bytes, Shown] = {}
        self._short: dict[bytes, Shown] = {}
        self._sent: set[str | bytes] = set()

    def text(self, value: str) -> str | Taken:
        """The term for a text of a request."""
        source = self._texts.get(value)
        return value if source is None else Taken(source)

    def value(self, value: bytes, *, returned: bool = False) -> Term:
        """The term for bytes of a request; LeftOut where they were computed from a reply's.

        `returned` is for members that hold what a reply gave, however short that is.
        """
        source = self._values.get(value)
        if source is None and returned:
            source = self._short.get(value)
        if source is not None:
            return Taken(source)
        if value in self._sent or len(value) < _SHORTEST:
            return value
        for whole, shown in reversed(self._values.items()):
            found = derived(value, whole, shown)
            if found is not None:
                return found
        if any(_overlap(value, whole) for whole in self._values):
            return LeftOut(_COMPUTED)
        return value

    def parts(self, text: str, more: Iterable[tuple[str, Taken]] = ()) -> str | Taken | Joined:
        """The term for a text in which values may stand anywhere, bytes as base64url.

        `more` are further texts to look for, with what they are taken from.
        """
        known: list[tuple[str, Taken]] = [(one, Taken(shown)) for one, shown in self._texts.items()]
        known += [(encoded(one), Taken(shown, as_text=True)) for one, shown in self._values.items()]
        pieces: list[Piece] = [text]
        for one, taken in sorted([*known, *more], key=lambda row: -len(row[0])):
            pieces = [part for piece in pieces for part in _split(piece, one, taken)]
        made = joined(pieces)
        assert not isinstance(made, bytes)
        return made

    def send(self, request: Request) -> None:
        """The request was sent: what it holds and no reply has shown is the client's own."""
        for value in _values_of(request):
            if value not in self._texts and value not in self._values:
                self._sent.add(value)

    def see(self, reply: Reply, step: int) -> None:
        """The reply to the step was seen."""
        for member, value in _shown(reply):
            if value in self._sent:
                continue
            source = Shown(step, member)
            if len(value) < _SHORTEST:
                if isinstance(value, bytes) and value:
                    self._short.setdefault(value, source)
            elif isinstance(value, str):
                self._texts.setdefault(value, source)
            else:
                self._values.setdefault(value, source)


def _overlap(value: bytes, whole: bytes) -> bool:
    return any(
        value[place : place + _TELLING] in whole for place in range(len(value) - _TELLING + 1)
    )


def _split(piece: Piece, known: str, taken: Taken) -> Iterator[Piece]:
    if not isinstance(piece, str) or known not in piece:
        yield piece
        return
    head, *rest = piece.split(known)
    yield head
    for part in rest:
        yield taken
        yield part


def _values_of(value: Any) -> Iterator[str | bytes]:
    if isinstance(value, str | bytes):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _values_of(getattr(value, field.name))


def _shown(reply: Reply) -> Iterator[tuple[str, str | bytes]]:
    """The members of a reply that hold what the service chose."""
    if isinstance(reply, KeyPage):
        for member, read in PAGE_MEMBERS.items():
            value = read(reply)
            if value is not None:
                yield member, value
    yield from _walk(reply, "")


def _walk(value: Any, path: str) -> Iterator[tuple[str, str | bytes]]:
    if isinstance(value, tuple):
        for place, item in enumerate(cast("Sequence[Any]", value)):
            yield from _walk(item, f"{path}{place}.")
    elif is_dataclass(value):
        for field in fields(value):
            found = getattr(value, field.name)
            name = f"{path}{field.name}"
            if name.endswith("kid"):
                if found is not None and found.version is not None:
                    yield f"{name}.version", found.version
            elif field.name in _CHOSEN and isinstance(found, bytes):
                yield name, found
            elif field.name in ("items", "item", "bundle"):
                yield from _walk(found, f"{name}.")
