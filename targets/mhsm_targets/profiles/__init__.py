"""The profiles of all targets: what each claims, and its declared expected failures."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from mhsm_targets.protocol import Capability, TargetProfile

__all__ = ["profile"]


@cache
def profile(name: str) -> TargetProfile:
    """The profile of that name; raises FileNotFoundError where there is none."""
    text = files(__package__ or "mhsm_targets.profiles").joinpath(f"{name}.toml").read_text("utf-8")
    told = tomllib.loads(text)
    return TargetProfile(
        name=told["name"],
        description=told["description"],
        evidence=told["evidence"],
        capabilities=frozenset(Capability(word) for word in told["capabilities"]),
        live=told["live"],
        expected_failures=dict(told["expected_failures"]),
        answered_by=dict(told.get("answered_by", {})),
        staleness=told.get("staleness", 0),
    )
