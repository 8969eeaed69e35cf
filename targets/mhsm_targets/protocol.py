"""What a target is: an implementation under test, as the conformance suites meet it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from mhsm_model.configuration import Configuration
from mhsm_model.wire.http import HttpRequest, HttpResponse

__all__ = [
    "CALL_JOURNALS",
    "USAGE_JOURNAL",
    "Capability",
    "ClockTarget",
    "Finding",
    "FindingFactory",
    "FindingState",
    "InheritedTarget",
    "KeepingFactory",
    "LossyTarget",
    "NotOfferedError",
    "PlannedFactory",
    "ProvableFactory",
    "Replay",
    "ReplayableFactory",
    "RestartableTarget",
    "TargetFactory",
    "TargetProfile",
    "TargetUnavailableError",
    "VirtualClockTarget",
    "WireTarget",
]


USAGE_JOURNAL: Final = "MHSM_USAGE_JOURNAL"
"""Environment variable: a file to which a target with an implementation below adds a line of JSON
when it is closed. Members: exchanges, calls, most_calls (in one exchange), seconds, opened."""


CALL_JOURNALS: Final = "MHSM_CALL_JOURNALS"
"""Environment variable: a folder in which a target writes down the calls that it makes to the
implementation below it, for `ReplayableFactory`. It costs time, and the calls hold no secret."""


class Capability(StrEnum):
    """What a target can do besides answering; a check that needs one is inapplicable without it."""

    CLOCK = "clock"
    """Its clock can be moved by the test."""

    LOSSES = "losses"
    """It can lose a reply on demand, before or after the effect."""

    INSTANCES = "instances"
    """It offers unrelated instances, each with a configuration of the test's choice."""


class TargetUnavailableError(Exception):
    """The target could not be reached or started: nobody's failure. The text says what to do."""


class NotOfferedError(Exception):
    """The target does not do what was asked, by its own choice; the text says what would permit it.

    The check that asked is inapplicable.
    """


@dataclass(frozen=True, slots=True)
class TargetProfile:
    """What a target claims of itself, and how far its word is to be believed.

    `evidence` names the kind of evidence its answers are, `live` a service whose answers overrule
    what was only observed. `expected_failures` maps clauses to the reference that explains them.
    `answered_by` maps patterns of clauses to the part of the target that answers for them, the
    first that matches; it is empty for a target of one piece.
    """

    name: str
    description: str
    evidence: str
    capabilities: frozenset[Capability] = frozenset()
    live: bool = False
    expected_failures: Mapping[str, str] = field(default_factory=dict[str, str])
    answered_by: Mapping[str, str] = field(default_factory=dict[str, str])
    staleness: int = 0

    def answering(self, clause: str) -> str | None:
        """The part of the target that answers for the clause, None where it is of one piece."""
        rows = self.answered_by.items()
        return next((part for pattern, part in rows if fnmatchcase(clause, pattern)), None)


class FindingState(StrEnum):
    """What came of trying a finding again."""

    SEEN = "seen"
    """The implementation still does so."""

    NOT_SEEN = "not seen again"
    """It was tried, and the implementation did not do so."""

    UNTRIED = "could not be tried"
    """Nothing is known: what it needs is not there, or something else went wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the implementation below a target does against its standard.

    `standard` says where it is laid down and `expected` what that demands; `observed` is what the
    reproduction saw just now, or why it could not be tried, and `state` what came of it. `steps` is
    the shortest sequence of calls, `clauses` the clauses that it would break, `handled` what the
    target does about it, `reproduction` the path of a script that needs nothing of this project.
    """

    identifier: str
    title: str
    standard: str
    expected: str
    observed: str
    state: FindingState
    steps: tuple[str, ...]
    clauses: tuple[str, ...]
    handled: str
    reproduction: str


