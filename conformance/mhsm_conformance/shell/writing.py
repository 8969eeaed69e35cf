"""A request as the line that asks for it: what `orders` reads, written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mhsm_conformance.shell.values import value_written
from mhsm_conformance.shell.vocabulary import Form, Parameter, Verb, verbs
from mhsm_conformance.shell.words import quoted
from mhsm_conformance.vectors.sample_keys import sample_key, sample_like
from mhsm_model.exchange import Request
from mhsm_model.jwk import JsonWebKey

__all__ = ["HIDDEN", "written"]

HIDDEN: Final = "…"
"""What stands in the place of a secret."""


def written(request: Request, *, with_secrets: bool = False) -> str:
    """The line that asks for the request.

    Private members of a key that is no sample, and backup blobs, are there only `with_secrets`: the
    line then gives the request back. Raises KeyError for a request that no operation has.
    """
    verb = next((row for row in verbs() if row.request is type(request)), None)
    if verb is None:
        raise KeyError(type(request).__name__)
    return " ".join([verb.name, *_words(verb, request, with_secrets=with_secrets)])


def _words(verb: Verb, request: Request, *, with_secrets: bool) -> Iterator[str]:
    for row in verb.parameters:
        value = _value(request, row)
        if row.form is Form.KEY and isinstance(value, JsonWebKey):
            yield from _key_words(verb, row, value, with_secrets=with_secrets)
        elif row.is_positional:
            yield from _positional(verb, row, request, value, with_secrets=with_secrets)
        elif row.name == "version" and verb.is_versioned:
            continue
        elif value is not None and not _is_of_a_key(verb, row):
            yield f"{row.name}={value_written(value, row.form)}"


def _value(request: Request, row: Parameter) -> Any:
    value: Any = request
    for name in row.path:
        value = getattr(value, name, None)
    if row.form is Form.OCTETS and value is not None and not isinstance(value, bytes):
        # A value that is told by its first member.
        return getattr(value, next(iter(value.__dataclass_fields__)))
    return value


def _positional(
    verb: Verb, row: Parameter, request: Request, value: Any, *, with_secrets: bool
) -> Iterator[str]:
    if row.is_secret and not with_secrets:
        yield HIDDEN
        return
    word = value_written(value, row.form)
    if row.name == "name" and verb.is_versioned:
        version: str | None = getattr(request, "version", None)
        word += "" if version is None else f"/{quoted(version)}"
    yield word


def _is_of_a_key(verb: Verb, row: Parameter) -> bool:
    return any(other.form is Form.KEY and other.path == row.path[:-1] for other in verb.parameters)


def _key_words(verb: Verb, row: Parameter, key: JsonWebKey, *, with_secrets: bool) -> Iterator[str]:
    """A sample by its name, with what differs; any other key by its members."""
    sample = sample_like(key)
    base = JsonWebKey() if sample is None else sample_key(*sample)
    yield "-" if sample is None else f"{sample[0].replace(' ', '-')}/{sample[1]}"
    for member in verb.parameters:
        if member.path[:-1] != row.path:
            continue
        value = getattr(key, member.path[-1])
        if value == getattr(base, member.path[-1]):
            continue
        hidden = member.is_secret and value is not None and not with_secrets
        yield f"{member.name}={HIDDEN if hidden else value_written(value, member.form)}"
