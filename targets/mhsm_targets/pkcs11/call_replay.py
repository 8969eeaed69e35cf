"""Makes the calls in the journals of a run again, bare: python-pkcs11 alone, with nothing above it.

Each journal gets a process and a SoftHSM token of its own, as its instance had, and the next token
is prepared while the calls on the one before are made. `python -m mhsm_targets.pkcs11.call_replay
FOLDER` prints a Replay as JSON.
"""

from __future__ import annotations

import gc
import importlib
import json
import multiprocessing
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, cast

from cryptography.hazmat.primitives.asymmetric import rsa
from pkcs11 import Attribute, GCMParams

from mhsm_targets.pkcs11.call_journal import (
    Bytes,
    Gcm,
    JournalRow,
    Place,
    finished,
    is_template,
    journals,
    read_journal,
    token_objects,
)
from mhsm_targets.pkcs11.facts_table import facts_table
from mhsm_targets.pkcs11.login import logged_in
from mhsm_targets.pkcs11.softhsm import prepared_token
from mhsm_targets.pkcs11.spare import LABEL, parent_folder
from mhsm_targets.protocol import CALL_JOURNALS, Replay, TargetUnavailableError

__all__ = ["main", "replayed", "replayed_calls"]

_PATIENCE_SECONDS: Final = 600.0
_EXPONENT: Final = 65537


def replayed(folder: Path) -> Replay:
    """The journals in the folder replayed in a process of its own, which loads nothing else.

    Raises TargetUnavailableError where that does not come to an end.
    """
    environment = {name: told for name, told in os.environ.items() if name != CALL_JOURNALS}
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        told = (done.stderr.strip() or f"status {done.returncode}").splitlines()[-1]
        raise TargetUnavailableError(f"the calls cannot be made again: {told}")
    return Replay(**json.loads(done.stdout))


def replayed_calls(session: Any, rows: Iterable[JournalRow]) -> tuple[int, int, float]:
    """Make the calls on the session.

    Returns how many were answered otherwise than in the journal, by an error or by none, and how
    many were left out because there was no object to make them on, with the seconds that these took
    in the journal.
    """
    objects: dict[Place, Any] = {}
    given = _Given()
    otherwise = left_out = 0
    seconds = 0.0
    for call, row in enumerate(rows):
        error: str | None = None
        try:
            on = session if row.on is None else objects[row.on]
            positional = [_made(one, objects, given) for one in row.positional]
            named = {name: _made(one, objects, given) for name, one in row.named.items()}
        except KeyError:
            left_out += 1
            seconds += row.seconds
            continue
        try:
            result = finished(getattr(on, row.method)(*positional, **named))
        except Exception as raised:
            error = type(raised).__name__
        else:
            if isinstance(result, bytes):
                given.results[call] = result
            for number, one in enumerate(token_objects(result)):
                objects[Place(call, number)] = one
        otherwise += error != row.error
    return otherwise, left_out, seconds


# --- arguments ------------------------------------------------------------------------------------


def _made(value: Any, objects: Mapping[Place, Any], given: _Given) -> Any:
    """An argument of a call; raises KeyError where an object is wanted that is not there."""
    if is_template(value):
        told = {name: _made(member, objects, given) for name, member in value.items()}
        return {**told, **_rsa_members(_rsa_bits(value))}
    match value:
        case Place():
            return objects[value]
        case Bytes():
            return given.bytes_of(value)
        case Gcm():
            aad = None if value.aad is None else _made(value.aad, objects, given)
            return GCMParams(_made(value.nonce, objects, given), aad, value.tag_bits)
        case _:
            return value


class _Given:
    """The bytes that calls gave, and those that were made up."""

    def __init__(self) -> None:
        self.results: dict[int, bytes] = {}
        self._made_up: dict[int, bytes] = {}

    def bytes_of(self, told: Bytes) -> bytes:
        """The result meant, or bytes made up: less than every modulus and order of their length."""
        known = None if told.call is None else self.results.get(told.call)
        if known is not None or not told.count:
            return known or b""
        if told.serial not in self._made_up:
            self._made_up[told.serial] = b"\0" + secrets.token_bytes(told.count - 1)
        return self._made_up[told.serial]


