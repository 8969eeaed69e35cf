"""Which lines may be kept in a history: those that have no secret written out.

It is decided from the words alone, so that a line that could not be carried out is told as well.
"""

from __future__ import annotations

from typing import Final

from mhsm_conformance.explaining.choosing import UnknownNameError
from mhsm_conformance.shell.help_text import TELLING_FORMS
from mhsm_conformance.shell.orders import labelled_words
from mhsm_conformance.shell.vocabulary import Verb, parameter_named, verb_named
from mhsm_conformance.shell.words import LineError, Word, words_of
from mhsm_model.jwk import PRIVATE_MEMBERS

__all__ = ["NOT_KEPT", "may_be_kept"]

NOT_KEPT: Final = "(a line with a secret, which is not kept)"

_NAMED: Final = ("$", "file:", "pem:", "-")
"""What names a secret and does not show it."""

_BY_HAND: Final = "http"


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
        return not _may_name_secrets(line)
    try:
        verb = verb_named(head.text)
    except UnknownNameError:
        return not _may_name_secrets(line)
    return not any(_shows_a_secret(verb, word) for word in rest)


def _may_name_secrets(line: str) -> bool:
    members = any(f'"{name}"' in line or f".{name}=" in line for name in PRIVATE_MEMBERS)
    return members or "restore" in line


def _shows_a_secret(verb: Verb, word: Word) -> bool:
    secret = [row for row in verb.parameters if row.is_secret]
    parts = word.parted("=")
    if parts is None:
        told, value = any(row.is_positional for row in secret), word
    else:
        name, value = parts
        try:
            told = parameter_named(verb, name.text) in secret
        except UnknownNameError:
            told = bool(secret)
    return told and not any(value.begins(sign) for sign in _NAMED)
