"""The table with the facts of a module, as its profile has it; read also where no PKCS#11 is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mhsm_targets.profiles import document

__all__ = ["asks_module", "facts_table"]


def facts_table(name: str) -> Mapping[str, Any]:
    """The table `module` of the profile; raises FileNotFoundError where it is none."""
    table: Mapping[str, Any] = document(f"{name}.toml").get("module", {})
    return table


def asks_module(told: Mapping[str, Any]) -> bool:
    """Whether the module itself is to be asked: its facts are those of `probing.py`."""
    asks: bool = told.get("asks_module", False)
    return asks
