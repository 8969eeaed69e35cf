"""Trying a guard alone: the attempt that it refuses, the one that it does not, and the proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mhsm_conformance.faults import HarnessFault
from mhsm_conformance.guards import computations, described_keys
from mhsm_conformance.guards.breaking import WAYS, Attempt
from mhsm_conformance.guards.scenes import request_in_scene
from mhsm_conformance.opening import HOSTS
from mhsm_conformance.session import InconclusiveError, Session
from mhsm_model.catalogue import clause
from mhsm_model.clauses import Clause
from mhsm_model.configuration import Configuration
from mhsm_model.judgement import Judgement
from mhsm_model.operations.operation import Operation

__all__ = ["EXCEPTIONS", "try_alone"]

ENTERED: Final = (computations, described_keys)
"""Importing these enters their ways to break a guard."""

EXCEPTIONS: Final[Mapping[str, str]] = {
    "BKP-201": "a lawful choice while the whole HSM is restored, which is a later chapter",
}
"""Guards that are not tried alone, each with the reason."""

Opening = Callable[[Mapping[str, Configuration]], Session]


def try_alone(open_session: Opening, operation: Operation[Any, Any], identifier: str) -> None:
    """Send what only that guard of the operation refuses, then what it does not.

    Raises HarnessFault where an attempt did not test what it was meant to on a target that runs the
    specification itself, InconclusiveError where it did not on another.
    """
    way, row = WAYS[identifier], clause(identifier)
    session = open_session({HOSTS[0]: way.configuration, HOSTS[1]: Configuration()})
    attempts = way.breaking(session.at(HOSTS[0]), operation.request)
    refused = _tried(session, next(attempts))
    if not _is_told(row, refused):
        _give_up(session, f"the attempt was not judged by {identifier} alone")
    if row not in _tried(session, next(attempts)).satisfied:
        # What an open question refuses shows nothing of the guards before it; the scene does.
        request = request_in_scene(session.at(HOSTS[1]), operation.request)
        if row not in _tried(session, Attempt(request), HOSTS[1]).satisfied:
            _give_up(session, f"no attempt satisfied {identifier}")


def _tried(session: Session, attempt: Attempt, host: str = HOSTS[0]) -> Judgement:
    session.send(
        host, attempt.request, credential=attempt.credential, api_version=attempt.api_version
    )
    return session.judgement


def _is_told(row: Clause, judgement: Judgement) -> bool:
    """Whether the clause alone explains the refusal, or an open question was answered."""
    if row.demands:
        return judgement.alone and row in judgement.refused
    return any(asked is row for asked, _ in judgement.answers)


def _give_up(session: Session, reason: str) -> None:
    if session.profile.evidence == "self":
        raise HarnessFault(reason)
    raise InconclusiveError(reason)
