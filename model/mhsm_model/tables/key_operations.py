"""`key_ops`: the operations that a key version permits.

Source: REST specification, JsonWebKeyOperation; the defaults are recorded, and differ by build.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mhsm_model.tables.key_types import Family

__all__ = ["DEFAULTS", "KEY_OPERATIONS", "DefaultOperations"]

KEY_OPERATIONS: Final[frozenset[str]] = frozenset(
    {
        "encrypt",
        "decrypt",
        "sign",
        "verify",
        "wrapKey",
        "unwrapKey",
        "import",
        "export",
        "deriveKey",
        "secureWrapKey",
        "secureUnwrapKey",
    }
)


@dataclass(frozen=True, slots=True)
class DefaultOperations:
    """What a key gets when its creator names no operations: always, and in some builds.

    `since` is the first api-version under which the wider set was recorded.
    """

    always: frozenset[str]
    in_some_builds: frozenset[str] = frozenset()
    since: str | None = None

    def admits(self, operations: frozenset[str]) -> bool:
        """Whether the set is one that some build would give."""
        return self.always <= operations <= self.always | self.in_some_builds


_AES = frozenset({"encrypt", "decrypt", "wrapKey", "unwrapKey"})
_SIGNING = frozenset({"sign", "verify"})

DEFAULTS: Final[dict[Family, DefaultOperations]] = {
    Family.RSA: DefaultOperations(_AES | _SIGNING),
    Family.EC: DefaultOperations(_SIGNING, frozenset({"deriveKey"}), since="7.5"),
    Family.OCT: DefaultOperations(_AES, _SIGNING | {"deriveKey"}, since="7.3-preview"),
    Family.OKP: DefaultOperations(_SIGNING),
}