class WireTarget(Protocol):
    """A running target. Instances are addressed by host name."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of the instances it was opened with."""
        ...

    @property
    def token(self) -> str:
        """A bearer token that every instance takes."""
        ...

    def now(self) -> int:
        """The target's clock as far as the caller knows it, in seconds."""
        ...

    def exchange(self, request: HttpRequest) -> HttpResponse | None:
        """Send one request and return the response, or None where none arrived.

        Raises TargetUnavailableError where the target is gone.
        """
        ...

    def close(self) -> None:
        """Give back what the target holds; calling it twice is fine."""
        ...


@runtime_checkable
class ClockTarget(Protocol):
    """A target with Capability.CLOCK."""

    def advance(self, seconds: int) -> None:
        """Move the clock forward."""
        ...


@runtime_checkable
class VirtualClockTarget(Protocol):
    """A target whose clock may be put anywhere before its first request."""

    def start_at(self, moment: int) -> None:
        """Put the clock to that moment, in seconds."""
        ...


@runtime_checkable
class LossyTarget(Protocol):
    """A target with Capability.LOSSES."""

    def lose_next(self, *, after_effect: bool) -> None:
        """Lose the reply to the next request, which has its effect first or not at all."""
        ...


@runtime_checkable
class InheritedTarget(Protocol):
    """A target whose instances others have set up."""

    def presumed(self, host: str, configuration: Configuration) -> Configuration:
        """What may be presumed of the instance that was asked for with this configuration.

        Raises TargetUnavailableError where it has to be asked and is gone.
        """
        ...


@runtime_checkable
class RestartableTarget(Protocol):
    """A target whose instances outlive the processes that serve them."""

    def restart(self) -> None:
        """End the processes; the next request to an instance opens it from what is stored."""
        ...


class TargetFactory(Protocol):
    """Opens targets of one kind."""

    @property
    def profile(self) -> TargetProfile:
        """What targets of this kind claim."""
        ...

    def open(self, configurations: Mapping[str, Configuration], seed: int) -> WireTarget:
        """A target with an instance for each host name.

        Raises TargetUnavailableError where it cannot be had.
        """
        ...


@runtime_checkable
class KeepingFactory(Protocol):
    """A factory whose targets can be kept in a folder and opened from it again."""

    def open_kept(self, configurations: Mapping[str, Configuration], folder: Path) -> WireTarget:
        """A target whose instances are in the folder, those that are not there yet made in it.

        Raises TargetUnavailableError where it cannot be had.
        """
        ...


@runtime_checkable
class ProvableFactory(Protocol):
    """A factory whose targets need something of the system that may be missing."""

    def prove(self) -> None:
        """Open a target and close it again, before a run begins.

        Raises TargetUnavailableError where it cannot be had, so that a run says so once.
        """
        ...


@runtime_checkable
class PlannedFactory(Protocol):
    """A factory whose targets cost something, or leave something behind."""

    def plan(self) -> tuple[str, ...]:
        """What a run will do and how far it will go, a sentence each, before it begins."""
        ...

    def finish(self) -> tuple[str, ...]:
        """Clear what the run left, also after it was interrupted; sentences about what stays.

        Raises TargetUnavailableError where it cannot; the text says how to go on.
        """
        ...


@runtime_checkable
class FindingFactory(Protocol):
    """A factory that knows what the implementation below its targets does wrong."""

    def findings(self) -> Iterator[Finding]:
        """The findings, each tried again just now. Raises TargetUnavailableError."""
        ...


@dataclass(frozen=True, slots=True)
class Replay:
    """Calls of a run, made again: how long that took, and how many there were in the run.

    `otherwise` of them were answered by another error or by none, `left_out` could not be made,
    which had taken `seconds_left_out` in the run.
    """

    seconds: float
    calls: int
    otherwise: int
    left_out: int
    seconds_left_out: float


@runtime_checkable
class ReplayableFactory(Protocol):
    """A factory that can make the calls of a run again, with nothing of the target above them."""

    def replayed(self, folder: Path) -> Replay:
        """Make the calls that a run wrote into the folder (CALL_JOURNALS) again, on new tokens.

        Raises TargetUnavailableError where that cannot be done.
        """
        ...
