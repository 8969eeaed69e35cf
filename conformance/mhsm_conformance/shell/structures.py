"""Values of any type of the model as JSON: for members that have no form of their own.

Objects stand for dataclasses, lists for tuples, base64url for bytes, an enumeration's value for its
member.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, cast

from mhsm_model.base64url import decoded, encoded, is_base64url

__all__ = ["structure_in", "structured"]


def structured(value: Any) -> Any:
    """The value as JSON values; members of a dataclass that have their default are left out."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return encoded(value)
    if is_dataclass(value):
        return {
            field.name: structured(getattr(value, field.name))
            for field in fields(value)
            if getattr(value, field.name) != field.default
        }
    if isinstance(value, tuple):
        items = cast("Sequence[Any]", value)
        return [structured(item) for item in items]
    if isinstance(value, Mapping):
        return {key: structured(item) for key, item in cast("Mapping[str, Any]", value).items()}
    return value


def structure_in(kind: Any, document: Any) -> Any:
    """The value of that type; raises ValueError, whose text says what is expected in its place."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _of_union(arguments, document)
    if origin is tuple and isinstance(document, list):
        items = cast("Sequence[Any]", document)
        return tuple(structure_in(arguments[0], item) for item in items)
    if origin is not None and isinstance(document, dict):
        members = cast("Mapping[str, Any]", document)
        return {name: structure_in(arguments[1], value) for name, value in members.items()}
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(document, dict):
        return _of_dataclass(kind, cast("dict[str, Any]", document))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _of_enumeration(kind, document)
    if kind is bytes and isinstance(document, str) and is_base64url(document):
        return decoded(document)
    if kind in (str, int, bool) and type(document) is kind:
        return document
    raise ValueError(f"{document!r} is no {_named(kind)}")


def _of_union(kinds: tuple[Any, ...], document: Any) -> Any:
    if document is None and types.NoneType in kinds:
        return None
    problems: list[str] = []
    for kind in kinds:
        if kind is not types.NoneType:
            try:
                return structure_in(kind, document)
            except ValueError as error:
                problems.append(str(error))
    raise ValueError(problems[0] if problems else f"{document!r} is not null")


def _of_dataclass(kind: type[Any], document: dict[str, Any]) -> Any:
    hints = typing.get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    strange = [name for name in document if name not in names]
    if strange:
        raise ValueError(f"{_named(kind)} has no {strange[0]}; it has {', '.join(names)}")
    try:
        return kind(**{name: structure_in(hints[name], value) for name, value in document.items()})
    except TypeError:
        raise ValueError(f"{_named(kind)} has {', '.join(names)}, and not all are there") from None


def _of_enumeration(kind: type[Enum], document: Any) -> Enum:
    try:
        return kind(document)
    except ValueError:
        known = ", ".join(str(member.value) for member in kind)
        raise ValueError(f"{document!r} is none of {known}") from None


def _named(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)
