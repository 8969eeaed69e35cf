"""The words of the shell, read off the model's requests.

A verb stands for each operation, a parameter for each member of its request: a chapter that is
added to the model can be typed without a change here.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from functools import cache
from typing import Any, Final

from mhsm_conformance.explaining.choosing import UnknownNameError, chosen_operation
from mhsm_model.exchange import RequestedAttributes
from mhsm_model.jwk import JsonWebKey
from mhsm_model.operations import OPERATIONS
from mhsm_model.operations.operation import Operation

__all__ = ["Form", "Parameter", "Verb", "parameter_named", "verb_named", "verbs"]


class Form(Enum):
    """What the value of a parameter is; the text is how a help names it."""

    TEXT = "text"
    INTEGER = "a number"
    MOMENT = "seconds since 1970, or +90d and -1h from now"
    BOOLEAN = "true or false"
    OCTETS = "bytes"
    TEXTS = "a list with commas"
    TAGS = "name:value with commas"
    KEY = "a sample or pem:FILE"
    CHOICE = "one of a list"
    STRUCTURE = "JSON"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that a verb takes.

    `path` are the members of the request that lead to it, `kind` its type. `is_positional` is one
    that needs no name; a positional one that `is_optional` is None where it is left out. A secret
    one is neither shown nor kept in a history.
    """

    name: str
    path: tuple[str, ...]
    form: Form
    kind: Any
    is_positional: bool = False
    is_optional: bool = True
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Verb:
    """The word for an operation, with its parameters in the order of the request's members.

    `is_versioned` tells that a version may follow the key name after a slash.
    """

    name: str
    operation: Operation[Any, Any]
    parameters: tuple[Parameter, ...]
    is_versioned: bool

    @property
    def request(self) -> type[Any]:
        """The type of the request."""
        return self.operation.request

    @property
    def positional(self) -> tuple[Parameter, ...]:
        """The parameters that need no name, in their order."""
        return tuple(row for row in self.parameters if row.is_positional)


_VERSION: Final = "version"
_VENDOR: Final = {"nbf": "not_before", "exp": "expires", "alg": "algorithm"}
"""Members that the REST API calls by other words than the model."""

_PLAIN: Final[Mapping[Any, Form]] = {
    str: Form.TEXT,
    int: Form.INTEGER,
    bool: Form.BOOLEAN,
    bytes: Form.OCTETS,
    tuple[str, ...]: Form.TEXTS,
    Mapping[str, str]: Form.TAGS,
}


@cache
def verbs() -> tuple[Verb, ...]:
    """All verbs, in the reading order of their operations."""
    firsts = [_spelt(row)[0] for row in OPERATIONS]
    return tuple(_verb(row, firsts) for row in OPERATIONS)


def _spelt(row: Operation[Any, Any]) -> list[str]:
    return [word.lower() for word in re.findall("[A-Z][a-z]*", row.request.__name__)]


def _verb(row: Operation[Any, Any], firsts: list[str]) -> Verb:
    """The verb: the first word where no other operation has it, else all but `key`."""
    words = _spelt(row)
    kept = [word for word in words if word not in ("key", "keys")]
    name = words[0] if firsts.count(words[0]) == 1 else "-".join(kept)
    parameters = tuple(_parameters(row.request))
    names = [row.name for row in parameters]
    return Verb(name, row, parameters, _VERSION in names and names[0] == "name")


def _parameters(request: type[Any]) -> Iterator[Parameter]:
    hints = typing.get_type_hints(request)
    for field in fields(request):
        kind, optional = _without_none(hints[field.name])
        missing = field.default is MISSING and field.default_factory is MISSING
        if kind is RequestedAttributes:
            yield from _members(kind, (field.name,), "")
            continue
        plain = Parameter(
            field.name,
            (field.name,),
            _form(kind),
            kind,
            is_positional=missing and field.name != _VERSION,
            is_optional=optional or not missing,
            is_secret=not field.repr,
        )
        yield plain
        if kind is JsonWebKey:
            yield from _members(kind, (field.name,), f"{field.name}.")
        elif _is_policy(kind):
            yield from tuple(_members(kind, (field.name,), f"{field.name}."))[1:]


def _members(kind: type[Any], path: tuple[str, ...], before: str) -> Iterator[Parameter]:
    hints = typing.get_type_hints(kind)
    for field in fields(kind):
        inner, optional = _without_none(hints[field.name])
        form = _form(inner)
        if kind is RequestedAttributes and form is Form.INTEGER:
            form = Form.MOMENT
        yield Parameter(
            before + field.name,
            (*path, field.name),
            form,
            inner,
            is_optional=optional,
            is_secret=not field.repr,
        )


def _without_none(hint: Any) -> tuple[Any, bool]:
    if typing.get_origin(hint) not in (types.UnionType, typing.Union):
        return hint, False
    kinds = [kind for kind in typing.get_args(hint) if kind is not types.NoneType]
    optional = len(kinds) < len(typing.get_args(hint))
    return (kinds[0] if len(kinds) == 1 else hint), optional


def _is_policy(kind: Any) -> bool:
    """Whether a value is told by its first member, which is bytes, with others beside it."""
    if not isinstance(kind, type) or not is_dataclass(kind) or kind is JsonWebKey:
        return False
    hints = typing.get_type_hints(kind)
    return hints[fields(kind)[0].name] is bytes


def _form(kind: Any) -> Form:
    if kind is JsonWebKey:
        return Form.KEY
    if _is_policy(kind):
        return Form.OCTETS
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Form.CHOICE
    return _PLAIN.get(kind, Form.STRUCTURE)


def verb_named(word: str) -> Verb:
    """The verb that the word is or unmistakably begins, or that of the operation with that name.

    Raises UnknownNameError for any other.
    """
    wanted = word.lower()
    for row in verbs():
        if row.name == wanted:
            return row
    beginning = [row for row in verbs() if row.name.startswith(wanted)]
    if wanted and len(beginning) == 1:
        return beginning[0]
    try:
        operation = chosen_operation(word)
    except UnknownNameError:
        near = get_close_matches(wanted, [row.name for row in verbs()], 3, 0.6)
        told = f"; did you mean {_either(near)}?" if near else ""
        raise UnknownNameError(f"no operation is called {word!r}{told}") from None
    return next(row for row in verbs() if row.operation is operation)


def parameter_named(verb: Verb, word: str) -> Parameter:
    """The parameter with that name, or the only one that has a word which begins so or ends so.

    Raises UnknownNameError, whose text says what there is.
    """
    wanted = _VENDOR.get(word, word).replace("-", "_")
    known = {row.name: row for row in verb.parameters}
    if wanted in known:
        return known[wanted]
    # A member of the key is meant only where it is said so.
    names = [name for name in known if "." not in name or "." in wanted]
    for like in (
        [name for name in names if any(part.startswith(wanted) for part in _parts(name))],
        [name for name in names if name.endswith(wanted)],
    ):
        if wanted and len(like) == 1:
            return known[like[0]]
        if wanted and like:
            raise UnknownNameError(f"{word} may be {_either(like)}")
    # What a key or a policy has, and nothing else, need not be said to be of it.
    inner = [row for row in verb.parameters if "." in row.name and not row.is_secret]
    like = [row.name for row in inner if wanted in _parts(row.name.partition(".")[2])]
    if wanted and len(like) == 1:
        return known[like[0]]
    shown = [name for name in known if "." not in name]
    raise UnknownNameError(f"{verb.name} has no {word}; it takes {', '.join(shown) or 'nothing'}")


def _parts(name: str) -> list[str]:
    return [name, *re.split(r"[._]", name)]


def _either(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
