"""A situation: one call met by one alternative of what may be at the name it addresses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Call, Request
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.material import Material
from mhsm_model.moments import Interval
from mhsm_model.state import (
    Absent,
    Active,
    Entry,
    Estate,
    Factor,
    Instance,
    Key,
    KeyVersion,
)

__all__ = ["Situation"]

Q_co = TypeVar("Q_co", bound=Request, covariant=True)


@dataclass(frozen=True, slots=True)
class Situation(Generic[Q_co]):
    """What guards and postconditions look at.

    `kept` is the alternative as the estate holds it; `entry` is the same with the version that the
    call may mean, at `place` in its key, None where it has no such version. `now` is the interval
    of the service's clock. `archived` is the key that a blob would bring back; `place` is then its
    current version's.

    What follows from these: `key` is the key that the call speaks of, at the name, active or
    deleted, or in the archive; `version` is the addressed version, and `material` what is known of
    its material.
    """

    estate: Estate
    call: Call
    request: Q_co
    instance: Instance
    now: Interval
    name: str
    factor: Factor
    kept: Entry
    entry: Entry
    place: int | None
    archived: Key | None = None
    key: Key | None = field(init=False, repr=False, compare=False)
    version: KeyVersion | None = field(init=False, repr=False, compare=False)
    material: Material | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look up once what nearly every guard asks for."""
        key = self.archived
        if key is None and not isinstance(self.entry, Absent):
            key = self.entry.key
        version = key.versions[self.place] if key is not None and self.place is not None else None
        material = self.estate.materials.get(version.material) if version is not None else None
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "version", version)
        object.__setattr__(self, "material", material)

    @property
    def host(self) -> str:
        """The DNS name of the addressed instance."""
        return self.call.host

    @property
    def configuration(self) -> Configuration:
        """The addressed instance's configuration."""
        return self.instance.configuration

    @property
    def active(self) -> Key | None:
        """The key at the name where it is active."""
        return self.entry.key if isinstance(self.entry, Active) else None

    @property
    def identifier(self) -> KeyIdentifier:
        """The key's identifier without a version."""
        return KeyIdentifier(self.host, self.name)
