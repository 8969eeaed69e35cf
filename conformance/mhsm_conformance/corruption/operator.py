"""Operators: one way each to corrupt a reply, with what is foretold of its discovery."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mhsm_conformance.corruption.session import Place
from mhsm_model.wire.http import HttpResponse

__all__ = [
    "Alteration",
    "Blindness",
    "Corrupting",
    "Operator",
    "Seen",
    "Sight",
    "Unseen",
    "altered",
    "corrupting",
]


class Blindness(StrEnum):
    """Why no clause can see a corruption."""

    FIRST_SIGHT = "first-sight"
    """Nothing in the session bounds the value, before or after."""
    UNRECORDED = "unrecorded"
    """The recording lacks what would show it."""
    RANDOM = "random"
    """Any value of that form is lawful."""
    EQUIVALENT = "equivalent"
    """The corrupted reply means the same."""
    OPEN = "open-question"
    """Nobody knows what the service does there, so more than one answer is lawful."""
    LAG = "lag"
    """Replicas lag: for a while either answer is lawful."""
    MASKED = "masked-host"
    """The recording masks host names in one half of an exchange."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A clause can see the corruption: one of `clauses`, at a later exchange where `later`."""

    clauses: tuple[str, ...]
    later: bool = False


@dataclass(frozen=True, slots=True)
class Unseen:
    """No clause can see the corruption, for the reason told."""

    why: Blindness


Sight = Seen | Unseen


@dataclass(frozen=True, slots=True)
class Alteration:
    """The replies of one corrupted session, by index, and whether the corruption can be seen."""

    answers: dict[int, HttpResponse]
    sight: Sight


def altered(place: Place, reply: HttpResponse, sight: Sight) -> Alteration:
    """The session with the reply at the place replaced."""
    return Alteration({place.index: reply}, sight)


Corrupting = Callable[[Place], Alteration | None]


@dataclass(frozen=True, slots=True)
class Operator:
    """One way to corrupt a reply.

    `corrupts` gives the altered session where the operator applies to a place, and None elsewhere.
    `sentence` says what it does.
    """

    name: str
    sentence: str
    corrupts: Corrupting


def corrupting(name: str) -> Callable[[Corrupting], Operator]:
    """Make an operator of the decorated function; its docstring is the sentence."""

    def declared(function: Corrupting) -> Operator:
        return Operator(name, " ".join((inspect.getdoc(function) or "").split()), function)

    return declared
