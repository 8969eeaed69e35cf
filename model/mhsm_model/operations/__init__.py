"""The chapters, one per family of operations, and the table of all operations they end in.

Reading order: creating, importing, reading, updating, listing, deleting, backing up, signing,
encrypting and wrapping, random bytes. Later chapters (release, rotation, roles, the security
domain, whole-HSM backup) add a module and a row here.
"""

from __future__ import annotations

from typing import Any, Final

from mhsm_model.operations.backing_up import BACKUP_KEY, RESTORE_KEY
from mhsm_model.operations.creating import CREATE_KEY
from mhsm_model.operations.deleting import (
    DELETE_KEY,
    GET_DELETED_KEY,
    PURGE_DELETED_KEY,
    RECOVER_DELETED_KEY,
)
from mhsm_model.operations.encrypting import DECRYPT, ENCRYPT, UNWRAP_KEY, WRAP_KEY
from mhsm_model.operations.importing import IMPORT_KEY
from mhsm_model.operations.listing import LIST_DELETED_KEYS, LIST_KEY_VERSIONS, LIST_KEYS
from mhsm_model.operations.operation import Operation
from mhsm_model.operations.random_bytes import GET_RANDOM_BYTES
from mhsm_model.operations.reading import GET_KEY
from mhsm_model.operations.signing import SIGN, VERIFY
from mhsm_model.operations.updating import UPDATE_KEY

__all__ = ["BY_REQUEST", "OPERATIONS"]

OPERATIONS: Final[tuple[Operation[Any, Any], ...]] = (
    CREATE_KEY,
    IMPORT_KEY,
    GET_KEY,
    UPDATE_KEY,
    LIST_KEYS,
    LIST_KEY_VERSIONS,
    DELETE_KEY,
    LIST_DELETED_KEYS,
    GET_DELETED_KEY,
    RECOVER_DELETED_KEY,
    PURGE_DELETED_KEY,
    BACKUP_KEY,
    RESTORE_KEY,
    SIGN,
    VERIFY,
    ENCRYPT,
    DECRYPT,
    WRAP_KEY,
    UNWRAP_KEY,
    GET_RANDOM_BYTES,
)

BY_REQUEST: Final[dict[type[Any], Operation[Any, Any]]] = {row.request: row for row in OPERATIONS}
