"""Target `https` on a test server under its controls: new instances, a clock, losses on demand."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from mhsm_model.configuration import Configuration
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.https.authorizing import PLACEHOLDER
from mhsm_targets.https.instance import RemoteInstance
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.server.control_client import ControlError, Controls
from mhsm_targets.server.options import configuration_to_json

__all__ = ["ControlledTarget", "begun_anew"]

_SILENT: Final = "the controls of the test server do not answer"


def begun_anew(
    controls: Controls, configurations: Mapping[str, Configuration]
) -> tuple[float, frozenset[str]]:
    """Let the server have instances of these names, empty and so configured.

    Returns by how many seconds its clock is ahead, and the instances that were added for it. Raises
    TargetUnavailableError where it cannot.
    """
    try:
        there = controls.state()["instances"]
        added = frozenset(configurations.keys() - there.keys())
        for name in sorted(added):
            controls.add_instance(name)
    except ControlError as error:
        named = " ".join(f"--instance {name}" for name in configurations)
        raise TargetUnavailableError(f"the test server: {error} ({named})") from None
    except OSError:
        raise TargetUnavailableError(_SILENT) from None
    try:
        # Those that are not asked for are as they would be by themselves.
        settings: dict[str, Any] = {name: {} for name in there}
        settings |= {name: configuration_to_json(told) for name, told in configurations.items()}
        state = controls.reset(settings)
    except ControlError as error:
        raise TargetUnavailableError(f"the test server: {error}") from None
    except OSError:
        raise TargetUnavailableError(_SILENT) from None
    return float(state["clock"]["ahead"]), added


class ControlledTarget:
    """Instances of a test server that nobody else uses meanwhile.

    `names` maps the hosts that checks write to the server's names; `ahead` is by how many seconds
    its clock is ahead of this machine's.
    """

    def __init__(
        self,
        instances: Mapping[str, RemoteInstance],
        names: Mapping[str, str],
        controls: Controls,
        ahead: float,
    ) -> None:
        self._instances = dict(instances)
        self._names = dict(names)
        self._controls = controls
        self._ahead = ahead
        self._loss: bool | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of the instances."""
        return tuple(self._instances)

    @property
    def token(self) -> str:
        """What stands for the token: the token itself is put in when a request leaves."""
        return PLACEHOLDER

    def now(self) -> int:
        """The server's clock, in seconds."""
        return int(time.time() + self._ahead)

    def advance(self, seconds: int) -> None:
        """Move the server's clock forward."""
        try:
            state = self._controls.advance(seconds)
        except ControlError as error:
            raise ValueError(str(error)) from None
        except OSError:
            raise TargetUnavailableError(_SILENT) from None
        self._ahead = float(state["clock"]["ahead"])

    def lose_next(self, *, after_effect: bool) -> None:
        """Lose the reply to the next request, which has its effect first or not at all."""
        self._loss = after_effect

    def exchange(self, request: HttpRequest) -> HttpResponse | None:
        """Send one request, or None where its answer was lost. Raises TargetUnavailableError."""
        loss, self._loss = self._loss, None
        instance = self._instances[request.host]
        if loss is None:
            return instance.exchange(request)
        # What the instance is asked before its first request must not meet the fault.
        instance.token_authority()
        kind = "reset-after" if loss else "reset-before"
        try:
            self._controls.fault(kind, instance=self._names[request.host])
        except (ControlError, OSError):
            raise TargetUnavailableError("the test server does not lose replies") from None
        return instance.exchange(request, once=True)

    def close(self) -> None:
        """The instances stay until others are asked for."""
