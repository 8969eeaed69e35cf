"""Release policies as text: when two are the same policy.

The service gives a policy back with `version` normalised (`1.0` becomes `1.0.0`) and in some builds
minified (recorded), so policies are compared as parsed JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, cast

__all__ = [
    "DEFAULT_CONTENT_TYPE",
    "has_short_version",
    "has_version",
    "normalised",
    "same_policy_text",
]

_BARE_HOST_SLASHES: Final = 2
_VERSION_DOTS: Final = 2
_URL = re.compile(rb"https?://[^/\"\s]*/?")
DEFAULT_CONTENT_TYPE: Final = "application/json; charset=utf-8"


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def normalised(data: bytes) -> bytes:
    """The policy text as the service stores it: minified, `version` with three numbers."""
    policy = _parsed(data)
    if not isinstance(policy, dict):
        return data
    try:
        return json.dumps(_canonical(policy), separators=(",", ":")).encode()
    except RecursionError:
        return data


def _canonical(policy: Any) -> Any:
    """The policy in one spelling: a version of three numbers, operators as member names.

    An authority that is a bare host gets a slash, and a condition
    {"claim", "condition": "equals", "value"} comes back as {"claim", "equals"} (recorded).
    """
    if isinstance(policy, list):
        return [_canonical(item) for item in cast("Sequence[Any]", policy)]
    if not isinstance(policy, dict):
        return policy
    spelt = {name: _canonical(value) for name, value in cast("dict[str, Any]", policy).items()}
    if isinstance(spelt.get("condition"), str) and "value" in spelt:
        spelt[spelt.pop("condition")] = spelt.pop("value")
    authority = spelt.get("authority")
    if isinstance(authority, str) and authority.count("/") == _BARE_HOST_SLASHES:
        spelt["authority"] = f"{authority}/"
    return _with_version(spelt)


def _with_version(policy: dict[str, Any]) -> dict[str, Any]:
    version = policy.get("version")
    if isinstance(version, str) and version.count(".") < _VERSION_DOTS:
        return {**policy, "version": version + ".0" * (2 - version.count("."))}
    return policy


def has_version(data: bytes) -> bool:
    """Whether the policy has the member `version`, which the service requires."""
    policy = _parsed(data)
    return not isinstance(policy, dict) or "version" in policy


def has_short_version(data: bytes) -> bool:
    """Whether the policy has a `version` of fewer than three numbers."""
    policy = _parsed(data)
    version = cast("dict[str, Any]", policy).get("version") if isinstance(policy, dict) else None
    return isinstance(version, str) and version.count(".") < _VERSION_DOTS


def same_policy_text(one: bytes, other: bytes, *, hosts_masked: bool = False) -> bool:
    """Whether two policy texts say the same; with `hosts_masked`, but for the hosts in URLs."""
    if hosts_masked:
        one, other = _URL.sub(b"https://", one), _URL.sub(b"https://", other)
    first, second = _parsed(one), _parsed(other)
    if first is None or second is None:
        return one == other
    try:
        return bool(_canonical(first) == _canonical(second))
    except RecursionError:
        return one == other
