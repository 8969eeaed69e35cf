"""How far a request reaches: to a key of the run's own, or beyond."""

from __future__ import annotations

from typing import Final

from mhsm_model.wire.routes import route

__all__ = ["changes", "is_within", "makes", "makes_a_key"]

_WITHOUT_NAME: Final = ("GetKeys", "GetDeletedKeys", "GetRandomBytes", "RestoreKey")
"""What names no key and harms none: a restore brings back what a blob of the run holds."""

_CHANGING: Final = (
    "CreateKey",
    "DeleteKey",
    "ImportKey",
    "PurgeDeletedKey",
    "RecoverDeletedKey",
    "RestoreKey",
    "UpdateKey",
)
_MAKING: Final = ("CreateKey", "ImportKey", "RestoreKey")


def is_within(method: str, path: str) -> bool:
    """Whether the request reaches no further than a key that its path names."""
    found = route(method, path)
    if found is None:
        return False
    if found.later is None:
        return found.name is not None or found.operation in _WITHOUT_NAME
    return found.name is not None


def changes(method: str, path: str) -> bool:
    """Whether carrying the request out twice may be another thing than once."""
    found = route(method, path)
    if found is None:
        return method != "GET"
    return found.operation in _CHANGING or (found.later is not None and method != "GET")


def makes(method: str, path: str) -> str | None:
    """The kind of work that documented rates are told for, or None for any other.

    `create` for what makes a key or a version, `change` for what deletes, purges, backs up or
    restores.
    """
    operation = _operation(method, path)
    if operation in ("CreateKey", "ImportKey"):
        return "create"
    slow = ("BackupKey", "RestoreKey", "DeleteKey", "PurgeDeletedKey", "RecoverDeletedKey")
    return "change" if operation in slow else None


def makes_a_key(method: str, path: str) -> bool:
    """Whether the request makes a key or a version."""
    return _operation(method, path) in _MAKING


def _operation(method: str, path: str) -> str | None:
    found = route(method, path)
    return None if found is None else found.operation
