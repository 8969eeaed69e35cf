"""The data folder of a server: one SQLite database, and the certificate that clients trust.

`mhsm.sqlite3` has the application id "mhsm" and its format in `user_version`; a database of another
format is refused. Tables: `setting` (what the server is: its target, issuer, authority, how far its
clock is ahead), `instance` (names, internal hosts, configurations as JSON), and those of
`estate_store`. It is written ahead (WAL), so what was committed outlives the process however that
ends; a power cut may take the last moments with it. Private keys lie in it: the folder is for its
owner alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

from mhsm_model.configuration import Configuration
from mhsm_targets.server.errors import ServerError
from mhsm_targets.server.options import configuration_from_json, configuration_to_json
from mhsm_targets.server.tokens import IssuerKey

__all__ = ["FORMAT", "Store", "StoreError", "stored_issuer"]

FORMAT: Final = 1
"""The format of the database. A change that an older reader would misread gets the next number."""

_APPLICATION: Final = int.from_bytes(b"mhsm")
_DATABASE: Final = "mhsm.sqlite3"
_LOCK: Final = "lock"
_SCHEMA: Final = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE instance (
    position INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    host TEXT NOT NULL UNIQUE,
    configuration TEXT NOT NULL
);
CREATE TABLE key (
    host TEXT NOT NULL, name TEXT NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (host, name)
) WITHOUT ROWID;
CREATE TABLE material (
    identifier TEXT PRIMARY KEY, record TEXT NOT NULL, secret TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE backup (
    identity BLOB PRIMARY KEY, parts BLOB NOT NULL, record TEXT NOT NULL
) WITHOUT ROWID;
"""


class StoreError(ServerError):
    """The data folder cannot be used; the text is one sentence."""

    status = 500


class Store:
    """An open data folder. One server has it at a time. Methods raise StoreError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock: IO[bytes] = (folder / _LOCK).open("ab")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StoreError(f"cannot use the data folder {folder}: {reason}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise StoreError(f"another server uses the data folder {folder}") from None
        try:
            self._database = _opened(folder)
        except BaseException:
            self._lock.close()
            raise

    @property
    def folder(self) -> Path:
        """The folder."""
        return self._folder

    @contextlib.contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """A transaction: all that is done in it is kept, or nothing."""
        database = self._database
        try:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise _unusable(self._folder, error) from None

    def rows(self, question: str) -> Iterator[tuple[Any, ...]]:
        """The rows that answer a question."""
        try:
            yield from self._database.execute(question)
        except sqlite3.Error as error:
            raise _unusable(self._folder, error) from None

    def setting(self, name: str) -> str | None:
        """The setting, or None."""
        return next(
            (value for key, value in self.rows("SELECT * FROM setting") if key == name), None
        )

    def set(self, settings: Mapping[str, str]) -> None:
        """Keep the settings."""
        with self.transaction() as database:
            database.executemany(
                "INSERT OR REPLACE INTO setting VALUES (?, ?)", list(settings.items())
            )

    def instances(self) -> dict[str, tuple[str, Configuration]]:
        """Internal host and configuration of all instances by name, in their order."""
        question = "SELECT name, host, configuration FROM instance ORDER BY position"
        try:
            return {
                name: (host, configuration_from_json(json.loads(told)))
                for name, host, told in self.rows(question)
            }
        except (ValueError, TypeError) as error:
            raise _unusable(self._folder, error) from None

    def add_instance(self, name: str, host: str, configuration: Configuration) -> None:
        """Keep one more instance."""
        told = json.dumps(configuration_to_json(configuration))
        with self.transaction() as database:
            database.execute(
                "INSERT INTO instance (name, host, configuration) VALUES (?, ?, ?)",
                (name, host, told),
            )

    def close(self) -> None:
        """Give the folder back; calling it twice is fine."""
        self._database.close()
        self._lock.close()


def _opened(folder: Path) -> sqlite3.Connection:
    path = folder / _DATABASE
    try:
        # Nobody else may read it from its first byte on.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        database = sqlite3.connect(path, isolation_level=None, timeout=5)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(folder, error) from None
    try:
        is_new = not database.execute("SELECT 1 FROM sqlite_schema").fetchone()
        if not is_new:
            # First, so that what is somebody else's stays as it was.
            _check(database, folder)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA trusted_schema = OFF")
        if is_new:
            database.executescript(
                f"BEGIN;{_SCHEMA}PRAGMA application_id = {_APPLICATION};"
                f"PRAGMA user_version = {FORMAT};COMMIT;"
            )
    except sqlite3.Error as error:
        database.close()
        raise _unusable(folder, error) from None
    except BaseException:
        database.close()
        raise
    return database


def _check(database: sqlite3.Connection, folder: Path) -> None:
    """Raise StoreError where the database is not one of a server's, or of another format."""
    if database.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
        raise StoreError(
            f"{folder} is not the data folder of a server: its {_DATABASE} is another's"
        )
    found = database.execute("PRAGMA user_version").fetchone()[0]
    if found != FORMAT:
        raise StoreError(
            f"the data folder {folder} has format {found}, and this version reads {FORMAT}: use "
            f"the version that made it, or another folder"
        )


def _unusable(folder: Path, error: Exception) -> StoreError:
    return StoreError(f"cannot use the data folder {folder}: {error}")


def stored_issuer(folder: Path) -> IssuerKey:
    """The issuer of the folder's server, which may run meanwhile. Raises StoreError."""
    path = folder / _DATABASE
    if not path.is_file():
        raise StoreError(f"{folder} is not the data folder of a server")
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            _check(database, folder)
            told = dict(database.execute("SELECT name, value FROM setting"))
        return IssuerKey(told["tenant"], told["issuer_key"].encode())
    except (sqlite3.Error, KeyError) as error:
        raise _unusable(folder, error) from None
