"""Trying a case on a target: whether the clause is still broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from mhsm_conformance.cases.case import Asked, Case, CaseStep, Message
from mhsm_conformance.cases.resolving import LinkError, resolved
from mhsm_conformance.faults import ConformanceFailure, HarnessFault
from mhsm_conformance.session import JSON, InapplicableError, InconclusiveError, Session
from mhsm_conformance.steps import Lapse, Loss
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Reply
from mhsm_model.judgement import Breach
from mhsm_targets.protocol import (
    Capability,
    NotOfferedError,
    TargetFactory,
    TargetUnavailableError,
)

__all__ = ["Trial", "Verdict", "tried"]


class Verdict(StrEnum):
    """What trying a case says of its target."""

    FIXED = "FIXED"
    """Every exchange was lawful."""

    FAILED = "FAILED"
    """A clause was broken."""

    ERROR = "ERROR"
    """It could not be tried, so nothing is known."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A verdict and its reason in a sentence.

    `steps` tell what was sent and what came back, `breaches` what was broken, that of the case
    first. `at` is the number of the step that broke it.
    """

    verdict: Verdict
    reason: str
    steps: tuple[str, ...] = ()
    breaches: tuple[Breach, ...] = field(default=(), repr=False)
    at: int | None = None

    def broke(self, clause: str | None) -> bool:
        """Whether that clause was broken, or, for None, any."""
        return any(clause in (None, breach.clause.identifier) for breach in self.breaches)


_OF_THE_TARGET = (
    HarnessFault,
    InapplicableError,
    InconclusiveError,
    LinkError,
    NotOfferedError,
    OverflowError,
    TargetUnavailableError,
    # A value that has no form on the wire: a lone surrogate, a moment beyond all clocks.
    ValueError,
)


def tried(
    case: Case, factory: TargetFactory, on_exchange: Callable[[], None] | None = None
) -> Trial:
    """Open the target, do the steps of the case, and say what came of it."""
    if case.left_out is not None:
        return Trial(Verdict.ERROR, case.left_out)
    try:
        target = factory.open(case.instances, case.seed)
    except TargetUnavailableError as error:
        return Trial(Verdict.ERROR, str(error))
    try:
        session = Session(
            target,
            factory.profile,
            case.instances,
            strict=case.strict,
            on_exchange=on_exchange,
        )
        return _done(case, session)
    except TargetUnavailableError as error:
        return Trial(Verdict.ERROR, str(error))
    finally:
        target.close()


def _done(case: Case, session: Session) -> Trial:
    replies: dict[int, Reply] = {}
    number = 0
    try:
        if any(told != Configuration() for told in case.instances.values()):
            session.need(Capability.INSTANCES)
        for number, step in enumerate(case.steps, 1):
            reply = _sent(step, session, replies)
            if reply is not None:
                replies[number] = reply
            # What is only inferred is a warning, and the clause of the case is broken all the same.
            broken = [w for w in session.warnings if w.clause.identifier == case.clause]
            if broken:
                return _failed(case, session, number, tuple(broken))
            if case.clause is not None and case.clause in session.coverage.declared:
                reference = session.profile.expected_failures[case.clause]
                return Trial(
                    Verdict.FAILED,
                    f"{case.clause} is broken, as the target's profile declares: {reference}",
                    _told(session),
                    at=number,
                )
    except ConformanceFailure as failure:
        return _failed(case, session, number, failure.breaches)
    except _OF_THE_TARGET as error:
        where = f"step {number}: " if number else ""
        return Trial(Verdict.ERROR, f"{where}{error}", _told(session))
    if session.lost:
        return Trial(Verdict.ERROR, "a reply was lost, and nothing is known", _told(session))
    return Trial(Verdict.FIXED, "every exchange was lawful", _told(session))


def _told(session: Session) -> tuple[str, ...]:
    return tuple(str(step) for step in session.steps)


def _failed(case: Case, session: Session, number: int, breaches: tuple[Breach, ...]) -> Trial:
    ordered = tuple(sorted(breaches, key=lambda b: b.clause.identifier != case.clause))
    names = ", ".join(dict.fromkeys(breach.clause.identifier for breach in ordered))
    verb = "is" if "," not in names else "are"
    reason = f"{names} {verb} broken at step {number}"
    if case.clause not in (None, ordered[0].clause.identifier):
        reason += f", and {case.clause} is not: another breach than the one that was stored"
    elif number < len(case.steps):
        reason += f" of {len(case.steps)}"
    return Trial(Verdict.FAILED, reason, _told(session), ordered, number)


def _sent(step: CaseStep, session: Session, replies: dict[int, Reply]) -> Reply | None:
    match step:
        case Asked():
            return session.send(
                step.host,
                resolved(step.request, replies, session.now()),
                credential=step.credential,
                api_version=step.api_version,
            )
        case Message():
            target = resolved(step.target, replies, session.now())
            body = resolved(step.body, replies, session.now())
            if not isinstance(target, str) or not target.startswith("/"):
                raise LinkError("what it is sent to is no path")
            return session.send_message(
                step.host,
                step.method,
                target,
                body.encode() if isinstance(body, str) else body,
                credential=step.credential,
                content_type=step.content_type or JSON,
                headers=step.headers,
            )
        case Lapse(seconds):
            session.advance(seconds)
        case Loss(after_effect):
            session.lose_next(after_effect=after_effect)
    return None
