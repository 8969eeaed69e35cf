"""Data actions: the permission of local RBAC that each operation needs, and who holds it.

No clause judges permissions yet: roles are a later chapter. Source: REST specification 7.5,
rbac.json, DataAction; the built-in role definitions that the service was recorded to list (7.5,
November 2024); for the role that was not among them, Azure documentation, Managed HSM local RBAC
built-in roles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["DATA_ACTIONS", "PREFIX", "DataAction", "Role"]

PREFIX: Final = "Microsoft.KeyVault/managedHsm"
"""What every data action begins with."""


class Role:
    """The built-in roles that hold permissions on keys."""

    CRYPTO_USER: Final = "Managed HSM Crypto User"
    CRYPTO_OFFICER: Final = "Managed HSM Crypto Officer"
    SERVICE_ENCRYPTION: Final = "Managed HSM Crypto Service Encryption User"
    AUDITOR: Final = "Managed HSM Crypto Auditor"
    BACKUP: Final = "Managed HSM Backup User"
    # Not in the definitions recorded; named as documentation names it.
    RESTORE: Final = "Managed HSM Restore"


@dataclass(frozen=True, slots=True)
class DataAction:
    """A data action: its name after the prefix, and the built-in roles that hold it."""

    suffix: str
    roles: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name in full, as a role definition has it."""
        return f"{PREFIX}{self.suffix}"


_USER: Final = (Role.CRYPTO_USER,)
_OFFICER: Final = (Role.CRYPTO_OFFICER,)
_READERS: Final = (Role.CRYPTO_USER, Role.SERVICE_ENCRYPTION, Role.AUDITOR)
_WRAPPERS: Final = (Role.CRYPTO_USER, Role.SERVICE_ENCRYPTION)
_READ: Final = DataAction("/keys/read/action", _READERS)
# Documentation has the auditor purge, not read, deleted keys; the definitions recorded say this.
_READ_DELETED: Final = DataAction(
    "/keys/deletedKeys/read/action", (Role.CRYPTO_OFFICER, Role.AUDITOR)
)

DATA_ACTIONS: Final[dict[str, DataAction]] = {
    "CreateKey": DataAction("/keys/create", _USER),
    "ImportKey": DataAction("/keys/import/action", _USER),
    "GetKey": _READ,
    "UpdateKey": DataAction("/keys/write/action", _USER),
    "ListKeys": _READ,
    "ListKeyVersions": _READ,
    "DeleteKey": DataAction("/keys/delete", _USER),
    "ListDeletedKeys": _READ_DELETED,
    "GetDeletedKey": _READ_DELETED,
    "RecoverDeletedKey": DataAction("/keys/deletedKeys/recover/action", _OFFICER),
    "PurgeDeletedKey": DataAction("/keys/deletedKeys/delete", _OFFICER),
    "BackupKey": DataAction("/keys/backup/action", (Role.CRYPTO_USER, Role.BACKUP)),
    "RestoreKey": DataAction("/keys/restore/action", (Role.CRYPTO_USER, Role.RESTORE)),
    "Sign": DataAction("/keys/sign/action", _USER),
    "Verify": DataAction("/keys/verify/action", _USER),
    "Encrypt": DataAction("/keys/encrypt/action", _USER),
    "Decrypt": DataAction("/keys/decrypt/action", _USER),
    "WrapKey": DataAction("/keys/wrap/action", _WRAPPERS),
    "UnwrapKey": DataAction("/keys/unwrap/action", _WRAPPERS),
    "GetRandomBytes": DataAction("/rng/action", _USER),
}
"""By the name of the request. The spellings are the service's: three have no `/action`."""