def _rsa_bits(template: Mapping[Any, Any]) -> int:
    """The size of the RSA key that a template imports, 0 for any other."""
    return 8 * len(template[Attribute.MODULUS]) if Attribute.PRIVATE_EXPONENT in template else 0


@cache
def _rsa_members(bits: int) -> dict[Attribute, bytes]:
    if not bits:
        return {}
    numbers = rsa.generate_private_key(_EXPONENT, bits).private_numbers()
    members = {
        Attribute.MODULUS: numbers.public_numbers.n,
        Attribute.PUBLIC_EXPONENT: numbers.public_numbers.e,
        Attribute.PRIVATE_EXPONENT: numbers.d,
        Attribute.PRIME_1: numbers.p,
        Attribute.PRIME_2: numbers.q,
        Attribute.EXPONENT_1: numbers.dmp1,
        Attribute.EXPONENT_2: numbers.dmq1,
        Attribute.COEFFICIENT: numbers.iqmp,
    }
    return {
        name: number.to_bytes((number.bit_length() + 7) // 8) for name, number in members.items()
    }


# --- processes ------------------------------------------------------------------------------------


class _Begun:
    """A process that prepares a token and waits for its turn to make the calls of a journal."""

    def __init__(self, rows: list[JournalRow], folder: Path) -> None:
        context = multiprocessing.get_context("fork")
        self._connection, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, rows, folder))
        self._process.start()
        there.close()

    def told(self) -> tuple[int, int, float]:
        """Let it make the calls: see `replayed_calls`. Raises TargetUnavailableError."""
        told: Any = None
        with suppress(EOFError, OSError):
            self._connection.send(None)
            if self._connection.poll(_PATIENCE_SECONDS):
                told = self._connection.recv()
        self._process.kill()
        self._process.join()
        if not isinstance(told, tuple):
            raise TargetUnavailableError(told or "a process that made them has died")
        return cast("tuple[int, int, float]", told)


def _serve(connection: Connection, rows: list[JournalRow], folder: Path) -> None:
    named = (facts_table("softhsm")["library"], LABEL)
    pin = secrets.token_hex(8)
    try:
        prepared_token(folder, *named, pin)
        session = logged_in(*named, pin)
    except TargetUnavailableError as error:
        connection.send(str(error))
        return
    connection.recv()
    connection.send(replayed_calls(session, rows))


def main() -> None:
    """Replay the journals in the folder that is the only argument."""
    written = [read_journal(path) for path in journals(Path(sys.argv[1]))]
    # What the nursery of a run has done before its first child, too.
    importlib.import_module("pkcs11._pkcs11")
    for row in (row for rows in written for row in rows):
        for value in (*row.positional, *row.named.values()):
            if is_template(value):
                _rsa_members(_rsa_bits(value))
    gc.freeze()
    with tempfile.TemporaryDirectory(prefix="mhsm-replay-", dir=parent_folder()) as place:
        begun_at = time.perf_counter()
        told: list[tuple[int, int, float]] = []
        ahead: _Begun | None = None
        for number, rows in enumerate(written):
            begun, ahead = ahead, _Begun(rows, Path(place) / str(number))
            told += [] if begun is None else [begun.told()]
        told += [] if ahead is None else [ahead.told()]
        seconds = time.perf_counter() - begun_at
    replay = Replay(
        seconds=seconds,
        calls=sum(map(len, written)),
        otherwise=sum(part[0] for part in told),
        left_out=sum(part[1] for part in told),
        seconds_left_out=sum(part[2] for part in told),
    )
    print(json.dumps(asdict(replay)))


if __name__ == "__main__":
    main()
