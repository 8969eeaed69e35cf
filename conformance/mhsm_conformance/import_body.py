"""The command `mhsm jwk`: a PEM file as the body of a request that imports its key."""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from mhsm_conformance.opening import HOSTS
from mhsm_model.exchange import ImportKey
from mhsm_model.jwk import JsonWebKey
from mhsm_model.pem import PemError, key_in_pem
from mhsm_model.tables.key_operations import KEY_OPERATIONS
from mhsm_model.wire.request_encoding import encode_request

__all__ = [
    "ImportBodyError",
    "import_body",
    "key_operations",
    "output_is_a_terminal",
    "passphrase_in",
    "passphrase_of",
    "pem_key",
    "print_private",
    "write_private",
]

_STANDARD_INPUT: Final = "-"
_INPUT, _OUTPUT = 0, 1
"""Descriptors: Python has no streams where its caller closed them."""

_LARGEST: Final = 1 << 20
"""More bytes than any file of one key has."""


class ImportBodyError(ValueError):
    """A body cannot be made or written; the text is one sentence that names the file."""


def key_operations(told: str) -> tuple[str, ...]:
    """The operations in a list with commas, each once, in the order told.

    Raises ImportBodyError for a word that is no key operation of the service.
    """
    words = tuple(dict.fromkeys(word.strip() for word in told.split(",")))
    strange = [word for word in words if word not in KEY_OPERATIONS]
    if strange:
        known = ", ".join(sorted(KEY_OPERATIONS))
        raise ImportBodyError(f"{strange[0]!r} is no key operation; there is {known}")
    if "import" in words and len(words) > 1:
        raise ImportBodyError("a key that may import may do nothing else: give import alone")
    return words


def passphrase_in(path: str) -> bytes:
    """The first line of the file without its end, as openssl reads it; or ImportBodyError."""
    return _content(path).split(b"\n", 1)[0].removesuffix(b"\r")


def passphrase_of(variable: str) -> bytes:
    """The environment variable's value as bytes; raises ImportBodyError where it is not set."""
    value = os.environ.get(variable)
    if value is None:
        raise ImportBodyError(f"the environment variable {variable} is not set")
    return os.fsencode(value)


def pem_key(path: str, passphrase: bytes | None) -> JsonWebKey:
    """The private key of the PEM file at `path`, or in standard input; raises ImportBodyError."""
    try:
        return key_in_pem(_content(path), passphrase)
    except PemError as error:
        raise ImportBodyError(f"{_shown(path)}: {error}") from None


def import_body(key: JsonWebKey, *, indented: bool = False) -> str:
    """The body of the request that imports the key, as one line of JSON or indented."""
    body = encode_request(ImportKey("key", key), HOSTS[0], None, None).body.decode()
    return (json.dumps(json.loads(body), indent=2) if indented else body) + "\n"


def output_is_a_terminal() -> bool:
    """Whether what is printed is shown to whoever looks at the screen."""
    return os.isatty(_OUTPUT)


def print_private(text: str) -> None:
    """Write the text to standard output; raises ImportBodyError where it cannot be written."""
    try:
        with open(_OUTPUT, "wb", closefd=False) as file:
            file.write(text.encode())
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ImportBodyError(f"standard output cannot be written: {_reason(error)}") from None


def write_private(path: str, text: str, *, replacing: bool) -> None:
    """Write the text to a file that only its owner can read, whole or not at all.

    What is at the path already is left alone, unless `replacing` is true and it is a regular file
    or a link, which is replaced and not followed. Raises ImportBodyError where nothing was written.
    """
    destination = Path(path)
    try:
        _check_place(destination, replacing=replacing)
        _place(destination, text.encode(), replacing=replacing)
    except (OSError, ValueError) as error:
        raise ImportBodyError(f"{_shown(path)} was not written: {_reason(error)}") from None


def _content(path: str) -> bytes:
    try:
        source = _INPUT if path == _STANDARD_INPUT else path
        with open(source, "rb", closefd=source != _INPUT) as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        raise ImportBodyError(f"{_shown(path)} cannot be read: {_reason(error)}") from None
    if len(content) > _LARGEST:
        told = f"{_shown(path)} has more than {_LARGEST} bytes, which no such file has"
        raise ImportBodyError(told)
    return content


def _shown(path: str) -> str:
    if path == _STANDARD_INPUT:
        return "standard input"
    return path if path and path.isprintable() else ascii(path)


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileExistsError):
        return "there is something already, and --force was not given"
    told = error.strerror if isinstance(error, OSError) else "this is no name of a file"
    return (told or "it failed").lower()


def _check_place(destination: Path, *, replacing: bool) -> None:
    try:
        mode = destination.lstat().st_mode
    except FileNotFoundError:
        return
    if not replacing:
        raise FileExistsError
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
        raise OSError(errno.EINVAL, "it is not a regular file")


def _place(destination: Path, content: bytes, *, replacing: bool) -> None:
    temporary = destination.parent / f".{secrets.token_hex(8)}.part"
    try:
        # The mode is there from the start: no moment at which others can read.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replacing:
            os.replace(temporary, destination)
        else:
            # Unlike a rename, a link refuses to take the place of what came in between.
            os.link(temporary, destination)
    finally:
        temporary.unlink(missing_ok=True)
