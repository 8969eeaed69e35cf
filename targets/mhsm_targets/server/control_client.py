"""The test controls of a running server, from Python: see `controls` for what each does."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["ControlError", "Controls"]

_SECONDS: Final = 60
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ControlError(Exception):
    """The server cannot do what was asked; the text says why."""


class Controls:
    """Controls at a URL. Methods return the state that the server then tells.

    They raise ControlError where the server refuses, and OSError where it is gone.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def state(self) -> dict[str, Any]:
        """The clock, the lag, the faults that are due, the instances."""
        return self._asked("GET", "/", None)

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the clock forward."""
        return self._asked("POST", "/clock", {"advance": seconds})

    def freeze(self) -> dict[str, Any]:
        """Let the clock stand still."""
        return self._asked("POST", "/clock", {"frozen": True})

    def resume(self) -> dict[str, Any]:
        """Let the clock run on from where it stands."""
        return self._asked("POST", "/clock", {"frozen": False})

    def fault(self, kind: str, **members: Any) -> dict[str, Any]:
        """Let a fault happen: `throttle`, `unavailable`, `delay`, `reset-before`, `reset-after`."""
        return self._asked("POST", "/faults", {"kind": kind, **members})

    def no_faults(self) -> dict[str, Any]:
        """Let no fault happen any more."""
        return self._asked("DELETE", "/faults", None)

    def lag(self, seconds: float) -> dict[str, Any]:
        """Let reads answer with what was the case up to so many seconds ago."""
        return self._asked("POST", "/lag", {"seconds": seconds})

    def add_instance(self, name: str, **configuration: Any) -> str:
        """Add an instance; its URL."""
        asked = {"name": name, "configuration": configuration}
        url: str = self._asked("POST", "/instances", asked)["instances"][name]
        return url

    def reset(
        self, configurations: Mapping[str, Mapping[str, Any]] | None = None
    ) -> dict[str, Any]:
        """Let instances be as at their beginning, the clock the real one; no faults, no lag.

        Those that are named are configured anew.
        """
        return self._asked("POST", "/reset", {"configurations": dict(configurations or {})})

    def _asked(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        request = urllib.request.Request(
            self._url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
            method=method,
        )
        try:
            with _OPENER.open(request, timeout=_SECONDS) as response:
                told: dict[str, Any] = json.load(response)
                return told
        except urllib.error.HTTPError as error:
            with error:
                sentence = _sentence(error)
            raise ControlError(sentence) from None


def _sentence(error: urllib.error.HTTPError) -> str:
    """Why the server refused: its sentence, or the status where it has none."""
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError):
        return str(error)
