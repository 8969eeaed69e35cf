"""The profiles of all targets: what each claims, and its declared expected failures.

A profile may name a table of `answered_by/`, which says who answers for which clause; what its own
table `module` tells of the module changes the answers there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from mhsm_targets.protocol import Capability, TargetProfile

__all__ = ["document", "profile", "profile_with"]


@cache
def profile(name: str) -> TargetProfile:
    """The profile of that name; raises FileNotFoundError where there is none."""
    told = document(f"{name}.toml")
    return _profile(told, told.get("module", {}))


def profile_with(name: str, module: Mapping[str, Any]) -> TargetProfile:
    """The profile of that name, with other facts of the module than its own table `module` has.

    Raises FileNotFoundError where there is none.
    """
    return _profile(document(f"{name}.toml"), module)


@cache
def document(path: str) -> Mapping[str, Any]:
    """What the file in this folder says, read once; raises FileNotFoundError where it is none."""
    text = files(__package__ or "mhsm_targets.profiles").joinpath(path).read_text("utf-8")
    return tomllib.loads(text)


def _profile(told: Mapping[str, Any], module: Mapping[str, Any]) -> TargetProfile:
    table = told.get("answered_by")
    return TargetProfile(
        name=told["name"],
        description=told["description"],
        evidence=told["evidence"],
        capabilities=frozenset(Capability(word) for word in told["capabilities"]),
        live=told["live"],
        expected_failures=dict(told["expected_failures"]),
        answered_by={} if table is None else _answered_by(table, module),
        staleness=told.get("staleness", 0),
    )


def _answered_by(table: str, module: Mapping[str, Any]) -> dict[str, str]:
    """The rows of the table, those before it that the facts of the module make different."""
    told = document(f"answered_by/{table}.toml")
    lacking = {*module.get("lacks", ()), *module.get("lacks_keys", ())}
    elsewhere = {*module.get("outside", ()), *lacking}
    changed: dict[str, str] = {}
    for clause, names in told["about"].items():
        if lacking.issuperset(names):
            changed[clause] = "adapter"
        elif not elsewhere.isdisjoint(names):
            changed[clause] = "both"
    rows: dict[str, str] = told["answered_by"]
    # The first pattern that matches counts.
    return {**changed, **{pattern: rows[pattern] for pattern in rows if pattern not in changed}}
