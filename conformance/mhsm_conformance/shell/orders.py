"""An order: a line that names an operation, as the request it asks for and its circumstances."""

from __future__ import annotations

import re
import typing
from dataclasses import dataclass, replace
from typing import Any, Final

from mhsm_conformance.explaining.choosing import UnknownNameError
from mhsm_conformance.shell.references import Replies
from mhsm_conformance.shell.values import value_in
from mhsm_conformance.shell.vocabulary import (
    Form,
    Parameter,
    Verb,
    parameter_named,
    verb_named,
)
from mhsm_conformance.shell.words import LineError, Word
from mhsm_model.exchange import Credential, Request
from mhsm_model.jwk import JsonWebKey

__all__ = ["CIRCUMSTANCES", "Circumstances", "Order", "form_of", "labelled_words", "order_of"]

_LABEL: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_AS: Final = "as"

CIRCUMSTANCES: Final = (
    Parameter("credential", (), Form.CHOICE, Credential, is_optional=False),
    Parameter("api_version", (), Form.TEXT, str),
)
"""What goes with a request and is no member of it."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How requests are sent: by whom, and under which api-version (None: without one)."""

    credential: Credential
    api_version: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """What a line asks for; `label` names its reply."""

    verb: Verb
    request: Request
    circumstances: Circumstances
    label: str | None = None


def labelled_words(words: tuple[Word, ...]) -> tuple[tuple[Word, ...], str | None]:
    """The words without `c = ` at their beginning or `as c` at their end, and that label.

    Raises LineError for a label that is no name.
    """
    if len(words) > 1 and words[1].means("="):
        return words[2:], _label(words[0])
    if len(words) > 2 and words[-2].means(_AS):
        return words[:-2], _label(words[-1])
    return words, None


def _label(word: Word) -> str:
    if not _LABEL.fullmatch(word.text):
        raise LineError(f"{word.text!r} is no name for a reply: letters and digits", word.column)
    return word.text


def order_of(words: tuple[Word, ...], usual: Circumstances, now: int, replies: Replies) -> Order:
    """The order that the words are; `usual` is how requests are sent that do not say otherwise.

    Raises LineError, which points to the word and says what is expected.
    """
    words, label = labelled_words(words)
    if not words:
        raise LineError("name an operation; `help` lists them", 0)
    head, *rest = words
    try:
        verb = verb_named(head.text)
    except UnknownNameError as error:
        told = str(error) if str(error).endswith("?") else f"{error}; `help` lists all"
        raise LineError(told, head.column) from None
    reading = _Reading(verb, usual, now, replies)
    for word in rest:
        reading.take(word)
    end = words[-1].end + 1
    return Order(verb, reading.request(end), reading.circumstances, label)


class _Reading:
    """The values of a line, taken word by word."""

    def __init__(self, verb: Verb, usual: Circumstances, now: int, replies: Replies) -> None:
        self.circumstances = usual
        self._verb = verb
        self._now = now
        self._replies = replies
        self._left = list(verb.positional)
        self._values: dict[tuple[str, ...], Any] = {}

    def take(self, word: Word) -> None:
        parts = word.parted("=")
        if parts is None:
            self._take_positional(word)
            return
        name, value = parts
        for row in CIRCUMSTANCES:
            if name.text.replace("-", "_") == row.name:
                told = value_in(value, row, self._now, self._replies)
                self.circumstances = replace(self.circumstances, **{row.name: told})
                return
        try:
            row = parameter_named(self._verb, name.text)
        except UnknownNameError as error:
            raise LineError(str(error), name.column) from None
        if row in self._left:
            self._left.remove(row)
        self._put(row, value)

    def _take_positional(self, word: Word) -> None:
        if not self._left:
            form = form_of(self._verb)
            raise LineError(f"one word too many; the form is: {form}", word.column)
        row = self._left.pop(0)
        parts = word.parted("/") if row.name == "name" and self._verb.is_versioned else None
        if parts is None:
            self._put(row, word)
            return
        name, version = parts
        self._put(row, name)
        self._put(parameter_named(self._verb, "version"), version)

    def _put(self, row: Parameter, word: Word) -> None:
        if row.path in self._values:
            raise LineError(f"{row.name} is given twice", word.column)
        self._values[row.path] = value_in(word, row, self._now, self._replies)

    def request(self, end: int) -> Request:
        missing = [row for row in self._left if not row.is_optional]
        if missing and not (missing[0].form is Form.KEY and self._has_members(missing[0])):
            row, form = missing[0], form_of(self._verb)
            raise LineError(f"{row.name} is missing; the form is: {form}", end)
        members: dict[str, Any] = {row.name: None for row in self._left}
        inner: dict[str, dict[str, Any]] = {}
        for path, value in self._values.items():
            if len(path) == 1:
                members[path[0]] = value
            else:
                inner.setdefault(path[0], {})[path[1]] = value
        return self._made(members, inner, end)

    def _has_members(self, row: Parameter) -> bool:
        return any(path[:1] == row.path and len(path) > 1 for path in self._values)

    def _made(self, members: dict[str, Any], inner: dict[str, dict[str, Any]], end: int) -> Request:
        rows = {row.path: row for row in self._verb.parameters}
        for name, told in inner.items():
            row = rows.get((name,))
            if row is None:
                members[name] = _nested(self._verb, name)(**told)
            elif row.form is Form.KEY:
                members[name] = replace(members.get(name) or JsonWebKey(), **told)
            elif members.get(name) is None:
                raise LineError(f"{name} itself is missing", end)
            else:
                members[name] = row.kind(members[name], **told)
        for row in self._verb.parameters:
            # A policy that was told by its first member alone.
            if len(row.path) == 1 and row.form is Form.OCTETS and row.kind is not bytes:
                value = members.get(row.name)
                members[row.name] = row.kind(value) if isinstance(value, bytes) else value
        if members.get("version", ...) is ... and self._verb.is_versioned:
            members["version"] = None
        request: Request = self._verb.request(**members)
        return request


def _nested(verb: Verb, name: str) -> type[Any]:
    """The type of a member whose own members are parameters without a prefix."""
    kind: type[Any] = typing.get_type_hints(verb.request)[name]
    return kind


def form_of(verb: Verb) -> str:
    """How a verb is typed: its name, what it needs, and the names of what it may have."""
    words = [verb.name]
    for row in verb.positional:
        shown = row.name.upper()
        shown += "[/VERSION]" if row.name == "name" and verb.is_versioned else ""
        words.append(f"[{shown}]" if row.is_optional else shown)
    others = [
        row.name
        for row in verb.parameters
        if not row.is_positional and "." not in row.name and row.name != "version"
    ]
    words += [f"[{name}=…]" for name in others]
    return " ".join(words)
