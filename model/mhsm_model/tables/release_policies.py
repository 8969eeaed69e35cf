"""Release policies as text: when two are the same policy.

The service gives a policy back with `version` normalised (`1.0` becomes `1.0.0`) and in some builds
minified (recorded), so policies are compared as parsed JSON.
"""

from __future__ import annotations

import json
from typing import Any, Final

__all__ = ["DEFAULT_CONTENT_TYPE", "has_version", "normalised", "same_policy_text"]

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
    return json.dumps(_with_version(policy), separators=(",", ":")).encode()


def _with_version(policy: Any) -> Any:
    version = policy.get("version") if isinstance(policy, dict) else None
    if isinstance(version, str) and version.count(".") < 2:
        return {**policy, "version": version + ".0" * (2 - version.count("."))}
    return policy


def has_version(data: bytes) -> bool:
    """Whether the policy has the member `version`, which the service requires."""
    policy = _parsed(data)
    return not isinstance(policy, dict) or "version" in policy


def same_policy_text(one: bytes, other: bytes) -> bool:
    """Whether two policy texts say the same."""
    first, second = _parsed(one), _parsed(other)
    if first is None or second is None:
        return one == other
    return bool(_with_version(first) == _with_version(second))
