"""The requests that a case can hold, by name, and the parts that they are made of."""

from __future__ import annotations

from typing import Any, Final

from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    GetRandomBytes,
    ImportKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    ReleasePolicy,
    RequestedAttributes,
    RestoreKey,
    Sign,
    UnwrapKey,
    UpdateKey,
    Verify,
    WrapKey,
)
from mhsm_model.jwk import JsonWebKey

__all__ = ["KINDS", "PARTS", "REQUESTS"]

REQUESTS: Final[dict[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (
        *(CreateKey, ImportKey, GetKey, UpdateKey, ListKeys, ListKeyVersions, ListDeletedKeys),
        *(DeleteKey, GetDeletedKey, RecoverDeletedKey, PurgeDeletedKey, BackupKey, RestoreKey),
        *(Sign, Verify, Encrypt, Decrypt, WrapKey, UnwrapKey, GetRandomBytes),
    )
}
"""Requests that have a REST form, by the name of their class."""

PARTS: Final[dict[str, type[Any]]] = {
    "attributes": RequestedAttributes,
    "key": JsonWebKey,
    "release_policy": ReleasePolicy,
}
"""Members that have members of their own, by name."""

KINDS: Final[dict[str, type[Any]]] = {
    **REQUESTS,
    **{kind.__name__: kind for kind in PARTS.values()},
}
"""What a term may be made of, by the name of its class."""
