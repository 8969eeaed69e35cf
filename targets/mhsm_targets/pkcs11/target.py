"""Targets `softhsm` and `pkcs11`: instances on tokens, each served by a process of its own.

What a module does wrong must not end the run. A child that dies, hangs or loses its session is a
500 answer to the exchange at hand, which no clause allows, and a fresh child takes over.
"""

from __future__ import annotations

import base64
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.own_answers import own_refusal
from mhsm_targets.pkcs11.child import PATIENCE_SECONDS, Begun, Child, ChildLostError, ended
from mhsm_targets.pkcs11.opening import Opening
from mhsm_targets.pkcs11.service import BEARER_TOKEN
from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["Pkcs11Target", "Usage"]

_LEAST_ROOM: Final = 1 << 16
"""With fewer bytes than these a token is taken for full."""


@dataclass(slots=True)
class Usage:
    """What was asked of the module: operations, the most in one exchange, seconds in it."""

    exchanges: int = 0
    calls: int = 0
    most_calls: int = 0
    seconds: float = 0.0
    opened: int = 0

    def add(self, told: Mapping[str, Any], *, opening: bool = False) -> None:
        """Count an answer of a child; `opening` for its first."""
        calls: int = told.get("calls", 0)
        self.calls += calls
        self.seconds += told.get("seconds", 0.0)
        if opening:
            self.opened += 1
        else:
            self.exchanges += 1
            self.most_calls = max(self.most_calls, calls)


class Pkcs11Target:
    """Instances on tokens. `released` is called once, when the target is closed.

    Children start when their instance is first asked. `clears` is whether the objects of the
    instances are destroyed at the end; they stay where the token goes away as a whole. `begun` are
    children that have begun to prepare the tokens of some instances.
    """

    def __init__(
        self,
        openings: Mapping[str, Opening],
        released: Callable[[Usage], None],
        *,
        clears: bool,
        patience: float = PATIENCE_SECONDS,
        begun: Mapping[str, Begun] | None = None,
    ) -> None:
        self._openings = dict(openings)
        self._released: Callable[[Usage], None] | None = released
        self._clears = clears
        self._patience = patience
        self._begun = dict(begun or {})
        self._children: dict[str, Child] = {}
        self._touched: set[str] = set()
        self._ahead = 0
        self._loss: bool | None = None
        self.usage = Usage()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of the instances."""
        return tuple(self._openings)

    @property
    def token(self) -> str:
        """The bearer token that every instance takes."""
        return BEARER_TOKEN

    def now(self) -> int:
        """The clock of all instances, in seconds: the machine's, and what it was moved by."""
        return int(time.time()) + self._ahead

    def advance(self, seconds: int) -> None:
        """Move the clock forward."""
        if seconds < 0:
            raise ValueError("the clock of an HSM does not run back")
        self._ahead += seconds

    def lose_next(self, *, after_effect: bool) -> None:
        """Lose the reply to the next request, which has its effect first or not at all."""
        self._loss = after_effect

    def exchange(self, request: HttpRequest) -> HttpResponse | None:
        """Send one request to its instance, or None where the reply was to be lost.

        Raises KeyError for a host that was not opened, TargetUnavailableError where an instance
        cannot be opened.
        """
        loss, self._loss = self._loss, None
        opening = self._openings[request.host]
        if loss is False:
            return None
        response = self._response(opening, request)
        return None if loss else response

    def child(self, host: str) -> Child:
        """The process of an instance, started where it does not run."""
        child = self._children.get(host)
        if child is None or child.lost:
            opening = self._openings[host]
            try:
                begun = self._begun.pop(host, None)
                # What never logged in has made nothing, and its PIN is not tried again.
                touched = partial(self._touched.add, host)
                child = self._children[host] = Child(opening, self._patience, begun, touched)
            except TargetUnavailableError:
                _check_room(opening)
                raise
            self.usage.add(child.opened, opening=True)
        return child

    def _response(self, opening: Opening, request: HttpRequest) -> HttpResponse:
        child = self.child(opening.host)
        message = {
            "now": self.now(),
            "method": request.method,
            "host": request.host,
            "target": request.target,
            "headers": dict(request.headers),
            "body": base64.b64encode(request.body).decode(),
        }
        try:
            told = child.ask(message)
        except ChildLostError as error:
            _check_room(opening)
            return _failure(request.method, str(error))
        self.usage.add(told)
        if "failed" in told:
            child.close()
            _check_room(opening)
            return _failure(request.method, told["failed"])
        return HttpResponse(told["status"], told["headers"], base64.b64decode(told["body"]))

    def restart(self) -> None:
        """End all children; the next request to an instance opens its token again."""
        for child in self._children.values():
            child.close()
        self._children.clear()

    def close(self) -> None:
        """End all children, and give the tokens back as they were."""
        released, self._released = self._released, None
        if released is None:
            return
        try:
            if self._clears:
                self._clear()
        finally:
            self.restart()
            for begun in self._begun.values():
                ended(begun)
            self._begun.clear()
            released(self.usage)

    def _clear(self) -> None:
        """Clear every instance, and then say of which that was not possible."""
        told = [reason for host in sorted(self._touched) if (reason := self._left(host))]
        if told:
            raise TargetUnavailableError("; ".join(told))

    def _left(self, host: str) -> str | None:
        """Why something is left of the instance, or None."""
        opening = self._openings[host]
        place = f"objects labelled {opening.prefix}/ on the token {opening.token_label!r}"
        try:
            try:
                told = self.child(host).ask({"clear": True})
            except ChildLostError:
                told = self.child(host).ask({"clear": True})
        except (ChildLostError, TargetUnavailableError) as error:
            return f"{place} may be left: {error}"
        return f"{told['left']} {place} are left: {told['reason']}" if told["left"] else None


def _check_room(opening: Opening) -> None:
    """Raise TargetUnavailableError where a token of our own has no room: that is nobody's failure.

    Modules answer a full disk with any error, or find that an object is not there.
    """
    if opening.folder is None:
        return
    # The folder itself may be what there was no room for.
    folder = Path(opening.folder)
    while not folder.exists():
        folder = folder.parent
    if shutil.disk_usage(folder).free < _LEAST_ROOM:
        raise TargetUnavailableError(f"no space is left for the tokens in {folder}")


def _failure(method: str, what: str) -> HttpResponse:
    """The answer of a service whose HSM fails: no clause allows a 500."""
    return own_refusal(500, "InternalError", what, method)
