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

__all__ = ["Route", "key_path", "route"]

_CRYPTOGRAPHIC: Final = {
    "sign": "Sign",
    "verify": "Verify",
    "encrypt": "Encrypt",
    "decrypt": "Decrypt",
    "wrapkey": "WrapKey",
    "unwrapkey": "UnwrapKey",
}
_LATER_ON_VERSION: Final = {
    "release": "Release",
    "securewrapkey": "SecureWrapKey",
    "secureunwrapkey": "SecureUnwrapKey",
    "attestation": "GetKeyAttestation",
}
_ON_KEY: Final = {"GET": "GetKey", "PUT": "ImportKey", "PATCH": "UpdateKey", "DELETE": "DeleteKey"}
_LATER_ON_KEY: Final = {
    ("POST", "rotate"): ("RotateKey", Reach.NAME),
    ("GET", "rotationpolicy"): ("GetKeyRotationPolicy", Reach.NOTHING),
    ("PUT", "rotationpolicy"): ("UpdateKeyRotationPolicy", Reach.NOTHING),
    ("PUT", "restore"): ("SelectiveKeyRestore", Reach.NAME),
}
_LATER_REACH: Final = {
    ("PUT", "restore"): Reach.INSTANCE,
    ("POST", "securitydomain/upload"): Reach.DOMAIN,
}
_DELETED: Final = {"GET": "GetDeletedKey", "DELETE": "PurgeDeletedKey"}


@dataclass(frozen=True, slots=True)
class Route:
    """An operation and the names in its path.

    `later` is None for a modelled operation, else how far one of a later chapter may reach.
    """

    operation: str
    name: str | None = None
    version: str | None = None
    later: Reach | None = None


@lru_cache(maxsize=4096)
def route(method: str, path: str) -> Route:
    """The operation that a method and a path mean; unknown ones come back as later operations."""
    parts = [unquote(part) for part in path.split("/")[1:]]
    while parts and not parts[-1]:
        parts.pop()
    found: Route | None = None
    if parts[:1] == ["keys"] and not _is_role_path(parts):
        found = _under_keys(method, parts[1:])
    elif parts[:1] == ["deletedkeys"]:
        found = _under_deleted_keys(method, parts[1:])
    elif (method, parts) == ("POST", ["rng"]):
        found = Route("GetRandomBytes")
    if found is not None:
        return found
    reach = _LATER_REACH.get((method, "/".join(parts)), Reach.NOTHING)
    return Route(f"{method} /{_generic(parts)}", later=reach)


def _is_role_path(parts: list[str]) -> bool:
    return "Microsoft.Authorization" in parts


def _generic(parts: list[str]) -> str:
    """The path with what differs from call to call left out, for counting."""
    shown = [part if part.isalpha() and part.islower() else "{…}" for part in parts if part]
    for marker in ("roleAssignments", "roleDefinitions"):
        if marker in parts:
            return f"{{scope}}/{marker}"
    return "/".join(shown)


def _under_keys(method: str, parts: list[str]) -> Route | None:
    match parts:
        case []:
            return Route("GetKeys") if method == "GET" else None
        case ["restore"] | ["", "restore"] if method == "POST":
            return Route("RestoreKey")
        case [name]:
            operation = _ON_KEY.get(method)
            return Route(operation, name) if operation is not None else None
        case [name, "create"] if method == "POST":
            return Route("CreateKey", name)
        case [name, "versions"] if method == "GET":
            return Route("GetKeyVersions", name)
        case [name, "backup"] if method == "POST":
            return Route("BackupKey", name)
        case [name, last] if (method, last) in _LATER_ON_KEY:
            operation, reach = _LATER_ON_KEY[method, last]
            return Route(operation, name, later=reach)
        case [name, version] if method == "POST" and is_version(version):
            return Route("POST /keys/{…}/{…}", name, version, Reach.USE)
        case [name, action] if method == "POST":
            return _action(name, None, action)
        case [name, version]:
            operation = _ON_KEY.get(method)
            if operation not in ("GetKey", "UpdateKey"):
                return None
            return Route(operation, name, version)
        case [name, version, action]:
            return _action(name, version or None, action)
        case _:
            return None


def _action(name: str, version: str | None, action: str) -> Route | None:
    lowered = action.lower()
    if lowered in _CRYPTOGRAPHIC:
        return Route(_CRYPTOGRAPHIC[lowered], name, version)
    if lowered in _LATER_ON_VERSION:
        return Route(_LATER_ON_VERSION[lowered], name, version, Reach.USE)
    return Route(f"POST /keys/{{…}}/{action}", name, version, Reach.USE)


def _under_deleted_keys(method: str, parts: list[str]) -> Route | None:
    match parts:
        case []:
            return Route("GetDeletedKeys") if method == "GET" else None
        case [name]:
            operation = _DELETED.get(method)
            return Route(operation, name) if operation is not None else None
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
