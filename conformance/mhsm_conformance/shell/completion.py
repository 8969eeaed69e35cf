"""What may come next in a line: words, key names that exist, algorithms that a key can do, values.

It knows what the specification knows of the instance, and asks the target nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mhsm_conformance.explaining.choosing import UnknownNameError
from mhsm_conformance.shell.acts import ACT_FORMS
from mhsm_conformance.shell.conversation import Conversation
from mhsm_conformance.shell.help_text import TELLING_FORMS
from mhsm_conformance.shell.orders import CIRCUMSTANCES, form_of, labelled_words
from mhsm_conformance.shell.references import SIGN, member_names
from mhsm_conformance.shell.values import OCTET_PREFIXES, SAMPLE_NAMES
from mhsm_conformance.shell.vocabulary import (
    Form,
    Parameter,
    Verb,
    parameter_named,
    verb_named,
    verbs,
)
from mhsm_conformance.shell.words import LineError, Word, quoted, words_of
from mhsm_model.alternatives import factor_at
from mhsm_model.catalogue import catalogue
from mhsm_model.exchange import (
    Decrypt,
    Encrypt,
    GetDeletedKey,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Sign,
    UnwrapKey,
    Verify,
    WrapKey,
)
from mhsm_model.key import KeyVersion
from mhsm_model.revisions import REVISIONS
from mhsm_model.state import Absent, Active, Deleted
from mhsm_model.tables.algorithms import ALGORITHMS, Use, suits
from mhsm_model.tables.key_operations import KEY_OPERATIONS
from mhsm_model.tables.key_types import CURVES, OCT_BITS, PROMOTED, RSA_BITS

__all__ = ["Candidate", "candidates"]

_OF_DELETED: Final = (GetDeletedKey, PurgeDeletedKey, RecoverDeletedKey)
_USES: Final[dict[type[Any], Use]] = {
    Sign: Use.SIGN,
    Verify: Use.SIGN,
    Encrypt: Use.ENCRYPT,
    Decrypt: Use.ENCRYPT,
    WrapKey: Use.WRAP,
    UnwrapKey: Use.WRAP,
}
_METHODS: Final = ("GET", "PUT", "POST", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that may stand from `start` (a column) to the end of the line, and what it is."""

    text: str
    start: int
    told: str = ""


def candidates(line: str, conversation: Conversation) -> Iterator[Candidate]:
    """The words that may stand at the end of the line, which is what is left of the cursor."""
    try:
        words, _ = labelled_words((*words_of(line), *_empty_at_end(line)))
    except LineError:
        return
    *before, last = words or (Word((), len(line)),)
    found = _first() if not before else _later(before, last, conversation)
    for text, told in found:
        yield from _at(last, text, told)


def _empty_at_end(line: str) -> tuple[Word, ...]:
    return (Word((), len(line)),) if not line or line[-1].isspace() else ()


def _at(last: Word, text: str, told: str) -> Iterator[Candidate]:
    if text.lower().startswith(last.text.lower()):
        yield Candidate(text, last.column, told)


Found = Iterable[tuple[str, str]]


def _first() -> Iterator[tuple[str, str]]:
    for verb in verbs():
        yield verb.name, form_of(verb).removeprefix(verb.name).strip()
    for name, (_, told) in {**ACT_FORMS, **TELLING_FORMS}.items():
        yield name, told


def _later(before: list[Word], last: Word, talk: Conversation) -> Found:
    head = before[0].text
    own = _OWN.get(head)
    if own is not None:
        return own(talk, last)
    if head in ACT_FORMS or head in TELLING_FORMS:
        return ()
    try:
        verb = verb_named(head)
    except UnknownNameError:
        return ()
    return _Line(verb, before[1:], talk).after(last)


