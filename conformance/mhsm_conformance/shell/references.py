"""References: `$c.value` is a member of the reply that was named c.

`$_` is the last reply and `$3` that of the third exchange. Without a member it is the one that is
wanted in its place: the value of a result, a blob, a version, a skip token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final, Protocol, cast

from mhsm_conformance.shell.vocabulary import Form
from mhsm_conformance.shell.words import LineError, Word
from mhsm_model.exchange import KeyPage, Reply
from mhsm_model.operations.paging import next_token

__all__ = ["SIGN", "Replies", "member_names", "referred"]

SIGN: Final = "$"
_NEXT: Final = "next"
_PASSED: Final = ("bundle", "item", "kid", "attributes")
"""Members that need not be named: $c.version is $c.kid.version."""

_MEANT: Final[Mapping[Form, tuple[str, ...]]] = {
    Form.OCTETS: ("value", "blob"),
    Form.TEXT: ("version", _NEXT),
}


class Replies(Protocol):
    """The replies that a reference may mean."""

    def reply_named(self, name: str) -> Reply | None:
        """The reply with that name, or None."""
        ...

    def reply_names(self) -> tuple[str, ...]:
        """The names of all replies."""
        ...


def referred(word: Word, form: Form, replies: Replies) -> Any:
    """The value that a word means which begins with the sign.

    Raises LineError where no reply has the name, or it lacks the member.
    """
    name, *path = word.text.removeprefix(SIGN).split(".")
    reply = replies.reply_named(name)
    if reply is None:
        known = ", ".join(SIGN + name for name in replies.reply_names())
        told = f"there is {known}" if known else "no reply has come yet"
        raise LineError(f"no reply is called {SIGN}{name}; {told}", word.column)
    if not path:
        return _meant(reply, form, word)
    value: Any = reply
    for member in path:
        found = list(_member(value, member))
        if not found or found[0] is None:
            has = ", ".join(member_names(value))
            told = f"it has {has}" if has else "it has no members"
            kind = type(value).__name__
            raise LineError(f"{word.text} is not there: {kind} lacks {member}; {told}", word.column)
        value = found[0]
    return value


def _meant(reply: Reply, form: Form, word: Word) -> Any:
    for member in _MEANT.get(form, ()):
        for found in _member(reply, member):
            if found is not None:
                return found
    has = ", ".join(f"{word.text}.{name}" for name in member_names(reply))
    told = f"name a member: {has}" if has else "it has no members"
    raise LineError(
        f"{word.text} is a {type(reply).__name__} and no {form.value}; {told}", word.column
    )


def _member(value: Any, name: str) -> Iterator[Any]:
    """The member of that name, directly or in a part that need not be named."""
    if isinstance(value, KeyPage) and name == _NEXT:
        yield next_token(value)
    if isinstance(value, Mapping):
        yield from (item for key, item in cast("Mapping[str, Any]", value).items() if key == name)
    elif isinstance(value, tuple):
        items = cast("Sequence[Any]", value)
        if name.isdecimal() and int(name) < len(items):
            yield items[int(name)]
    elif is_dataclass(value):
        if name in {field.name for field in fields(value)}:
            yield getattr(value, name)
        else:
            for part in _PASSED:
                if hasattr(value, part):
                    yield from _member(getattr(value, part), name)


def member_names(value: Any) -> tuple[str, ...]:
    """The members of a reply, or of a part of one, that have a value."""
    if isinstance(value, Mapping):
        return tuple(cast("Mapping[str, Any]", value))
    if isinstance(value, tuple):
        return tuple(str(place) for place in range(len(cast("Sequence[Any]", value))))
    if not is_dataclass(value):
        return ()
    names = [field.name for field in fields(value) if getattr(value, field.name) is not None]
    if isinstance(value, KeyPage) and next_token(value) is not None:
        names.append(_NEXT)
    for part in ("bundle", "item", "kid"):
        inner = getattr(value, part, None)
        names += [name for name in member_names(inner) if name not in names]
    return tuple(names)
