"""A result as a JSON object, and back.

The members of the object are the fields of the dataclasses, one to one, so both directions follow
the field types instead of repeating every name; the schema and its tests hold the names fixed.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from mhsm_reports.results import RunResult

FORMAT = "mhsm-run/1"

Kind = TypeVar("Kind")


def to_document(result: RunResult) -> dict[str, object]:
    """Return the JSON object of a result: only dicts, lists, strings, numbers, booleans, None."""
    return {"format": FORMAT, **encoded(result)}


def from_document(document: Mapping[str, object]) -> RunResult:
    """Return the result that a JSON object holds.

    The object must satisfy the schema of result files; another raises `KeyError`, `TypeError` or
    `ValueError`, which is why `load` looks at the schema first.
    """
    return decoded(RunResult, document)


def encoded(value: object) -> dict[str, object]:
    """Return the JSON object with the fields of a dataclass."""
    return cast(dict[str, object], _encoded(value))


def decoded(kind: type[Kind], document: Mapping[str, object]) -> Kind:
    """Return the dataclass whose fields a JSON object has; other members are not looked at.

    Raises as `from_document` does.
    """
    return cast(Kind, _decoder(cast(Any, kind))(document))


def _encoded(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_encoded(item) for item in cast(tuple[object, ...], value)]
    if is_dataclass(value):
        return {field.name: _encoded(getattr(value, field.name)) for field in fields(value)}
    return value


@cache
def _decoder(kind: Any) -> Callable[[Any], object]:
    # A decoder per type, built once: resolving type hints for each of ten thousand values of a
    # nightly run would take longer than everything else here.
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        members = [(field.name, _decoder(hints[field.name])) for field in fields(kind)]
        construct = cast(Callable[..., object], kind)
        return lambda value: construct(**{name: decode(value[name]) for name, decode in members})
    if get_origin(kind) is tuple:
        decode_item = _decoder(get_args(kind)[0])
        return lambda value: tuple(decode_item(item) for item in value)
    if get_origin(kind) is UnionType:
        decode_value = _decoder(next(arm for arm in get_args(kind) if arm is not NoneType))
        return lambda value: None if value is None else decode_value(value)
    # str, bool and the word lists are called with the value; float turns 1 into 1.0, and int
    # turns 1.0 into 1, which JSON does not tell apart.
    return cast(Callable[[Any], object], kind)
