"""The table with the facts of a module, as its profile has it; read also where no PKCS#11 is."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["asks_module", "facts_table"]


@cache
def facts_table(name: str) -> Mapping[str, Any]:
    """The table `module` of the profile; raises FileNotFoundError where it is none."""
    text = files("mhsm_targets.profiles").joinpath(f"{name}.toml").read_text("utf-8")
    table: dict[str, Any] = tomllib.loads(text).get("module", {})
    return table


def asks_module(told: Mapping[str, Any]) -> bool:
    """Whether the module itself is to be asked: its facts are those of `probing.py`."""
    asks: bool = told.get("asks_module", False)
    return asks
