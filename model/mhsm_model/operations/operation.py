"""The row that ends each operation's chapter, and what an operation does to the state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from mhsm_model.archive import Backup
from mhsm_model.entropy import Entropy
from mhsm_model.exchange import Reply, Request
from mhsm_model.material import Fact, Material
from mhsm_model.relations.secrets import Secret
from mhsm_model.rules import Guard, Postcondition
from mhsm_model.situation import Situation
from mhsm_model.state import Entry, Instance

__all__ = ["Effect", "Hand", "Operation", "unchanged", "unchanged_if_lost"]

Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Reply)


class Hand(Protocol):
    """What the generator lends an answer: chance, and the secrets that state does not hold."""

    @property
    def entropy(self) -> Entropy:
        """Where everything random comes from."""
        ...

    def secret(self, material: str) -> Secret:
        """The secret of that material."""
        ...

    def keep(self, material: str, secret: Secret) -> None:
        """Remember the secret of new material."""
        ...


@dataclass(frozen=True, slots=True)
class Effect:
    """What a success does: the entry at the name afterwards, and what was learnt.

    `changes` is True where something observable changed; `version` names the one version touched,
    None for all of the key. `told` is a time that the reply proves to have passed, in seconds.
    `instance` replaces the addressed instance, for operations on no single name. `facts` are learnt
    of the material used; `points` are those that tell it from unrelated material. `backup` is a new
    blob with what it holds.
    """

    entry: Entry
    materials: tuple[Material, ...] = ()
    facts: tuple[Fact, ...] = ()
    forgotten: tuple[str, ...] = ()
    changes: bool = False
    version: str | None = None
    told: int | None = None
    instance: Instance | None = None
    also_possible: tuple[Entry, ...] = ()
    points: tuple[Fact, ...] = ()
    backup: tuple[bytes, Backup] | None = None


def unchanged(situation: Situation[Any], reply: Reply, /) -> Effect:
    """The effect of an operation that only reads."""
    return Effect(situation.entry)


def unchanged_if_lost(situation: Situation[Any], /) -> tuple[Effect, ...]:
    """The effect that a lost reply to an operation that only reads may have had."""
    return (Effect(situation.entry),)


@dataclass(frozen=True, slots=True, eq=False)
class Operation(Generic[Q, R]):
    """One operation as a table, read top to bottom.

    `guards` may refuse; `ensures` holds of a success; `effect` computes the entry afterwards from
    what the reply reveals; `lost` gives the effects that may have happened where no reply arrived,
    beside none at all; `answers` is the emulator's choice of a lawful success.
    """

    name: str
    request: type[Q]
    reply: type[R]
    guards: tuple[Guard[Q], ...]
    ensures: tuple[Postcondition[Q, R], ...]
    answers: Callable[[Situation[Q], Hand], R]
    effect: Callable[[Situation[Q], R], Effect] = unchanged
    lost: Callable[[Situation[Q]], tuple[Effect, ...]] = unchanged_if_lost
