"""A situation: one call met by one alternative of what may be at the name it addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Call, Request
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.material import Material
from mhsm_model.moments import Interval
from mhsm_model.state import (
    Absent,
    Active,
    Deleted,
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

    @property
    def host(self) -> str:
        """The DNS name of the addressed instance."""
        return self.call.host

    @property
    def configuration(self) -> Configuration:
        """The addressed instance's configuration."""
        return self.instance.configuration

    @property
    def key(self) -> Key | None:
        """The key that the call speaks of: at the name, active or deleted, or in the archive."""
        if self.archived is not None:
            return self.archived
        match self.entry:
            case Active(key) | Deleted(key):
                return key
            case Absent():
                return None

    @property
    def active(self) -> Key | None:
        """The key at the name where it is active."""
        return self.entry.key if isinstance(self.entry, Active) else None

    @property
    def version(self) -> KeyVersion | None:
        """The addressed version."""
        key = self.key
        return key.versions[self.place] if key is not None and self.place is not None else None

    @property
    def material(self) -> Material | None:
        """What is known of the addressed version's material."""
        version = self.version
        return self.estate.materials.get(version.material) if version is not None else None

    @property
    def identifier(self) -> KeyIdentifier:
        """The key's identifier without a version."""
        return KeyIdentifier(self.host, self.name)
