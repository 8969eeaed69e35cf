"""Search: clauses and operations by words, the best first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from mhsm_conformance.explaining.algorithm_table import algorithm_rows
from mhsm_conformance.explaining.error_answers import error_answers
from mhsm_conformance.explaining.http_forms import http_form
from mhsm_conformance.explaining.places import places
from mhsm_model.catalogue import catalogue
from mhsm_model.operations import OPERATIONS

__all__ = ["Hit", "search"]

_WORD: Final = re.compile(r"[a-z0-9_]+")
_SUFFIXES: Final = ("ing", "ies", "es", "ed", "s")
_SHORTEST_STEM: Final = 3

_WEIGHTS: Final = {"name": 12, "prose": 6, "error": 4, "source": 3, "place": 2}
"""What a word counts by where it stands."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found: `kind` is clause, operation or algorithm; more `score` is better.

    `matched` are the words that it has, `text` is what it says.
    """

    kind: str
    name: str
    text: str
    score: float
    matched: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The hit as JSON values."""
        told = {"kind": self.kind, "name": self.name, "text": self.text}
        return {**told, "score": self.score, "matched": list(self.matched)}


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: str
    name: str
    text: str
    words: Mapping[str, frozenset[str]]


def search(text: str) -> tuple[Hit, ...]:
    """What has all the words, else what has most of them; empty where nothing has any.

    Words are compared without case and endings, and a word may be the beginning of another.
    """
    wanted = {_stem(word): word for word in _WORD.findall(text.lower())}
    hits = [hit for hit in (_hit(entry, wanted, text) for entry in _entries()) if hit.matched]
    most = max((len(hit.matched) for hit in hits), default=0)
    best = [hit for hit in hits if len(hit.matched) == most]
    return tuple(sorted(best, key=lambda hit: (-hit.score, hit.kind, hit.name)))


def _hit(entry: _Entry, wanted: Mapping[str, str], text: str) -> Hit:
    score, matched = 0.0, list[str]()
    for stem, word in wanted.items():
        worth = max(_worth(entry, stem), default=0.0)
        score += worth
        matched += [word] if worth else []
    if entry.name.lower() == text.strip().lower():
        score += 100
    return Hit(entry.kind, entry.name, entry.text, round(score, 2), tuple(matched))


def _worth(entry: _Entry, word: str) -> Iterator[float]:
    for field, words in entry.words.items():
        if word in words:
            yield _WEIGHTS[field]
        elif len(word) >= _SHORTEST_STEM and any(other.startswith(word) for other in words):
            yield _WEIGHTS[field] / 2


def _words(text: str) -> Iterator[str]:
    for word in _WORD.findall(text.lower()):
        yield _stem(word)


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            return word.removesuffix(suffix)
    return word


def _parts(name: str) -> str:
    """A name in camel case, as it is and in words: `GetRandomBytes get random bytes`."""
    return f"{name} {re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', name)}"


@cache
def _entries() -> tuple[_Entry, ...]:
    return (*_clauses(), *_operations(), *_algorithms())


def _clauses() -> Iterator[_Entry]:
    told: dict[str, list[str]] = {}
    for answer in error_answers():
        shown = f"{answer.status} {_parts(answer.code)} {answer.message}"
        told.setdefault(answer.clause, []).append(shown)
    for row in catalogue():
        name = row.identifier
        where = (_parts(place.operation) for place in places().get(name, ()))
        fields = {
            "name": f"{name} {row.area}",
            "prose": row.prose,
            "error": " ".join(told.get(name, ())),
            "source": " ".join(str(source) for source in row.sources),
            "place": " ".join((row.level, row.basis, row.kind, *where)),
        }
        yield _entry("clause", name, row.prose, fields)


def _operations() -> Iterator[_Entry]:
    for row in OPERATIONS:
        form = http_form(row)
        prose = " ".join((row.request.__doc__ or "").split())
        members = " ".join(member.name for member in (*form.sent, *form.answered))
        fields = {
            "name": f"{_parts(row.name)} {_parts(row.request.__name__)}",
            "prose": prose,
            "place": f"{form.method} {form.path} {members}",
        }
        yield _entry("operation", row.name, f"{form.method} {form.path}: {prose}", fields)


def _algorithms() -> Iterator[_Entry]:
    for row in algorithm_rows():
        words = (row.scheme, *row.kinds, "quantum resistant" if row.resistant else "")
        fields = {"name": row.name, "prose": " ".join(words), "place": " ".join(row.uses)}
        yield _entry("algorithm", row.name, f"{row.scheme}, for {', '.join(row.kinds)}", fields)


def _entry(kind: str, name: str, text: str, fields: Mapping[str, str]) -> _Entry:
    words = {field: frozenset(_words(told)) for field, told in fields.items()}
    return _Entry(kind, name, text, words)
