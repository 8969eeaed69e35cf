"""The records of a token: found once when it is opened, changed one whole record at a time.

A change writes the new record first, which is the commit, and destroys the old one after. Whatever
a process that died left behind is swept when the token is opened: records that are not whole, older
records of a name, and key objects that no record knows.

Source: measured on SoftHSM 2.6.1. CKA_VALUE of a data object is read-only, and changing CKA_LABEL
in place lost the object in 23 of 60 killed processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import AttributeTypeInvalid, ObjectHandleInvalid, PKCS11Error

from mhsm_targets.pkcs11.record import CutRecordError, Record, read_record, record_bytes
from mhsm_targets.pkcs11.stored import StoredKey
from mhsm_targets.pkcs11.token import Handle, Token

__all__ = ["Store"]


_HALF_WRITTEN: Final = (AttributeTypeInvalid, ObjectHandleInvalid)
"""What a module answers of an object that it did not finish; other errors are its own trouble."""


@dataclass(slots=True)
class _Held:
    """The record of a name, and older ones that could not be destroyed yet."""

    record: Record
    handle: Handle
    older: list[Handle]


class Store:
    """The keys of an instance by name. `label` marks its records among other objects.

    Raises PKCS11Error where the token cannot be read, and RecordError for a record of another
    version of this program, which is left alone.
    """

    def __init__(self, token: Token, label: str) -> None:
        self._token = token
        self._label = label
        self._held: dict[str, _Held] = {}
        self._serial = 0
        self.swept = 0
        self._read()

    def _read(self) -> None:
        template = {Attribute.CLASS: ObjectClass.DATA, Attribute.LABEL: self._label}
        for handle in self._token.found(template):
            record = self._whole(handle)
            if record is None:
                self._destroyed(handle)
                self.swept += 1
                continue
            self._serial = max(self._serial, record.serial)
            before = self._held.get(record.key.name)
            if before is None:
                self._held[record.key.name] = _Held(record, handle, [])
            elif before.record.serial < record.serial:
                self._held[record.key.name] = _Held(record, handle, [before.handle, *before.older])
            else:
                before.older.append(handle)
        for held in self._held.values():
            self.swept += len(held.older)
            self._sweep(held)

    def _whole(self, handle: Handle) -> Record | None:
        try:
            value = self._token.read(handle, Attribute.VALUE)
        except _HALF_WRITTEN:
            return None
        try:
            return read_record(value)
        except CutRecordError:
            return None

    def _destroyed(self, handle: Handle) -> bool:
        try:
            self._token.destroy(handle)
        except PKCS11Error:
            return False
        return True

    def _sweep(self, held: _Held) -> None:
        # What cannot be destroyed now is tried again at the next change, and at the next opening.
        held.older = [handle for handle in held.older if not self._destroyed(handle)]

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
        """Make this the key of its name. When this returns the token has it for good.

        Where it raises PKCS11Error nobody knows which key the token has: the store must be opened
        anew, and what the key refers to must stay until then.
        """
        # No number is used twice: a record may be there whose creation was told to have failed.
        self._serial += 1
        record = Record(key, self._serial)
        handle = self._token.create(
            {
                Attribute.CLASS: ObjectClass.DATA,
                Attribute.TOKEN: True,
                Attribute.PRIVATE: True,
                Attribute.LABEL: self._label,
                Attribute.VALUE: record_bytes(record),
            }
        )
        before = self._held.get(key.name)
        older = [] if before is None else [before.handle, *before.older]
        held = self._held[key.name] = _Held(record, handle, older)
        self._sweep(held)

    def forget(self, name: str) -> None:
        """Destroy the records of the name, the newest last. Its key objects are the caller's.

        Raises PKCS11Error, and then the key is still there.
        """
        held = self._held[name]
        while held.older:
            self._token.destroy(held.older[-1])
            held.older.pop()
        self._token.destroy(held.handle)
        del self._held[name]
