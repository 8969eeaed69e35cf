"""Paths: which operation a method and a path mean. Source: REST specification; recorded tolerance.

A trailing slash is the same as none, an empty version means the current one, and operation names
are taken in any case (recorded: wrapKey and wrapkey).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

from mhsm_model.identifiers import is_version
from mhsm_model.requests import Reach
from mhsm_model.wire.http import HttpRequest
from mhsm_model.wire.later_paths import later_operation

__all__ = ["Route", "key_path", "method_meant", "route"]

_CRYPTOGRAPHIC: Final = {
    "sign": "Sign",
    "verify": "Verify",
    "encrypt": "Encrypt",
    "decrypt": "Decrypt",
    "wrapkey": "WrapKey",
    "unwrapkey": "UnwrapKey",
}
_LATER_ON_VERSION: Final = {
    ("POST", "release"): "Release",
    ("POST", "securewrapkey"): "SecureWrapKey",
    ("POST", "secureunwrapkey"): "SecureUnwrapKey",
    ("GET", "attestation"): "GetKeyAttestation",
}
_ON_KEY: Final = {"GET": "GetKey", "PUT": "ImportKey", "PATCH": "UpdateKey", "DELETE": "DeleteKey"}
_ON_VERSION: Final = frozenset({"GetKey", "UpdateKey"})
_LATER_ON_KEY: Final = {
    ("POST", "rotate"): ("RotateKey", Reach.NAME),
    ("GET", "rotationpolicy"): ("GetKeyRotationPolicy", Reach.NOTHING),
    ("PUT", "rotationpolicy"): ("UpdateKeyRotationPolicy", Reach.NOTHING),
    ("PUT", "restore"): ("SelectiveKeyRestore", Reach.NAME),
}
_DELETED: Final = {"GET": "GetDeletedKey", "DELETE": "PurgeDeletedKey"}


@dataclass(frozen=True, slots=True)
class Route:
    """An operation and the names in its path.

    `later` is None for a modelled operation, else how far one of a later chapter may reach.
    `whole` is False where the path ends at a version that nothing is asked of by this method.
    """

    operation: str
    name: str | None = None
    version: str | None = None
    later: Reach | None = None
    whole: bool = True


@lru_cache(maxsize=4096)
def route(method: str, path: str) -> Route | None:
    """The operation that a method and a path mean, None where they are no operation's."""
    parts = [unquote(part) for part in path.split("/")[1:]]
    while parts and not parts[-1]:
        parts.pop()
    later = later_operation(method, parts)
    if later is not None:
        operation, reach = later
        return Route(operation, later=reach)
    match parts:
        case ["keys", *rest]:
            return _under_keys(method, rest)
        case ["deletedkeys", *rest]:
            return _under_deleted_keys(method, rest)
        case ["rng"] if method == "POST":
            return Route("GetRandomBytes")
        case _:
            return None


def method_meant(message: HttpRequest) -> str:
    """The method that counts: the one in X-HTTP-METHOD where POST is no operation's by itself."""
    if message.verb == message.method:
        return message.method
    found = route(message.method, message.path)
    return message.method if found is not None and found.whole else message.verb


def _under_keys(method: str, parts: list[str]) -> Route | None:
    match parts:
        case []:
            return Route("GetKeys") if method == "GET" else None
        case ["restore"] | ["", "restore"] if method == "POST":
            return Route("RestoreKey")
        case ["", *_]:
            return None
        case [name]:
            return _known(_ON_KEY.get(method), name)
        case [name, "create"] if method == "POST":
            return Route("CreateKey", name)
        case [name, "versions"] if method == "GET":
            return Route("GetKeyVersions", name)
        case [name, "backup"] if method == "POST":
            return Route("BackupKey", name)
        case [name, last] if (method, last) in _LATER_ON_KEY:
            operation, reach = _LATER_ON_KEY[method, last]
            return Route(operation, name, later=reach)
        case [name, last]:
            return _action(method, name, None, last) or _on_version(method, name, last)
        case [name, version, action]:
            return _action(method, name, version or None, action)
        case _:
            return None


def _known(operation: str | None, name: str, version: str | None = None) -> Route | None:
    return None if operation is None else Route(operation, name, version)


def _on_version(method: str, name: str, version: str) -> Route | None:
    if method == "POST" and is_version(version):
        return Route("POST /keys/{…}/{…}", name, version, Reach.USE, whole=False)
    operation = _ON_KEY.get(method)
    return _known(operation, name, version) if operation in _ON_VERSION else None


def _action(method: str, name: str, version: str | None, action: str) -> Route | None:
    lowered = action.lower()
    if method == "POST" and lowered in _CRYPTOGRAPHIC:
        return Route(_CRYPTOGRAPHIC[lowered], name, version)
    later = _LATER_ON_VERSION.get((method, lowered))
    return None if later is None else Route(later, name, version, Reach.USE)


def _under_deleted_keys(method: str, parts: list[str]) -> Route | None:
    match parts:
        case []:
            return Route("GetDeletedKeys") if method == "GET" else None
        case ["", *_]:
            return None
        case [name]:
            return _known(_DELETED.get(method), name)
        case [name, "recover"] if method == "POST":
            return Route("RecoverDeletedKey", name)
        case _:
            return None


def key_path(name: str, version: str | None = None, action: str | None = None) -> str:
    """The path of a key, of one of its versions, or of an action on it, as clients write it."""
    base = f"/keys/{quote(name, safe='')}"
    if action is None:
        return f"{base}/{version or ''}"
    return f"{base}/{version or ''}/{action}"
