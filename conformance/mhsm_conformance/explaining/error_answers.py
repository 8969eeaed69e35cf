"""The error answers of the specification, found by breaking each guard of each operation alone.

Nothing is written down here twice: the guards themselves say what they demand of a refusal. An
answer whose status is None was never seen from the service; any 4xx is then lawful, and what is
shown is the emulator's choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from mhsm_conformance.explaining.places import places
from mhsm_conformance.guards.breaking import WAYS, Attempt
from mhsm_conformance.guards.scenes import SUBJECT, request_in_scene
from mhsm_conformance.guards.trying import EXCEPTIONS
from mhsm_conformance.opening import HOSTS, Bench
from mhsm_conformance.session import Session
from mhsm_model.alternatives import key_name, situations
from mhsm_model.belief import objections
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Call, Refused
from mhsm_model.misfits import MALFORMED, NO_OPERATION
from mhsm_model.moments import Interval
from mhsm_model.operations import OPERATIONS
from mhsm_model.operations.operation import Operation
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.rules import Perhaps
from mhsm_model.state import Estate, Instance
from mhsm_model.tables.errors import Refusal
from mhsm_model.unknown import UNKNOWN

__all__ = ["ErrorAnswer", "answers_of_clause", "answers_of_operation", "error_answers"]

_EMULATOR: Final = "model"
_NOT_JSON: Final = b"not JSON"


@dataclass(frozen=True, slots=True, order=True)
class ErrorAnswer:
    """An error answer that a clause may give for an operation, None for what is no operation.

    `is_recorded` says whether status, code and message are known from the service; if not, they are
    the emulator's choice and any 4xx is lawful. `is_demanded` is False where a success is lawful
    too. In a message {host}, {name} and {alg} stand for what the request has there.
    """

    status: int
    code: str
    message: str
    clause: str
    operation: str | None
    is_recorded: bool
    is_demanded: bool


def error_answers() -> tuple[ErrorAnswer, ...]:
    """Every error answer of every clause and operation, by status, code and message."""
    found = {answer for row in OPERATIONS for answer in _of_operation(row)}
    return tuple(sorted(found | _of_no_operation(), key=_order))


def answers_of_clause(identifier: str) -> tuple[ErrorAnswer, ...]:
    """The error answers that a clause may give; only operations that have it are tried."""
    rows = {place.operation for place in places().get(identifier, ()) if place.part == "guard"}
    found = {answer for row in OPERATIONS if row.name in rows for answer in _of_operation(row)}
    if identifier in (MALFORMED.identifier, NO_OPERATION.identifier):
        found |= _of_no_operation()
    return tuple(sorted((a for a in found if a.clause == identifier), key=_order))


def answers_of_operation(name: str) -> tuple[ErrorAnswer, ...]:
    """The error answers of an operation, by its name."""
    found = {answer for row in OPERATIONS if row.name == name for answer in _of_operation(row)}
    return tuple(sorted(found, key=_order))


def _order(answer: ErrorAnswer) -> tuple[int, str, str, str, str]:
    operation = answer.operation or ""
    return answer.status, answer.code, answer.message, answer.clause, operation


@cache
def _of_operation(row: Operation[Any, Any]) -> frozenset[ErrorAnswer]:
    asked = [guard.clause.identifier for guard in row.guards]
    tried = [identifier for identifier in asked if identifier not in EXCEPTIONS]
    found = {answer for identifier in tried for answer in _broken(row, identifier)}
    told = {answer.clause for answer in found}
    if not told.issuperset(asked):
        found |= {answer for answer in _in_use(row) if answer.clause not in told}
    return frozenset(found)


def _broken(row: Operation[Any, Any], identifier: str) -> Iterator[ErrorAnswer]:
    """What all guards say of the attempts that break one of them, and that break none."""
    way, bench = WAYS[identifier], Bench(_EMULATOR, 0, "smoke")
    try:
        session = bench.open({HOSTS[0]: way.configuration, HOSTS[1]: Configuration()})
        for attempt in way.breaking(session.at(HOSTS[0]), row.request):
            before = session.estate
            yield from _objected(row, before, _called(session, attempt))
    finally:
        bench.close()


def _called(session: Session, attempt: Attempt) -> Call:
    """Send the attempt, and return the call that it was."""
    session.send(
        HOSTS[0], attempt.request, credential=attempt.credential, api_version=attempt.api_version
    )
    now = session.now()
    return Call(
        HOSTS[0],
        attempt.request,
        time=Interval(now, now),
        api_version=attempt.api_version,
        credential=attempt.credential,
    )


def _in_use(row: Operation[Any, Any]) -> Iterator[ErrorAnswer]:
    """What guards say in an instance that existed before anybody looked."""
    bench = Bench(_EMULATOR, 0, "smoke")
    try:
        request = request_in_scene(bench.open_default().at(HOSTS[0]), row.request)
    finally:
        bench.close()
    inherited = Instance(Configuration(), fresh=False, restoring=UNKNOWN)
    estate = Estate().with_instance(HOSTS[0], inherited)
    yield from _objected(row, estate, Call(HOSTS[0], request, api_version=LATEST_RECORDED))


def _objected(row: Operation[Any, Any], estate: Estate, call: Call) -> Iterator[ErrorAnswer]:
    for situation in situations(estate, call):
        for guard, objection in objections(row.guards, situation):
            demanded = isinstance(objection, Refusal)
            refusal = objection.refusal if isinstance(objection, Perhaps) else objection
            yield _answer(row.name, guard.clause.identifier, call, refusal, demanded)


def _answer(
    operation: str, clause: str, call: Call, refusal: Refusal, demanded: bool
) -> ErrorAnswer:
    recorded = refusal.status is not None
    # A challenge has neither code nor message.
    code = refusal.code or "" if recorded else refusal.shown_code
    message = refusal.message or "" if recorded else refusal.shown_message
    told = (refusal.shown_status, code, _general(message, call))
    return ErrorAnswer(*told, clause, operation, recorded, demanded)


def _general(message: str, call: Call) -> str:
    """The message with placeholders for what is the request's own."""
    algorithm = getattr(call.request, "algorithm", None)
    named = {
        call.host: "{host}",
        key_name(call.request): "{name}",
        SUBJECT: "{name}",
        algorithm: "{alg}",
    }
    for told, placeholder in named.items():
        if told:
            message = message.replace(told, placeholder)
    return message


@cache
def _of_no_operation() -> frozenset[ErrorAnswer]:
    found: set[ErrorAnswer] = set()
    bench = Bench(_EMULATOR, 0, "smoke")
    query = f"?api-version={LATEST_RECORDED}"
    try:
        hsm = bench.open_default().at(HOSTS[0])
        for clause, method, path in (
            (MALFORMED, "POST", f"/keys/{SUBJECT}/create"),
            (NO_OPERATION, "GET", "/no/such/path"),
            (NO_OPERATION, "POST", f"/keys/{SUBJECT}/nothing"),
            (NO_OPERATION, "OPTIONS", "/keys"),
        ):
            reply = hsm.send_message(method, path + query, _NOT_JSON)
            if isinstance(reply, Refused):
                told = (reply.status, reply.code or "", reply.message or "")
                found.add(ErrorAnswer(*told, clause.identifier, None, False, True))
    finally:
        bench.close()
    return frozenset(found)
