"""Paths of operations that are not in the specification yet, and how far each may reach.

Source: REST specification, paths of the data plane up to 2026-04-01.
"""

from __future__ import annotations

from typing import Final

from mhsm_model.requests import Reach

__all__ = ["later_operation"]

_ANY: Final = "{…}"
_LATER: Final = {
    ("POST", "backup"): Reach.NOTHING,
    ("POST", "prebackup"): Reach.NOTHING,
    ("GET", f"backup/{_ANY}/pending"): Reach.NOTHING,
    ("PUT", "restore"): Reach.INSTANCE,
    ("PUT", "prerestore"): Reach.NOTHING,
    ("GET", f"restore/{_ANY}/pending"): Reach.NOTHING,
    ("GET", "settings"): Reach.NOTHING,
    ("GET", f"settings/{_ANY}"): Reach.NOTHING,
    ("PATCH", f"settings/{_ANY}"): Reach.NOTHING,
    ("POST", "securitydomain/download"): Reach.NOTHING,
    ("GET", "securitydomain/download/pending"): Reach.NOTHING,
    ("GET", "securitydomain/upload"): Reach.NOTHING,
    ("POST", "securitydomain/upload"): Reach.DOMAIN,
    ("GET", "securitydomain/upload/pending"): Reach.NOTHING,
    ("GET", "ekm"): Reach.NOTHING,
    ("PATCH", "ekm"): Reach.NOTHING,
    ("DELETE", "ekm"): Reach.NOTHING,
    ("POST", "ekm/create"): Reach.NOTHING,
    ("POST", "ekm/check"): Reach.NOTHING,
    ("GET", "ekm/certificate"): Reach.NOTHING,
}
_PATTERNS: Final = tuple((method, path.split("/")) for method, path in _LATER)
_ROLES: Final = ("roleAssignments", "roleDefinitions")
_ON_ROLE: Final = frozenset({"GET", "PUT", "DELETE"})


def later_operation(method: str, parts: list[str]) -> tuple[str, Reach] | None:
    """The operation, as it is counted, and its reach; None where the path is no such operation's.

    `parts` are the segments of the path, unescaped, without empty ones at the end.
    """
    role = _role_operation(method, parts)
    if role is not None:
        return role, Reach.NOTHING
    for known, pattern in _PATTERNS:
        if known == method and _fits(pattern, parts):
            path = "/".join(pattern)
            return f"{method} /{path}", _LATER[method, path]
    return None


def _fits(pattern: list[str], parts: list[str]) -> bool:
    if len(pattern) != len(parts):
        return False
    pairs = zip(pattern, parts, strict=True)
    return all(part == wanted or (wanted == _ANY and bool(part)) for wanted, part in pairs)


def _role_operation(method: str, parts: list[str]) -> str | None:
    """`{scope}/providers/Microsoft.Authorization/roleAssignments[/{name}]`, with any scope."""
    if "Microsoft.Authorization" not in parts:
        return None
    place = parts.index("Microsoft.Authorization")
    rest = parts[place + 1 :]
    if not rest or rest[0] not in _ROLES or parts[place - 1 : place] != ["providers"]:
        return None
    if (len(rest) == 1 and method == "GET") or (len(rest) == 2 and method in _ON_ROLE):
        return f"{method} /{{scope}}/{rest[0]}"
    return None
