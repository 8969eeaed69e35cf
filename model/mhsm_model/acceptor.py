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
from mhsm_model.belief import advanced, advanced_by, after_loss, challenged, objections, widened
from mhsm_model.clauses import Basis, Clause, Kind, Level, Severity, declare, severity
from mhsm_model.exchange import (
    Call,
    Indeterminate,
    Malformed,
    Refused,
    Reply,
    Unauthenticated,
    Unmodelled,
    Unreadable,
)
from mhsm_model.findings import HELD, VACUOUS, Mismatch
from mhsm_model.judgement import Breach, Judgement
from mhsm_model.operations import BY_REQUEST
from mhsm_model.operations.access import ACCESS
from mhsm_model.operations.operation import Effect, Operation
from mhsm_model.rules import Guard, Perhaps
from mhsm_model.situation import Situation
from mhsm_model.sources import RECORDED_CLI, RECORDED_GO, RECORDED_PYTHON, REST
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
MALFORMED: Final = declare(
    "WIRE-002",
    "Refuse a request whose body has not the operation's schema with a 4xx.",
    level=Level.MUST,
    basis=Basis.DOCUMENTED,
    sources=(REST, RECORDED_GO),
    kind=Kind.GUARD,
)
NO_FAULT: Final = declare(
    "ERR-202",
    "Answer no request with a 5xx.",
    level=Level.SHOULD,
    basis=Basis.OBSERVED,
    sources=(RECORDED_CLI, RECORDED_PYTHON),
    kind=Kind.POSTCONDITION,
)
ONE_AUTHORITY: Final = declare(
    "AUTH-202",
    "Name the same authority in every challenge of an instance.",
    level=Level.MUST,
    basis=Basis.OBSERVED,
    sources=(RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO),
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

_OVERLOADED: Final = (429, 503)


@dataclass(frozen=True, slots=True)
class Strictness:
    """How breaches count: see `clauses.severity`."""

    strict: bool = False
    live: bool = False

    def of(self, clause: Clause) -> Severity:
        """The severity of a breach of the clause."""
        return severity(clause.level, clause.basis, strict=self.strict, live=self.live)


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


LENIENT: Final = Strictness()
"""Inferred clauses warn; what was only observed counts."""


def accepts(
    estate: Estate, call: Call, reply: Reply, strictness: Strictness = LENIENT
) -> Judgement:
    """Judge one exchange.

    `estate` is what is known before the call. The judgement's estate is what is known after it,
    also where the reply is unlawful: the belief then admits both that the reply told the truth and
    that it did not. Raises KeyError for a call to a host that the estate lacks.
    """
    request = call.request
    if isinstance(reply, Indeterminate):
        return Judgement(after_loss(estate, call), inconclusive=reply.reason)
    if isinstance(request, Unmodelled):
        if isinstance(reply, Unauthenticated):
            return _judge_challenge(estate, call, reply, strictness)
        if isinstance(reply, Refused):
            return Judgement(advanced(estate), inconclusive=f"{request.operation} is not modelled")
        return Judgement(widened(estate, call), inconclusive=f"{request.operation} is not modelled")
    if isinstance(reply, Refused) and reply.status in _OVERLOADED:
        return Judgement(advanced(estate), answers=((OVERLOAD, str(reply.status)),))
    if isinstance(request, Malformed):
        return _judge_malformed(estate, call, reply, strictness)
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


def _shown(reply: Refused | Unauthenticated) -> str:
    if isinstance(reply, Unauthenticated):
        return "401 with a challenge"
    words = [str(reply.status), reply.code or "without a code"]
    return " ".join(words) + (f' "{reply.message}"' if reply.message else "")


def _judge_refusal(
    opinion: _Opinion,
    found: list[tuple[Guard[Any], Refusal | Perhaps]],
    reply: Refused | Unauthenticated,
    strictness: Strictness,
) -> None:
    s = opinion.situation
    masked = s.call.host_masked
    if isinstance(reply, Unauthenticated):
        mismatch = _authority_mismatch(s.estate, s.call, reply)
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
            opinion.answers.append((guard.clause, f"refused: {_shown(reply)}"))
        else:
            # It may be the reason, as far as anyone can tell: that tests nothing.
            opinion.vacuous.append(guard.clause)
    if explained:
        return
    if isinstance(reply, Refused) and reply.status >= 500:
        _breach(opinion, NO_FAULT, strictness, "no 5xx", _shown(reply))
    elif not demanded:
        _breach(opinion, NO_REASON, strictness, "a success", _shown(reply))
    for guard, refusal in demanded:
        _breach(opinion, guard.clause, strictness, str(refusal), _shown(reply))


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
    # A request that reached its operation had the schema.
    opinion.satisfied = [MALFORMED]
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


# --- challenges -----------------------------------------------------------------------------------


def _authority_mismatch(estate: Estate, call: Call, reply: Unauthenticated) -> Mismatch | None:
    """Where a challenge names another authority than the instance's own."""
    authority = estate.instances[call.host].configuration.authority
    if authority is UNKNOWN or reply.authority == authority:
        return None
    return Mismatch(f"authority {authority}", f"authority {reply.authority}")


def _judge_challenge(
    estate: Estate, call: Call, reply: Unauthenticated, strictness: Strictness
) -> Judgement:
    """Judge a 401 to a request that no chapter speaks of: the challenge is the same for all."""
    mismatch = _authority_mismatch(estate, call, reply)
    if mismatch is None:
        refused = (ACCESS[0].clause,)
        return Judgement(challenged(estate, call, reply), refused=refused, alone=True)
    weight = strictness.of(ONE_AUTHORITY)
    breach = Breach(ONE_AUTHORITY, mismatch.expected, mismatch.observed, weight)
    return Judgement(advanced(estate), breaches=(breach,))


# --- requests that are none -----------------------------------------------------------------------


def _judge_malformed(estate: Estate, call: Call, reply: Reply, strictness: Strictness) -> Judgement:
    if isinstance(reply, Unauthenticated):
        return _judge_challenge(estate, call, reply, strictness)
    if isinstance(reply, Refused) and 400 <= reply.status <= 499:
        return Judgement(advanced(estate), refused=(MALFORMED,), alone=True)
    weight = strictness.of(MALFORMED)
    observed = _shown(reply) if isinstance(reply, Refused) else "a success"
    breach = Breach(MALFORMED, "a 4xx answer", observed, weight)
    return Judgement(widened(estate, call), breaches=(breach,))
