"""Members of JSON objects, read strictly: each reader names what is wrong with its member."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from mhsm_model.base64url import decoded, is_base64url

__all__ = [
    "BINARY_JWK",
    "SchemaError",
    "binary",
    "boolean",
    "integer",
    "mapping",
    "members",
    "required",
    "text",
    "text_list",
]

BINARY_JWK: Final = ("n", "e", "x", "y", "d", "p", "q", "dp", "dq", "qi", "k", "key_hsm")
"""Members of a JSON Web Key that are binary values."""


_PLAIN_LETTERS: Final = str.maketrans("+/", "-_")


class SchemaError(ValueError):
    """A JSON document has not the form its schema gives it; the text says where and what."""


def members(document: Any, what: str) -> dict[str, Any]:
    """The document as an object."""
    if not isinstance(document, dict):
        raise SchemaError(f"{what} is not a JSON object")
    return cast("dict[str, Any]", document)


def required(value: Any, name: str) -> Any:
    """The value, which must be there."""
    if value is None:
        raise SchemaError(f"member {name} is missing")
    return value


def text(document: dict[str, Any], name: str) -> str | None:
    """A string member, or None where it is absent."""
    value = document.get(name)
    if value is None or isinstance(value, str):
        return value
    raise SchemaError(f"member {name} is not a string")


def integer(document: dict[str, Any], name: str) -> int | None:
    """An integer member, or None where it is absent."""
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise SchemaError(f"member {name} is not an integer")
    if not -(1 << 63) <= value < 1 << 63:
        raise SchemaError(f"member {name} is not an integer of 64 bits")
    return value


def boolean(document: dict[str, Any], name: str) -> bool | None:
    """A boolean member, or None where it is absent."""
    value = document.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise SchemaError(f"member {name} is neither true nor false")


def text_list(document: dict[str, Any], name: str) -> tuple[str, ...] | None:
    """A list of strings, or None where it is absent."""
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, list):
        raise SchemaError(f"member {name} is not a list")
    items = cast("Sequence[Any]", value)
    if not all(isinstance(item, str) for item in items):
        raise SchemaError(f"member {name} is not a list of strings")
    return tuple(items)


def mapping(document: dict[str, Any], name: str) -> dict[str, str] | None:
    """A map of strings to strings, or None where it is absent."""
    value = document.get(name)
    if value is None:
        return None
    entries = members(value, f"member {name}")
    if not all(isinstance(entry, str) for entry in entries.values()):
        raise SchemaError(f"member {name} has a value that is not a string")
    return entries


def binary(document: dict[str, Any], name: str, *, tolerant: bool = False) -> bytes | None:
    """A base64url member as bytes, or None where it is absent.

    `tolerant` takes padding, white space and the letters of plain base64 too: what the service does
    with them is an open question, so a request that has them is no malformed one.
    """
    value = text(document, name)
    if value is None:
        return None
    lawful = is_base64url(value)
    if tolerant and not lawful:
        value = "".join(value.split()).rstrip("=").translate(_PLAIN_LETTERS)
        lawful = is_base64url(value)
    if not lawful:
        raise SchemaError(f"member {name} is not base64url without padding")
    try:
        return decoded(value)
    except ValueError:
        raise SchemaError(f"member {name} is not base64url") from None
