"""A target that tampers: the emulator, with every response changed on its way out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from mhsm_conformance.session import InstanceSession, Session
from mhsm_model.configuration import Configuration
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.emulator import Emulator
from mhsm_targets.profiles import profile
from mhsm_targets.protocol import TargetProfile

HOST: Final = "hsm.managedhsm.azure.net"
Change = Callable[[HttpRequest, HttpResponse], HttpResponse]


def untouched(sent: HttpRequest, answered: HttpResponse) -> HttpResponse:
    return answered


class Tampering(Emulator):
    """An emulator whose responses go through `change`, which may be set at any time."""

    def __init__(self, change: Change = untouched) -> None:
        super().__init__({HOST: Configuration()}, 0)
        self.change = change

    def exchange(self, request: HttpRequest) -> HttpResponse | None:
        response = super().exchange(request)
        return None if response is None else self.change(request, response)


def session_on(
    target: Tampering, told: TargetProfile | None = None, *, strict: bool = True
) -> tuple[Session, InstanceSession]:
    configurations = {HOST: Configuration()}
    session = Session(target, told or profile("model"), configurations, strict=strict)
    return session, session.at(HOST)


def with_body(answered: HttpResponse, document: Any) -> HttpResponse:
    return replace(answered, body=json.dumps(document, separators=(",", ":")).encode())


def changing(alter: Callable[[dict[str, Any]], None]) -> Change:
    """A change of the JSON body of every success."""

    def change(sent: HttpRequest, answered: HttpResponse) -> HttpResponse:
        if answered.status != 200:
            return answered
        document = json.loads(answered.body)
        alter(document)
        return with_body(answered, document)

    return change
