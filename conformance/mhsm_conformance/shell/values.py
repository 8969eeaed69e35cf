"""Values as people type them, and back: texts, numbers, bytes, lists, keys to import.

Bytes are the UTF-8 of what is typed, or `hex:`, `b64:` (base64url), `zero:16`, `file:PATH`, or a
hash of a text, as in `sha256:hello`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

from mhsm_conformance.import_body import ImportBodyError, pem_key
from mhsm_conformance.shell.durations import FORM as DURATION
from mhsm_conformance.shell.durations import seconds_in
from mhsm_conformance.shell.references import SIGN, Replies, referred
from mhsm_conformance.shell.structures import structure_in, structured
from mhsm_conformance.shell.vocabulary import Form, Parameter
from mhsm_conformance.shell.words import LineError, Word, quoted
from mhsm_conformance.vectors.sample_keys import SAMPLE_KINDS, sample_key
from mhsm_model.base64url import decoded, is_base64url
from mhsm_model.jwk import JsonWebKey

__all__ = ["NOTHING", "OCTET_PREFIXES", "SAMPLE_NAMES", "sample_named", "value_in", "value_written"]

NOTHING: Final = "-"
"""What stands for a value that is not sent."""

_HASHES: Final = ("sha1", "sha256", "sha384", "sha512")
OCTET_PREFIXES: Final = ("hex:", "b64:", "zero:", "file:", *(f"{name}:" for name in _HASHES))
_PEM: Final = "pem:"
_MOST_ZEROS: Final = 1 << 20
_SAMPLES: Final = {kind.replace(" ", "-"): kind for kind in SAMPLE_KINDS}
SAMPLE_NAMES: Final = tuple(_SAMPLES)
"""The sample keys: kind and size; a second one of each is NAME/1."""


def value_in(word: Word, row: Parameter, now: int, replies: Replies) -> Any:
    """The value that the word is for the parameter; `now` is the target's clock in seconds.

    Raises LineError, whose text says what is expected.
    """
    if word.means(NOTHING) and row.is_optional:
        return None
    if word.begins(SIGN) and row.form in _REFERRED:
        found = referred(word, row.form, replies)
        if not isinstance(found, _REFERRED[row.form]) or isinstance(found, bool):
            told = f"{word.text} is a {type(found).__name__}, and {row.name} is {row.form.value}"
            raise LineError(told, word.column)
        return found
    return _READERS[row.form](word, row, now)


_REFERRED: Final[Mapping[Form, type[Any]]] = {
    Form.TEXT: str,
    Form.INTEGER: int,
    Form.MOMENT: int,
    Form.OCTETS: bytes,
}


def _expected(word: Word, row: Parameter, told: str) -> LineError:
    shown = f"not {word.text!r}" if word.pieces else "and nothing is there"
    return LineError(f"{row.name} is {told}, {shown}", word.column)


def _text(word: Word, row: Parameter, now: int) -> str:
    if not word.pieces:
        raise _expected(word, row, 'a text (an empty one is "")')
    _encoded(word, row)
    return word.text


def _integer(word: Word, row: Parameter, now: int) -> int:
    text = word.text
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 20:
        raise _expected(word, row, "a number")
    return int(text)


def _moment(word: Word, row: Parameter, now: int) -> int:
    text = word.text
    lapse = seconds_in(text[1:]) if text[:1] in ("+", "-") else None
    if lapse is not None and not (text[0] == "-" and text[1:].isdecimal()):
        return now + lapse if text[0] == "+" else now - lapse
    try:
        return _integer(word, row, now)
    except LineError:
        told = f"seconds since 1970, or a time from now: + or - and {DURATION}"
        raise _expected(word, row, told) from None


def _boolean(word: Word, row: Parameter, now: int) -> bool:
    if word.text not in ("true", "false"):
        raise _expected(word, row, "true or false")
    return word.text == "true"


def _octets(word: Word, row: Parameter, now: int) -> bytes:
    for prefix in OCTET_PREFIXES:
        if word.begins(prefix):
            return _prefixed(prefix.removesuffix(":"), word.after(len(prefix)), row)
    if not word.pieces:
        raise _expected(word, row, 'bytes (none are "")')
    return _encoded(word, row)


def _encoded(word: Word, row: Parameter) -> bytes:
    try:
        return word.text.encode()
    except UnicodeEncodeError:
        raise _expected(word, row, "a text that UTF-8 can write") from None


def _prefixed(prefix: str, rest: Word, row: Parameter) -> bytes:
    text = rest.text
    match prefix:
        case "hex":
            try:
                return bytes.fromhex(text)
            except ValueError:
                raise _expected(rest, row, "pairs of hexadecimal digits") from None
        case "b64":
            if not is_base64url(text):
                raise _expected(rest, row, "base64url without padding")
            return decoded(text)
        case "zero":
            if (
                not text.isascii()
                or not text.isdecimal()
                or len(text) > 7
                or int(text) > _MOST_ZEROS
            ):
                raise _expected(rest, row, f"a number of bytes up to {_MOST_ZEROS}")
            return bytes(int(text))
        case "file":
            return _content(rest, row)
        case _:
            return hashlib.new(prefix, _encoded(rest, row), usedforsecurity=False).digest()


def _content(word: Word, row: Parameter) -> bytes:
    try:
        return Path(word.text).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        told = f"{row.name}: the file {word.text} cannot be read: {reason.lower()}"
        raise LineError(told, word.column) from None


def _texts(word: Word, row: Parameter, now: int) -> tuple[str, ...]:
    return tuple(_text(part, row, now) for part in word.split(","))


def _tags(word: Word, row: Parameter, now: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in word.split(","):
        parts = part.parted(":")
        if parts is None:
            raise _expected(part, row, "name:value with commas between")
        name, value = parts
        if name.text in found:
            raise LineError(f"{row.name} has {name.text} twice", name.column)
        found[name.text] = value.text
    return found


def sample_named(name: str) -> JsonWebKey | None:
    """The sample key of that name, or None where there is none."""
    kind, slash, serial = name.partition("/")
    known = {each.lower(): told for each, told in _SAMPLES.items()}
    told = known.get(kind.lower())
    if told is None or (slash and serial not in ("0", "1")):
        return None
    return sample_key(told, int(serial or 0))


def _key(word: Word, row: Parameter, now: int) -> JsonWebKey:
    if word.begins(_PEM):
        try:
            return pem_key(word.after(len(_PEM)).text, None)
        except ImportBodyError as error:
            raise LineError(str(error), word.column) from None
    if word.means(NOTHING):
        return JsonWebKey()
    found = sample_named(word.text)
    if found is None:
        raise _expected(word, row, f"a sample ({', '.join(SAMPLE_NAMES)}) or {_PEM}FILE")
    return found


def _choice(word: Word, row: Parameter, now: int) -> Enum:
    try:
        found: Enum = structure_in(row.kind, word.text)
    except ValueError:
        known = ", ".join(str(member.value) for member in row.kind)
        raise _expected(word, row, f"one of {known}") from None
    return found


def _structure(word: Word, row: Parameter, now: int) -> Any:
    try:
        return structure_in(row.kind, json.loads(word.text))
    except (ValueError, RecursionError) as error:
        raise LineError(f"{row.name} is JSON between ' signs: {error}", word.column) from None


_READERS: Final = {
    Form.TEXT: _text,
    Form.INTEGER: _integer,
    Form.MOMENT: _moment,
    Form.BOOLEAN: _boolean,
    Form.OCTETS: _octets,
    Form.TEXTS: _texts,
    Form.TAGS: _tags,
    Form.KEY: _key,
    Form.CHOICE: _choice,
    Form.STRUCTURE: _structure,
}


def value_written(value: Any, form: Form) -> str:
    """The word that means the value; None is what is not sent."""
    if value is None:
        return NOTHING
    match form:
        case Form.BOOLEAN:
            return "true" if value else "false"
        case Form.INTEGER | Form.MOMENT:
            return str(value)
        case Form.OCTETS:
            return _octets_written(value)
        case Form.TEXTS:
            return ",".join(quoted(text) for text in value)
        case Form.TAGS:
            return ",".join(f"{quoted(name)}:{quoted(text)}" for name, text in value.items())
        case Form.STRUCTURE:
            # Twice: the document is a JSON string of the line.
            return json.dumps(json.dumps(structured(value)))
        case Form.CHOICE:
            return quoted(str(value.value))
        case _:
            return quoted(value)


def _octets_written(value: bytes) -> str:
    if value == bytes(len(value)) and 4 < len(value) <= _MOST_ZEROS:
        return f"zero:{len(value)}"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return f"hex:{value.hex()}"
    return quoted(text) if text.isprintable() else f"hex:{value.hex()}"
