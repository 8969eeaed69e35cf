"""accepts(): whether a reply is lawful in a state, which clauses it exercised, what follows.

This is the one relation of the project. It judges every exchange of every test, reads recordings of
the real service, and bounds the emulator. It holds no state of its own: the estate after an
exchange is part of its answer.

A reply is lawful when it is lawful in at least one situation that the call may have met; those
situations survive. The belief about one key name is a factor of its own: an exchange forks and
narrows only the factor it addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mhsm_model.alternatives import situations
from mhsm_model.belief import advanced, advanced_by, after_loss, objections
from mhsm_model.clauses import Basis, Clause, Kind, Level, Severity, declare
from mhsm_model.exchange import (
    Call,
    Indeterminate,
    Refused,
    Reply,
    Unauthenticated,
    Unmodelled,
    Unreadable,
)
from mhsm_model.findings import HELD, VACUOUS
from mhsm_model.judgement import LENIENT, Breach, Judgement, Strictness, shown
from mhsm_model.leniency import with_leniency
from mhsm_model.misfits import (
    MALFORMED,
    NO_OPERATION,
    ONE_AUTHORITY,
    authority_mismatch,
    judged_apart,
)
from mhsm_model.operations import BY_REQUEST
from mhsm_model.operations.operation import Effect, Operation
from mhsm_model.replies import is_overload
from mhsm_model.rules import Guard, Perhaps
from mhsm_model.situation import Situation
from mhsm_model.sources import RECORDED_CLI, RECORDED_PYTHON, REST
from mhsm_model.state import Estate
from mhsm_model.tables.errors import Refusal
from mhsm_model.unknown import UNKNOWN

__all__ = ["LENIENT", "Strictness", "accepts"]

NO_REASON: Final = declare(
    "ERR-201",
    "Carry out a request that no clause refuses.",
    level=Level.MUST,
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    kind=Kind.POSTCONDITION,
)
SCHEMA: Final = declare(
    "WIRE-001",
    "Answer a success with the status and the members of the operation's schema.",
    level=Level.MUST,
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    kind=Kind.WIRE,
)
NO_FAULT: Final = declare(
    "ERR-202",
    "Answer no request with a 5xx.",
    level=Level.SHOULD,
    basis=Basis.OBSERVED,
    sources=(RECORDED_CLI, RECORDED_PYTHON),
    kind=Kind.POSTCONDITION,
)
OVERLOAD: Final = declare(
    "ERR-024",
    "Answer 429 or 503 when overloaded, and do nothing then.",
    level=Level.MAY,
    basis=Basis.INFERRED,
    sources=(REST,),
    kind=Kind.CHOICE,
)


@dataclass(slots=True)
class _Opinion:
    """What one situation says of the reply."""

    situation: Situation[Any]
    breaches: list[Breach]
    held: list[Clause]
    refused: list[Clause]
    satisfied: list[Clause]
    vacuous: list[Clause]
    answers: list[tuple[Clause, str]]
    alone: bool = False
    barred: bool = False
    effect: Effect | None = None


def accepts(
    estate: Estate, call: Call, reply: Reply, strictness: Strictness = LENIENT
) -> Judgement:
    """Judge one exchange.

    `estate` is what is known before the call. The judgement's estate is what is known after it,
    also where the reply is unlawful: the belief then admits both that the reply told the truth and
    that it did not. Raises KeyError for a call to a host that the estate lacks.
    """
    if isinstance(reply, Indeterminate):
        return Judgement(after_loss(estate, call), inconclusive=reply.reason)
    judgement = _judged(estate, call, reply, strictness)
    return with_leniency(judgement, estate, call, reply) if call.oddities else judgement


def _judged(estate: Estate, call: Call, reply: Reply, strictness: Strictness) -> Judgement:
    request = call.request
    if is_overload(reply) and not isinstance(request, Unmodelled):
        return Judgement(advanced(estate), answers=((OVERLOAD, str(reply.status)),))
    apart = judged_apart(estate, call, reply, strictness)
    if apart is not None:
        return apart
    operation = BY_REQUEST[type(request)]
    opinions = [_opinion(operation, s, reply, strictness) for s in situations(estate, call, reply)]
    lawful = [o for o in opinions if not _failures(o)]
    chosen = lawful or opinions
    return _concluded(estate, call, reply, chosen, lawful=bool(lawful))


def _failures(opinion: _Opinion) -> list[Breach]:
    return [b for b in opinion.breaches if b.severity is Severity.FAILURE]


def _concluded(
    estate: Estate, call: Call, reply: Reply, opinions: list[_Opinion], *, lawful: bool
) -> Judgement:
    # Where a guard bars the success, what is wrong with the reply itself was not looked at.
    spokesman = min(opinions, key=lambda o: (o.barred, len(o.breaches)))
    steps = [(o.situation, o.effect) for o in opinions]
    after, too_many = advanced_by(estate, call, steps, reply, lawful=lawful)
    return Judgement(
        after,
        breaches=tuple(_failures(spokesman)),
        warnings=tuple(b for b in spokesman.breaches if b.severity is Severity.WARNING),
        held=tuple(spokesman.held),
        refused=tuple(spokesman.refused),
        alone=spokesman.alone,
        satisfied=tuple(spokesman.satisfied),
        vacuous=tuple(spokesman.vacuous),
        answers=tuple(spokesman.answers),
        inconclusive="too many possibilities are left" if too_many else None,
    )


# --- guards ---------------------------------------------------------------------------------------


def _opinion(
    operation: Operation[Any, Any], s: Situation[Any], reply: Reply, strictness: Strictness
) -> _Opinion:
    opinion = _Opinion(s, [], [], [], [], [], [])
    found = objections(operation.guards, s)
    if isinstance(reply, Refused | Unauthenticated):
        _judge_refusal(opinion, found, reply, strictness)
    elif isinstance(reply, Unreadable):
        _breach(opinion, SCHEMA, strictness, "a reply of the schema", reply.problem)
    elif not isinstance(reply, operation.reply):
        kind = type(reply).__name__
        _breach(opinion, SCHEMA, strictness, f"a {operation.reply.__name__}", f"a {kind}")
    else:
        _judge_success(operation, opinion, found, reply, strictness)
    return opinion


def _breach(
    opinion: _Opinion, clause: Clause, strictness: Strictness, expected: str, observed: str
) -> None:
    weight = strictness.of(clause)
    if weight is Severity.NONE:
        opinion.answers.append((clause, f"{observed}, where {expected} was thought of"))
    else:
        opinion.breaches.append(Breach(clause, expected, observed, weight))


def _judge_refusal(
    opinion: _Opinion,
    found: list[tuple[Guard[Any], Refusal | Perhaps]],
    reply: Refused | Unauthenticated,
    strictness: Strictness,
) -> None:
    s = opinion.situation
    masked = s.call.host_masked
    if isinstance(reply, Unauthenticated):
        mismatch = authority_mismatch(s.estate, s.call, reply)
        if mismatch is not None:
            _breach(opinion, ONE_AUTHORITY, strictness, mismatch.expected, mismatch.observed)
        elif s.configuration.authority is not UNKNOWN:
            opinion.held.append(ONE_AUTHORITY)
    demanded = [(guard, o) for guard, o in found if isinstance(o, Refusal)]
    opinion.refused = [g.clause for g, o in demanded if o.admits(reply, host_masked=masked)]
    if opinion.refused:
        opinion.alone = len(demanded) == 1
        opinion.held.append(NO_FAULT)
        return
    explained = False
    for guard, objection in found:
        if not isinstance(objection, Perhaps):
            continue
        if not objection.refusal.admits(reply, host_masked=masked):
            continue
        explained = True
        if guard.clause.level in (Level.OPEN, Level.MAY):
            opinion.refused.append(guard.clause)
            opinion.answers.append((guard.clause, f"refused: {shown(reply)}"))
        else:
            # It may be the reason, as far as anyone can tell: that tests nothing.
            opinion.vacuous.append(guard.clause)
    if explained:
        return
    if isinstance(reply, Refused) and reply.status >= 500:
        _breach(opinion, NO_FAULT, strictness, "no 5xx", shown(reply))
    elif not demanded:
        _breach(opinion, NO_REASON, strictness, "a success", shown(reply))
    for guard, refusal in demanded:
        _breach(opinion, guard.clause, strictness, str(refusal), shown(reply))


def _judge_success(
    operation: Operation[Any, Any],
    opinion: _Opinion,
    found: list[tuple[Guard[Any], Refusal | Perhaps]],
    reply: Reply,
    strictness: Strictness,
) -> None:
    objecting = {guard.clause.identifier for guard, _ in found}
    for guard, objection in found:
        if isinstance(objection, Refusal):
            _breach(opinion, guard.clause, strictness, str(objection), "a success")
        elif guard.clause.level in (Level.OPEN, Level.MAY):
            opinion.answers.append((guard.clause, "carried out"))
    # A request that reached its operation was one of it, and had the schema.
    opinion.satisfied = [MALFORMED, NO_OPERATION]
    opinion.satisfied += [
        guard.clause for guard in operation.guards if guard.clause.identifier not in objecting
    ]
    situation = opinion.situation
    if any(isinstance(objection, Refusal) for _, objection in found):
        opinion.barred = True
        opinion.effect = _told(operation, situation, reply)
        return
    for ensure in operation.ensures:
        finding = ensure.finds(situation, reply)
        if finding is HELD:
            opinion.held.append(ensure.clause)
        elif finding is VACUOUS:
            opinion.vacuous.append(ensure.clause)
        else:
            _breach(opinion, ensure.clause, strictness, finding.expected, finding.observed)
    if not found:
        opinion.held.append(NO_REASON)
    opinion.held.append(NO_FAULT)
    opinion.held.append(SCHEMA)
    opinion.effect = operation.effect(situation, reply)


def _told(operation: Operation[Any, Any], s: Situation[Any], reply: Reply) -> Effect | None:
    """What a success says has happened that should have been refused, where that makes sense."""
    try:
        return operation.effect(s, reply)
    except ValueError:
        return None
