"""Values of the model as JSON, for the data folder; reading makes only what is listed.

Text, numbers, truth values and null are themselves, a tuple is a list. Anything else is an object
whose member `type` names it: `bytes` (base64url in `value`), `set` (`items`), `map` (`items`, in
pairs), an enumeration (`name`), or a class of the model with its members.
"""

from __future__ import annotations

import json
from dataclasses import fields
from enum import Enum
from typing import Any, Final

from immutables import Map

from mhsm_model.archive import Backup
from mhsm_model.base64url import decoded, encoded
from mhsm_model.jwk import EcPublic, JsonWebKey, RsaPublic
from mhsm_model.key import Key, KeyVersion
from mhsm_model.material import Knowledge
from mhsm_model.moments import Interval
from mhsm_model.release_policy import ReleasePolicy
from mhsm_model.state import Active, Deleted
from mhsm_model.tables.key_types import Family, KeyKind
from mhsm_model.unknown import Unknown

__all__ = ["read_record", "record"]

_CLASSES: Final[dict[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (
        Active,
        Backup,
        Deleted,
        EcPublic,
        Interval,
        JsonWebKey,
        Key,
        KeyKind,
        KeyVersion,
        ReleasePolicy,
        RsaPublic,
    )
}
_ENUMERATIONS: Final[dict[str, type[Enum]]] = {
    kind.__name__: kind for kind in (Family, Knowledge, Unknown)
}
_MEMBERS: Final = {
    kind: tuple(member.name for member in fields(kind)) for kind in _CLASSES.values()
}


def record(value: Any) -> str:
    """The value as JSON; raises TypeError for one that is not of the listed kinds."""
    return json.dumps(_plain(value), separators=(",", ":"))


def read_record(text: str) -> Any:
    """The value in such a text; raises ValueError for any other text."""
    try:
        return _without_lists(_DECODER.decode(text))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no record of this format: {error!r}") from None


def _plain(value: Any) -> Any:
    kind = _kind(value)
    if isinstance(value, Enum):
        return {"type": kind.__name__, "name": value.name}
    if value is None or kind in (str, int, bool):
        return value
    if kind is tuple:
        return [_plain(item) for item in value]
    if kind is bytes:
        return {"type": "bytes", "value": encoded(value)}
    if kind is frozenset:
        return {"type": "set", "items": sorted(value)}
    if kind is Map:
        return {"type": "map", "items": [[_plain(k), _plain(held)] for k, held in value.items()]}
    if kind in _MEMBERS:
        members = {name: _plain(getattr(value, name)) for name in _MEMBERS[kind]}
        return {"type": kind.__name__, **members}
    raise TypeError(f"{kind.__name__} is not kept")


def _value(told: dict[str, Any]) -> Any:
    """What an object stands for; the objects in it have been read already."""
    name: str = told.pop("type")
    kind = _CLASSES.get(name)
    if kind is not None:
        return kind(**{member: _without_lists(held) for member, held in told.items()})
    match name:
        case "bytes":
            return decoded(told["value"])
        case "set":
            return frozenset(told["items"])
        case "map":
            return Map((key, held) for key, held in told["items"])
        case _:
            return _ENUMERATIONS[name][told["name"]]


def _without_lists(value: Any) -> Any:
    return tuple(value) if _kind(value) is list else value


_DECODER: Final = json.JSONDecoder(object_hook=_value)


def _kind(value: object) -> type:
    return type(value)
