"""The targets by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mhsm_targets.emulator import EmulatorFactory
from mhsm_targets.protocol import TargetFactory

__all__ = ["UnknownTargetError", "target_factory", "target_names"]


class UnknownTargetError(ValueError):
    """No target has the name; the text lists those there are."""


_TARGETS: Final[dict[str, Callable[[], TargetFactory]]] = {"model": EmulatorFactory}


def target_names() -> tuple[str, ...]:
    """The names of all targets."""
    return tuple(_TARGETS)


def target_factory(name: str) -> TargetFactory:
    """The factory of the target; raises UnknownTargetError for a name that no target has."""
    if name not in _TARGETS:
        raise UnknownTargetError(f"no target is called {name!r}; there is {', '.join(_TARGETS)}")
    return _TARGETS[name]()
