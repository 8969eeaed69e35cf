"""Writes down the calls of a session, so that they can be made again without what asked for them.

Bytes that are handed over are written as their length, or as the earlier result that they are; only
what is public in a template stays as it is. So a journal holds no secret, and whoever makes the
calls again makes up bytes of the same length.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeGuard, cast

from pkcs11 import Attribute, GCMParams

from mhsm_targets.protocol import CALL_JOURNALS, TargetUnavailableError

__all__ = [
    "Bytes",
    "Gcm",
    "JournalRow",
    "Place",
    "finished",
    "is_template",
    "journalled",
    "journals",
    "read_journal",
    "token_objects",
]

_SUFFIX: Final = ".calls"
_SECRET: Final = frozenset(
    {
        Attribute.COEFFICIENT,
        Attribute.EXPONENT_1,
        Attribute.EXPONENT_2,
        Attribute.PRIME_1,
        Attribute.PRIME_2,
        Attribute.PRIVATE_EXPONENT,
        Attribute.VALUE,
    }
)
_LEAST_BYTES: Final = 8
"""Fewer bytes than these are another's result by chance too easily."""


@dataclass(frozen=True, slots=True)
class Place:
    """An object: the one with that number among those that a call gave."""

    call: int
    number: int


@dataclass(frozen=True, slots=True)
class Bytes:
    """So many bytes: the result of that call, or else the same as all others of that serial."""

    count: int
    call: int | None
    serial: int


@dataclass(frozen=True, slots=True)
class Gcm:
    """The parameters of AES-GCM."""

    nonce: Bytes
    aad: Bytes | None
    tag_bits: int


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One call on an object, or on the session where `on` is None.

    In the arguments a Place stands for an object, Bytes for bytes and Gcm for parameters of GCM.
    `error` is the name of what was raised, `seconds` how long it took.
    """

    on: Place | None
    method: str
    positional: tuple[Any, ...]
    named: Mapping[str, Any]
    error: str | None
    seconds: float


def journalled(session: Any) -> Any:
    """The session, which writes down its calls where the environment asks for it.

    Raises TargetUnavailableError where they cannot be written.
    """
    folder = os.environ.get(CALL_JOURNALS)
    if folder is None:
        return session
    path = Path(folder) / f"{time.time_ns()}-{os.getpid()}{_SUFFIX}"
    try:
        stream = path.open("xb", buffering=0)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TargetUnavailableError(f"cannot write the calls to {path}: {reason}") from None
    return _Journalled(_Journal(cast("BinaryIO", stream)), session, None)


def journals(folder: Path) -> list[Path]:
    """The journals in a folder, in the order in which their sessions were opened."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


def read_journal(path: Path) -> list[JournalRow]:
    """The calls in a journal, which must be of our own making: it is unpickled.

    A call that was being written when its process ended is not among them.
    """
    rows: list[JournalRow] = []
    with path.open("rb") as stream:
        while True:
            try:
                rows.append(pickle.load(stream))
            except (EOFError, pickle.UnpicklingError):
                return rows


def finished(result: Any) -> Any:
    """What a call gave; of a search, which goes on while its results are taken, all of them."""
    return list(result) if hasattr(result, "__next__") else result


def is_template(value: Any) -> TypeGuard[dict[Any, Any]]:
    """Whether an argument is a template of attributes."""
    return isinstance(value, dict)


def token_objects(result: Any) -> list[Any]:
    """The objects that a call gave, in their order; none where it gave a plain value."""
    if isinstance(result, (tuple, list)):
        parts = cast("list[Any]", result)
        return [one for part in parts for one in token_objects(part)]
    plain = result is None or isinstance(result, (bool, int, str, bytes))
    return [] if plain else [result]


class _Journal:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._calls = 0
        self._given: dict[bytes, int] = {}
        self._serials: dict[bytes, int] = {}

    def called(
        self,
        on: Place | None,
        method: str,
        function: Callable[..., Any],
        positional: tuple[Any, ...],
        named: dict[str, Any],
    ) -> Any:
        """Call the function and write it down; objects that it gives write down theirs."""
        call = self._calls
        self._calls += 1
        told_positional = tuple(self._told(one) for one in positional)
        told_named = {name: self._told(one) for name, one in named.items()}
        error: str | None = None
        begun = time.perf_counter()
        try:
            result = finished(function(*map(_plain, positional), **named))
        except Exception as raised:
            error = type(raised).__name__
            raise
        finally:
            seconds = time.perf_counter() - begun
            row = JournalRow(on, method, told_positional, told_named, error, seconds)
            self._stream.write(pickle.dumps(row))
        if isinstance(result, bytes) and len(result) >= _LEAST_BYTES:
            self._given[result] = call
        return self._followed(result, iter(range(len(token_objects(result)))), call)

    def _followed(self, result: Any, numbers: Iterator[int], call: int) -> Any:
        if isinstance(result, (tuple, list)):
            parts = cast("list[Any]", result)
            return type(parts)(self._followed(part, numbers, call) for part in parts)
        if not token_objects(result):
            return result
        return _Journalled(self, result, Place(call, next(numbers)))

    def _told(self, value: Any) -> Any:
        if is_template(value):
            return {name: self._member(name, member) for name, member in value.items()}
        match value:
            case _Journalled():
                return value.place
            case bytes():
                serial = self._serials.setdefault(value, len(self._serials))
                return Bytes(len(value), self._given.get(value), serial)
            case GCMParams():
                aad = None if value.aad is None else self._told(value.aad)
                return Gcm(self._told(value.nonce), aad, value.tag_bits)
            case _:
                return value

    def _member(self, name: Any, member: Any) -> Any:
        shown = isinstance(name, Attribute) and name not in _SECRET
        if shown and isinstance(member, bytes) and member not in self._given:
            return member
        return self._told(member)


class _Journalled:
    """An object of python-pkcs11 whose calls are written down. What it shows, it shows as it is."""

    def __init__(self, journal: _Journal, known: Any, place: Place | None) -> None:
        self.journal = journal
        self.known = known
        self.place = place

    def __getattr__(self, name: str) -> Any:
        shown = getattr(self.known, name)
        # The end of a session is no call of a run: a replay ends its own.
        if not callable(shown) or name == "close":
            return shown
        function = cast("Callable[..., Any]", shown)

        def called(*positional: Any, **named: Any) -> Any:
            return self.journal.called(self.place, name, function, positional, named)

        return called

    def __getitem__(self, attribute: Attribute) -> Any:
        function = self.known.__getitem__
        return self.journal.called(self.place, "__getitem__", function, (attribute,), {})


def _plain(value: Any) -> Any:
    """The argument with the object itself."""
    return value.known if isinstance(value, _Journalled) else value
