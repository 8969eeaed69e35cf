"""Requests that no chapter carries out: without a schema or an operation, or of a later chapter.

Whoever asks for one without a good token is challenged all the same.
"""

from __future__ import annotations

from typing import Final

from mhsm_model.belief import advanced, challenged, widened
from mhsm_model.clauses import Basis, Clause, Kind, Level, declare
from mhsm_model.exchange import (
    Call,
    Credential,
    Malformed,
    NoOperation,
    Refused,
    Reply,
    Unauthenticated,
    Unmodelled,
)
from mhsm_model.findings import Mismatch
from mhsm_model.judgement import Breach, Judgement, Strictness, shown
from mhsm_model.operations.access import caller_is_authenticated
from mhsm_model.replies import is_overload
from mhsm_model.sources import RECORDED_CLI, RECORDED_GO, RECORDED_PYTHON, REST
from mhsm_model.state import Estate
from mhsm_model.unknown import UNKNOWN

__all__ = [
    "MALFORMED",
    "NO_OPERATION",
    "ONE_AUTHORITY",
    "WHICH_STATUS",
    "authority_mismatch",
    "judged_apart",
]

MALFORMED: Final = declare(
    "WIRE-002",
    "Refuse a request whose body has not the operation's schema with a 4xx.",
    level=Level.MUST,
    basis=Basis.DOCUMENTED,
    sources=(REST, RECORDED_GO),
    kind=Kind.GUARD,
)
NO_OPERATION: Final = declare(
    "WIRE-204",
    "Refuse a method and a path that are no operation's with a 4xx.",
    level=Level.MUST,
    basis=Basis.INFERRED,
    sources=(REST,),
    kind=Kind.GUARD,
)
WHICH_STATUS: Final = declare(
    "ERR-023",
    "Answer 404 to a path, and 405 to a method, that no operation has.",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(REST,),
    kind=Kind.QUESTION,
)
ONE_AUTHORITY: Final = declare(
    "AUTH-202",
    "Name the same authority in every challenge of an instance.",
    level=Level.MUST,
    basis=Basis.OBSERVED,
    sources=(RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO),
    kind=Kind.POSTCONDITION,
)

_AUTHENTICATED: Final = caller_is_authenticated.clause


def judged_apart(
    estate: Estate, call: Call, reply: Reply, strictness: Strictness
) -> Judgement | None:
    """The judgement of an exchange that no row of an operation decides; None for all others."""
    answers: tuple[tuple[Clause, str], ...] = ()
    match call.request:
        case Malformed():
            demanded = MALFORMED
        case NoOperation():
            told = "carried out"
            if isinstance(reply, Refused):
                told = f"{reply.status} {reply.code or 'without a code'}"
            demanded, answers = NO_OPERATION, ((WHICH_STATUS, told),)
        case Unmodelled(operation=operation):
            return _judged_unmodelled(estate, call, reply, strictness, operation)
        case _:
            return None
    access = _judged_access(estate, call, reply, strictness)
    if access is not None:
        return access
    if isinstance(reply, Refused) and 400 <= reply.status <= 499:
        return Judgement(advanced(estate), refused=(demanded,), alone=True, answers=answers)
    return _broken(widened(estate, call), demanded, "a 4xx answer", _seen(reply), strictness)


def _judged_unmodelled(
    estate: Estate, call: Call, reply: Reply, strictness: Strictness, operation: str
) -> Judgement:
    access = _judged_access(estate, call, reply, strictness)
    if access is not None:
        return access
    after = advanced(estate) if isinstance(reply, Refused) else widened(estate, call)
    return Judgement(after, inconclusive=f"{operation} is not modelled")


def _judged_access(
    estate: Estate, call: Call, reply: Reply, strictness: Strictness
) -> Judgement | None:
    """The judgement where it is the credential that counts, else None."""
    known = call.credential is not UNKNOWN
    good = call.credential is Credential.TOKEN
    if isinstance(reply, Unauthenticated) and not (known and good):
        return _judged_challenge(estate, call, reply, strictness)
    if not known or is_overload(reply) or (good and not isinstance(reply, Unauthenticated)):
        return None
    refused = isinstance(reply, Refused | Unauthenticated)
    after = advanced(estate) if refused else widened(estate, call)
    wanted = "no challenge to a good token" if good else "401 with a challenge"
    return _broken(after, _AUTHENTICATED, wanted, _seen(reply), strictness)


def _judged_challenge(
    estate: Estate, call: Call, reply: Unauthenticated, strictness: Strictness
) -> Judgement:
    mismatch = authority_mismatch(estate, call, reply)
    if mismatch is None:
        refused = (_AUTHENTICATED,)
        return Judgement(challenged(estate, call, reply), refused=refused, alone=True)
    return _broken(
        advanced(estate), ONE_AUTHORITY, mismatch.expected, mismatch.observed, strictness
    )


def _seen(reply: Reply) -> str:
    return shown(reply) if isinstance(reply, Refused | Unauthenticated) else "a success"


def _broken(
    after: Estate, clause: Clause, expected: str, observed: str, strictness: Strictness
) -> Judgement:
    return Judgement(after).with_breach(Breach(clause, expected, observed, strictness.of(clause)))


def authority_mismatch(estate: Estate, call: Call, reply: Unauthenticated) -> Mismatch | None:
    """Where a challenge names another authority than the instance's own."""
    authority = estate.instances[call.host].configuration.authority
    if authority is UNKNOWN or reply.authority == authority:
        return None
    return Mismatch(f"authority {authority}", f"authority {reply.authority}")
