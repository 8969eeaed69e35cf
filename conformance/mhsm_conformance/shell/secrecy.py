"""Which lines may be kept in a history: those that have no secret written out.

It is decided from the words alone, so that a line that could not be carried out is told as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from mhsm_conformance.cases.recording import SECRET_MEMBERS
from mhsm_conformance.explaining.choosing import UnknownNameError
from mhsm_conformance.shell.help_text import TELLING_FORMS
from mhsm_conformance.shell.orders import CIRCUMSTANCES, labelled_words
from mhsm_conformance.shell.values import NOTHING, sample_named
from mhsm_conformance.shell.vocabulary import Form, Parameter, Verb, parameter_named, verb_named
from mhsm_conformance.shell.words import LineError, Word, words_of

__all__ = ["NOT_KEPT", "may_be_kept"]

NOT_KEPT: Final = "(a line with a secret, which is not kept)"

_NAMED: Final = ("$", "file:", "pem:")
"""What names a secret and does not show it."""

_BY_HAND: Final = "http"
_HIDING: Final = ("hex:", "b64:")
"""Forms of a body in which its members cannot be seen."""


def may_be_kept(line: str) -> bool:
    """Whether the line shows neither private members of a key nor a backup blob."""
    try:
        words, _ = labelled_words(words_of(line))
    except LineError:
        return not _may_name_secrets(line)
    if not words:
        return True
    head, *rest = words
    if head.text in TELLING_FORMS:
        return True
    if head.text == _BY_HAND:
        return not _shows_by_hand(rest)
    if any(_names_members(word.text) for word in rest):
        return False
    try:
        verb = verb_named(head.text)
    except UnknownNameError:
        return not _may_name_secrets(line)
    return not _shows_secrets(verb, rest)


def _names_members(text: str) -> bool:
    return any(f'"{name}"' in text for name in SECRET_MEMBERS)


def _may_name_secrets(text: str) -> bool:
    plain = text.lower().replace("-", "_")
    members = any(f".{name}=" in plain for name in SECRET_MEMBERS)
    # A quote inside of a quoted word is written with a backslash.
    return members or _names_members(text.replace("\\", "")) or "restore" in plain


def _shows_by_hand(words: Sequence[Word]) -> bool:
    """Whether a message may: what is escaped in it, or not text, is not looked into."""
    text = " ".join(unquote(word.text) for word in words)
    hidden = "\\" in text or any(word.begins(form) for word in words for form in _HIDING)
    return hidden or _may_name_secrets(text)


def _shows_secrets(verb: Verb, words: Sequence[Word]) -> bool:
    if not any(row.is_secret for row in verb.parameters):
        return False
    positional = iter(verb.positional)
    for word in words:
        parts = word.parted("=")
        if parts is None:
            row, value = next(positional, None), word
        else:
            row, value = _told(verb, parts[0].text), parts[1]
        if not _is_named(row, value):
            return True
    return False


def _told(verb: Verb, name: str) -> Parameter | None:
    """The parameter, or None for what is none, or may have been meant as a private member."""
    plain = name.replace("-", "_")
    if plain in SECRET_MEMBERS:
        return None
    for row in CIRCUMSTANCES:
        if plain == row.name:
            return row
    try:
        return parameter_named(verb, name)
    except UnknownNameError:
        return None


def _is_named(row: Parameter | None, value: Word) -> bool:
    """Whether the value is no secret; one that belongs to no parameter may be."""
    if value.means(NOTHING) or any(value.begins(sign) for sign in _NAMED):
        return True
    if row is None or row.is_secret:
        return False
    return row.form is not Form.KEY or sample_named(value.text) is not None
