"""The bench that a check works at: it opens judged sessions on the target and closes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mhsm_conformance.coverage import Coverage
from mhsm_conformance.session import Session
from mhsm_model.configuration import Configuration
from mhsm_targets.protocol import Capability, TargetFactory
from mhsm_targets.registry import target_factory

__all__ = ["EFFORTS", "HOSTS", "Bench", "Effort"]

HOSTS: Final = ("hsm-a.managedhsm.azure.net", "hsm-b.managedhsm.azure.net")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a machine tries: examples, and steps in each."""

    examples: int
    steps: int


EFFORTS: Final[dict[str, Effort]] = {
    "smoke": Effort(25, 25),
    "ci": Effort(150, 40),
    "nightly": Effort(2000, 60),
}


class Bench:
    """Opens sessions for one check and keeps them for the record."""

    def __init__(
        self,
        target: str,
        seed: int,
        profile: str,
        *,
        strict: bool = False,
        shrinking: bool = True,
        on_exchange: Callable[[], None] | None = None,
    ) -> None:
        self.target = target
        self.seed = seed
        self.effort = EFFORTS[profile]
        self.strict = strict
        self._shrinking = shrinking
        self._on_exchange = on_exchange
        self._factory: TargetFactory = target_factory(target)
        self._closers: list[Callable[[], None]] = []
        self.coverage = Coverage()
        self.session: Session | None = None
        self.ended_by: Exception | None = None
        """What ended a session first: a sequence that is tried again may end in another way."""

        self._lost = 0

    @property
    def shrinks(self) -> bool:
        """Whether a failing sequence may be tried again and again to make it shorter."""
        return self._shrinking and not self._factory.profile.live

    @property
    def lost(self) -> int:
        """How many replies were lost without being asked for."""
        return self._lost + (0 if self.session is None else self.session.lost)

    @property
    def factory(self) -> TargetFactory:
        """What opens the target."""
        return self._factory

    def open(self, configurations: Mapping[str, Configuration], seed: int | None = None) -> Session:
        """A session on new instances with these configurations."""
        chosen = self.seed if seed is None else seed
        target = self._factory.open(configurations, chosen)
        self._closers.append(target.close)
        session = Session(
            target,
            self._factory.profile,
            configurations,
            strict=self.strict,
            on_exchange=self._on_exchange,
            on_end=self._end,
        )
        session.coverage = self.coverage
        if any(c != Configuration() for c in configurations.values()):
            session.need(Capability.INSTANCES)
        self._lost += 0 if self.session is None else self.session.lost
        self.session = session
        self.seed = chosen
        return session

    def open_default(self, seed: int | None = None) -> Session:
        """A session on two unrelated instances of the default configuration."""
        return self.open({host: Configuration() for host in HOSTS}, seed)

    def _end(self, error: Exception) -> None:
        if self.ended_by is None:
            self.ended_by = error

    def close(self) -> None:
        """Close all that was opened."""
        for closer in self._closers:
            closer()
        self._closers.clear()
