"""A line as words: what is quoted means itself, what is not may be a sign of the language.

`"…"` is a JSON string, `'…'` is taken as it stands, and both may be a part of a word. A `#` at the
beginning of a word starts a comment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["LineError", "Piece", "Word", "quoted", "words_of"]

_BARE: Final = re.compile(r"[A-Za-z0-9_.+][A-Za-z0-9_.+-]*", re.ASCII)
_SPECIAL: Final = frozenset({"as"})


class LineError(ValueError):
    """A line that cannot be carried out: what is wrong, and the column it is about (from 0)."""

    def __init__(self, problem: str, column: int) -> None:
        super().__init__(problem)
        self.column = column


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a word: its text, whether it stood outside of quotes, and its column."""

    text: str
    is_plain: bool
    column: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line; one with no pieces is the nothing between two signs."""

    pieces: tuple[Piece, ...]
    column: int

    @property
    def text(self) -> str:
        """The characters that are meant."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def end(self) -> int:
        """The column after the word, but for a quote at its end."""
        last = self.pieces[-1] if self.pieces else Piece("", True, self.column)
        return last.column + len(last.text)

    def begins(self, sign: str) -> bool:
        """Whether the word begins with these characters, outside of quotes."""
        first = self.pieces[0] if self.pieces else None
        return first is not None and first.is_plain and first.text.startswith(sign)

    def means(self, sign: str) -> bool:
        """Whether the word is just these characters, outside of quotes."""
        return self.begins(sign) and self.text == sign

    def after(self, length: int) -> Word:
        """The word without its first characters, which are all of its first piece."""
        first, *others = self.pieces
        rest = Piece(first.text[length:], True, first.column + length)
        pieces = tuple(others) if not rest.text else (rest, *others)
        return Word(pieces, self.column + length)

    def parted(self, sign: str) -> tuple[Word, Word] | None:
        """The words before and after the first such character outside of quotes, or None."""
        for place, piece in enumerate(self.pieces):
            at = piece.text.find(sign) if piece.is_plain else -1
            if at < 0:
                continue
            head = Piece(piece.text[:at], True, piece.column)
            tail = Piece(piece.text[at + 1 :], True, piece.column + at + 1)
            before = (*self.pieces[:place], *((head,) if head.text else ()))
            after = (*((tail,) if tail.text else ()), *self.pieces[place + 1 :])
            return Word(before, self.column), Word(after, tail.column)
        return None

    def split(self, sign: str) -> tuple[Word, ...]:
        """The words between such characters outside of quotes; () where there is nothing."""
        found: list[Word] = []
        rest = self
        while (parts := rest.parted(sign)) is not None:
            found.append(parts[0])
            rest = parts[1]
        return (*found, rest) if found or rest.pieces else ()


def words_of(line: str) -> tuple[Word, ...]:
    """The words of a line, without its comment.

    Raises LineError for a quote that is not closed, and for a string that is not JSON's.
    """
    return tuple(_words(line))


def _words(line: str) -> Iterator[Word]:
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
        elif line[at] == "#":
            return
        else:
            word, at = _word(line, at)
            yield word


def _word(line: str, begin: int) -> tuple[Word, int]:
    pieces: list[Piece] = []
    at = begin
    while at < len(line) and not line[at].isspace():
        if line[at] in "\"'":
            end = _closing(line, at)
            pieces.append(Piece(_unquoted(line[at:end], at), False, at + 1))
        else:
            end = at
            while end < len(line) and not line[end].isspace() and line[end] not in "\"'":
                end += 1
            pieces.append(Piece(line[at:end], True, at))
        at = end
    return Word(tuple(pieces), begin), at


def _closing(line: str, opening: int) -> int:
    """The column after the quote that closes the one at `opening`."""
    sign, at = line[opening], opening + 1
    while at < len(line) and line[at] != sign:
        at += 2 if sign == '"' and line[at] == "\\" else 1
    if at >= len(line):
        raise LineError(f"the quote {sign} is not closed", opening)
    return at + 1


def _unquoted(piece: str, column: int) -> str:
    if piece[0] == "'":
        return piece[1:-1]
    try:
        return str(json.loads(piece, strict=False))
    except ValueError:
        raise LineError('between " a backslash is written as in JSON', column) from None


def quoted(text: str) -> str:
    """The text as a word: bare where it can be, else as a JSON string."""
    if _BARE.fullmatch(text) and text not in _SPECIAL:
        return text
    return json.dumps(text)
