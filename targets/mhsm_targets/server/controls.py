"""Test controls: JSON over HTTP on a loopback port of their own, never on the data plane.

    GET    /            the clock, the lag, the faults that are due, the instances
    POST   /clock       {"advance": SECONDS} and/or {"frozen": true or false}
    POST   /faults      a fault: see `faults`
    DELETE /faults      no faults any more
    POST   /lag         {"seconds": N}: reads may answer with what was the case up to N seconds ago
    POST   /instances   {"name": NAME, "configuration": {...}}: one more instance
    POST   /reset       instances are as at their beginning, the clock is the real one, no faults;
                        {"configurations": {NAME: {...}}} may configure some of them anew

Answers are the same document as that of GET /, or {"error": "one sentence"}: 400 for an order that
is none, 409 for one that the state of the server does not allow, 501 for what its target cannot do.
A body must be declared as application/json, which no web page can do without asking.

What works depends on what is served:

                  model  model --data             others                   others --data
    clock: advance  yes  yes, kept                where they have a clock  the same, kept
    clock: frozen   yes  yes; runs on when begun  501                      501
    faults          yes  yes, not kept            yes                      yes, not kept
    lag             yes  yes, not kept            501                      501
    instances       yes  yes, kept                501                      501
    reset           yes  yes                      yes                      409
    configurations  yes  409                      yes                      409
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from types import NoneType
from typing import Any, Final, Protocol, cast

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mhsm_model.configuration import Configuration
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.server.clock import ServerClock
from mhsm_targets.server.errors import ServerError
from mhsm_targets.server.faults import Faults, read_fault
from mhsm_targets.server.options import configuration_from_json

__all__ = ["LOOPBACK_ONLY", "Controlled", "controls_endpoint"]

LOOPBACK_ONLY = [Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])]
"""Names of other places, which a web page might point here, are refused."""

_LARGEST_ORDER: Final = 1 << 16


class Controlled(Protocol):
    """What can be controlled. Methods raise ServerError for what the target cannot do."""

    @property
    def clock(self) -> ServerClock:
        """Its clock."""
        ...

    @property
    def faults(self) -> Faults:
        """Its faults."""
        ...

    @property
    def urls(self) -> dict[str, str]:
        """Its instances."""
        ...

    @property
    def lag(self) -> float:
        """How old an answer may be, in seconds."""
        ...

    def let_lag(self, seconds: float) -> None:
        """Set how old an answer may be."""
        ...

    def freeze(self, frozen: bool) -> None:
        """Let the clock stand still, or run on."""
        ...

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        ...

    async def add_instance(self, name: str, configuration: Configuration) -> None:
        """Add an instance."""
        ...

    async def reset(self, configurations: Mapping[str, Configuration]) -> None:
        """Let all instances be as at their beginning, those that are named configured anew."""
        ...


def controls_endpoint(controlled: Controlled) -> Starlette:
    """The application that answers on the port of the controls."""

    async def clock(told: dict[str, Any]) -> None:
        unknown = told.keys() - {"advance", "frozen"}
        advance, frozen = told.get("advance", 0), told.get("frozen")
        if unknown or type(advance) not in (int, float) or type(frozen) not in (NoneType, bool):
            raise ValueError("the clock takes advance, in seconds, and frozen, true or false")
        if not advance >= 0:
            raise ValueError("the clock of an HSM does not run back")
        # First what may be refused: an order is carried out as a whole or not at all.
        if advance or frozen is None:
            controlled.advance(advance)
        if frozen is not None:
            controlled.freeze(frozen)

    async def faults(told: dict[str, Any]) -> None:
        fault = read_fault(told)
        if fault.instance is not None and fault.instance not in controlled.urls:
            raise ValueError(f"there is no instance {fault.instance}")
        controlled.faults.add(fault)

    async def lag(told: dict[str, Any]) -> None:
        seconds: Any = told.get("seconds")
        if type(seconds) not in (int, float) or not 0 <= seconds <= 600 or len(told) != 1:
            raise ValueError("the lag takes seconds, 0 to 600")
        controlled.let_lag(seconds)

    async def instances(told: dict[str, Any]) -> None:
        name, configuration = told.get("name"), told.get("configuration", {})
        unknown = told.keys() - {"name", "configuration"}
        if unknown or not isinstance(name, str):
            raise ValueError("an instance takes a name, and may take a configuration")
        await controlled.add_instance(name, _settings(configuration))

    async def reset(told: dict[str, Any]) -> None:
        named: Any = told.get("configurations", {})
        if told.keys() - {"configurations"} or not isinstance(named, dict):
            raise ValueError("a reset may take configurations of instances, by name")
        await controlled.reset(
            {name: _settings(one) for name, one in cast("dict[str, Any]", named).items()}
        )

    def posted(action: Callable[[dict[str, Any]], Awaitable[None]]) -> Any:
        async def endpoint(request: Request) -> Response:
            if request.headers.get("content-type", "").partition(";")[0] != "application/json":
                return _refused("the body must be declared as application/json")
            try:
                await action(await _order(request))
            except ClientDisconnect:
                return Response(status_code=400)
            except ValueError as error:
                return _refused(str(error))
            except ServerError as error:
                return _refused(str(error), error.status)
            except TargetUnavailableError as error:
                return _refused(str(error), 503)
            return state()

        return endpoint

    def state() -> Response:
        running = controlled.clock
        due = [{**asdict(fault), "count": left} for fault, left in controlled.faults.due]
        return JSONResponse(
            {
                "clock": {
                    "now": running.now(),
                    "ahead": running.ahead,
                    "frozen": running.is_frozen,
                },
                "lag": controlled.lag,
                "faults": due,
                "instances": controlled.urls,
            }
        )

    async def shown(request: Request) -> Response:
        return state()

    async def cleared(request: Request) -> Response:
        controlled.faults.clear()
        return state()

    return Starlette(
        routes=[
            Route("/", shown, methods=["GET"]),
            Route("/clock", posted(clock), methods=["POST"]),
            Route("/faults", posted(faults), methods=["POST"]),
            Route("/faults", cleared, methods=["DELETE"]),
            Route("/lag", posted(lag), methods=["POST"]),
            Route("/instances", posted(instances), methods=["POST"]),
            Route("/reset", posted(reset), methods=["POST"]),
        ],
        middleware=LOOPBACK_ONLY,
    )


async def _order(request: Request) -> dict[str, Any]:
    """The members of a body; raises ValueError for one that is no order."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_ORDER:
            raise ValueError(f"the body has more than {_LARGEST_ORDER} bytes")
    try:
        told: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("the body is no JSON") from None
    if not isinstance(told, dict):
        raise ValueError("the body is no JSON object")
    return cast("dict[str, Any]", told)


def _settings(told: Any) -> Configuration:
    if not isinstance(told, dict):
        raise ValueError("a configuration is a JSON object")
    return configuration_from_json(cast("dict[str, Any]", told))


def _refused(why: str, status: int = 400) -> Response:
    return JSONResponse({"error": why}, status)
