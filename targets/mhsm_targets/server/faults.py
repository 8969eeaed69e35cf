"""Faults that a test asks for: throttling, unavailability, delays, connections that are reset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import unquote

__all__ = ["Fault", "FaultKind", "Faults", "read_fault"]

_LONGEST_SECONDS: Final = 600


class FaultKind(StrEnum):
    """What happens to a request."""

    THROTTLE = "throttle"
    """429 with Retry-After, without effect."""

    UNAVAILABLE = "unavailable"
    """503 with Retry-After, without effect."""

    DELAY = "delay"
    """It is carried out after `seconds`."""

    RESET_BEFORE = "reset-before"
    """The connection is reset, without effect."""

    RESET_AFTER = "reset-after"
    """It has its effect, and the connection is reset instead of an answer."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, and the requests it happens to: the next `count` (None: all) that match.

    `instance`, `method` and `path` (how the path begins) match anything where they are None.
    `seconds` is the delay, or what Retry-After says.
    """

    kind: FaultKind
    count: int | None = 1
    seconds: float = 1.0
    instance: str | None = None
    method: str | None = None
    path: str | None = None

    def matches(self, instance: str, method: str, path: str) -> bool:
        """Whether a request with this method and path to this instance is meant."""
        return (
            self.instance in (None, instance)
            and self.method in (None, method)
            and (self.path is None or path.startswith(self.path))
        )


def read_fault(told: Mapping[str, Any]) -> Fault:
    """The fault that JSON members tell of, `kind` and those of Fault; raises ValueError."""
    members = dict(told)
    try:
        fault = Fault(kind=FaultKind(members.pop("kind", None)), **members)
    except (TypeError, ValueError):
        kinds = ", ".join(FaultKind)
        raise ValueError(
            f"a fault has a kind ({kinds}) and may have count, seconds, instance, method and path"
        ) from None
    counted = fault.count is None or (type(fault.count) is int and fault.count > 0)
    timed = type(fault.seconds) in (int, float) and 0 <= fault.seconds <= _LONGEST_SECONDS
    named = all(
        value is None or type(value) is str for value in (fault.instance, fault.method, fault.path)
    )
    if not counted or not timed or not named:
        raise ValueError(
            "count is a positive number or null, seconds is 0 to "
            f"{_LONGEST_SECONDS}, and the others are text"
        )
    # As requests have them: what is written otherwise would match none, and nobody would be told.
    if fault.method is not None and fault.method != fault.method.upper():
        raise ValueError(f"a method is written in capitals: {fault.method.upper()}")
    if fault.path is not None and not fault.path.startswith("/"):
        raise ValueError("a path begins with /")
    return fault


class Faults:
    """The faults that are due, oldest first."""

    def __init__(self) -> None:
        self._due: list[tuple[Fault, int | None]] = []

    @property
    def due(self) -> list[tuple[Fault, int | None]]:
        """The faults, each with how many requests it still happens to (None: all)."""
        return list(self._due)

    def add(self, fault: Fault) -> None:
        """Let the fault happen from now on."""
        self._due.append((fault, fault.count))

    def clear(self) -> None:
        """Let none happen any more."""
        self._due.clear()

    def taken(self, instance: str, method: str, target: str) -> Fault | None:
        """The fault that happens to a request, or None; it is counted."""
        if not self._due:
            return None
        path = unquote(target.partition("?")[0])
        for place, (fault, left) in enumerate(self._due):
            if fault.matches(instance, method, path):
                if left == 1:
                    del self._due[place]
                elif left is not None:
                    self._due[place] = (fault, left - 1)
                return fault
        return None