def _named(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((name, "") for name in names)


def _clauses(talk: Conversation, last: Word) -> Found:
    return ((row.identifier, row.prose) for row in catalogue())


def _hosts(talk: Conversation, last: Word) -> Found:
    return ((host.partition(".")[0], host) for host in talk.hosts)


def _credentials(talk: Conversation, last: Word) -> Found:
    return _named(str(member.value) for member in CIRCUMSTANCES[0].kind)


def _numbers(talk: Conversation, last: Word) -> Found:
    return ((str(row.number), row.line) for row in talk.exchanges)


def _files(talk: Conversation, last: Word) -> Found:
    return _named(_paths(last.text))


def _paths(begun: str) -> Iterator[str]:
    folder, _, _ = begun.rpartition("/")
    base = Path(f"{folder}/" if begun.startswith("/") or folder else ".")
    try:
        entries = sorted(base.iterdir())
    except OSError:
        return
    for entry in entries:
        name = f"{folder}/{entry.name}" if "/" in begun else entry.name
        yield f"{name}/" if entry.is_dir() else name


_OWN: Final[dict[str, Callable[[Conversation, Word], Found]]] = {
    "help": lambda talk, last: _first(),
    "explain": _clauses,
    "use": _hosts,
    "credential": _credentials,
    "api-version": lambda talk, last: _named((*reversed(REVISIONS), "-")),
    "lose": lambda talk, last: _named(("before", "after")),
    "http": lambda talk, last: _named(_METHODS),
    "why": _numbers,
    "show": _numbers,
    "load": _files,
    "save": _files,
}


class _Line:
    """A line of an operation, as far as it is typed."""

    def __init__(self, verb: Verb, words: list[Word], talk: Conversation) -> None:
        self._verb = verb
        self._talk = talk
        self._given: dict[str, Word] = {}
        self._left = list(verb.positional)
        for word in words:
            self._take(word)

    def _take(self, word: Word) -> None:
        parts = word.parted("=")
        if parts is None:
            if self._left:
                self._given[self._left.pop(0).name] = word
            return
        try:
            row = parameter_named(self._verb, parts[0].text)
        except UnknownNameError:
            return
        self._given[row.name] = parts[1]
        self._left = [each for each in self._left if each != row]

    def after(self, last: Word) -> Iterator[tuple[str, str]]:
        """What may stand where the last word stands, with what it has before its last value."""
        parts = last.parted("=")
        if parts is not None:
            yield from self._values_after(f"{parts[0].text}=", parts[0], parts[1])
            return
        if self._left:
            values = list(self._values(self._left[0], last.text))
            yield from values
            if values and not last.pieces and not self._left[0].is_optional:
                # What has to come next is all there is to say, until somebody begins a name.
                return
        for row in self._verb.parameters:
            is_left = row.name not in self._given and (not row.is_positional or row in self._left)
            is_in_the_name = row.name == "version" and self._verb.is_versioned
            if is_left and not is_in_the_name and ("." not in row.name or "." in last.text):
                yield f"{row.name}=", row.form.value
        for row in CIRCUMSTANCES:
            yield f"{row.name}=", "for this line alone"

    def _values_after(self, before: str, name: Word, value: Word) -> Iterator[tuple[str, str]]:
        for row in CIRCUMSTANCES:
            if name.text.replace("-", "_") == row.name:
                known = _credentials(self._talk, value) if row.kind is not str else ()
                for text, told in known or _named(REVISIONS):
                    yield before + text, told
                return
        try:
            row = parameter_named(self._verb, name.text)
        except UnknownNameError:
            return
        for text, told in self._values(row, value.text):
            yield before + text, told

    def _values(self, row: Parameter, begun: str) -> Iterator[tuple[str, str]]:
        if begun.startswith(SIGN):
            yield from self._references(begun)
            return
        yield from self._known(row, begun)
        if row.form is Form.OCTETS or row.name in ("version", "continuation"):
            yield from ((SIGN + name, "a reply") for name in self._talk.reply_names())

    def _known(self, row: Parameter, begun: str) -> Iterator[tuple[str, str]]:
        match row.name.rpartition(".")[2], row.form:
            case "name", _:
                yield from self._names(begun)
            case "version", _:
                yield from _named(self._versions())
            case "algorithm", _:
                yield from self._algorithms()
            case "kty", _:
                yield from _named(PROMOTED)
            case "crv", _:
                yield from _named(CURVES)
            case "key_size", _:
                sizes = OCT_BITS if self._is_symmetric() else RSA_BITS
                yield from _named(str(bits) for bits in sizes)
            case "key_ops", _:
                chosen, comma, _ = begun.rpartition(",")
                yield from _named(f"{chosen}{comma}{name}" for name in sorted(KEY_OPERATIONS))
            case _, Form.BOOLEAN:
                yield from _named(("true", "false"))
            case _, Form.MOMENT:
                yield "+90d", "from now"
            case _, Form.KEY:
                yield from _named((*SAMPLE_NAMES, "pem:"))
            case _, Form.CHOICE:
                yield from _named(str(member.value) for member in row.kind)
            case _, Form.OCTETS:
                yield from ((prefix, "bytes") for prefix in OCTET_PREFIXES)
            case _:
                pass

    def _is_symmetric(self) -> bool:
        kty = self._given.get("kty")
        return kty is not None and kty.text.startswith("oct")

    def _names(self, begun: str) -> Iterator[tuple[str, str]]:
        name, slash, _ = begun.partition("/")
        if slash and self._verb.is_versioned:
            yield from ((f"{name}/{version}", "a version") for version in self._versions(name))
            return
        wanted = Deleted if self._verb.request in _OF_DELETED else Active
        factors = self._talk.instance.factors
        for each in sorted(factors):
            if any(isinstance(entry, wanted) for entry in factors[each].entries):
                yield quoted(each), "a key" if wanted is Active else "a deleted key"

    def _versions(self, name: str | None = None) -> Iterator[str]:
        for version in self._key_versions(name):
            if version.version is not None:
                yield version.version

    def _key_versions(self, name: str | None = None) -> Iterator[KeyVersion]:
        given = self._given.get("name")
        if name is None:
            name = "" if given is None else given.text.partition("/")[0]
        for entry in factor_at(self._talk.instance, name).entries:
            if not isinstance(entry, Absent):
                yield from entry.key.versions

    def _algorithms(self) -> Iterator[tuple[str, str]]:
        """The algorithms of the operation that the key can do; all where it is not known."""
        use = _USES.get(self._verb.request)
        materials = self._talk.estate.materials
        held = [materials.get(version.material) for version in self._key_versions()]
        kinds = [material.kind for material in held if material is not None]
        for row in ALGORITHMS.values():
            is_used = use is None or use in row.uses
            if is_used and (not kinds or any(suits(row, kind) is not False for kind in kinds)):
                yield row.name, row.scheme.value

    def _references(self, begun: str) -> Iterator[tuple[str, str]]:
        name, *path = begun.removeprefix(SIGN).split(".")
        reply = self._talk.reply_named(name)
        if not path or reply is None:
            yield from ((SIGN + each, "a reply") for each in self._talk.reply_names())
            return
        value: Any = reply
        for member in path[:-1]:
            value = getattr(value, member, None)
        base = ".".join([f"{SIGN}{name}", *path[:-1]])
        yield from ((f"{base}.{each}", "") for each in member_names(value))
