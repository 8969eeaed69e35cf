"""The estate: HSM instances, what is at each key name, and what is known of key material.

The version not yet seen shapes everything here. A create whose reply was lost may have made a
version whose identifier nobody knows, and an instance that existed before we looked holds keys and
versions nobody told us of. So a key is a sequence of versions of which some have no identifier yet
and any member may be UNKNOWN, a key may be *incomplete* (versions may exist that are not in the
sequence) and *headless* (which one is current is not known), and what is at a name is a tuple of
alternatives, of which one is true. A fresh emulator is the special case in which nothing is unknown
and every tuple holds one alternative.

All values are immutable. Large maps are persistent, so a write costs O(log n).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from immutables import Map

from mhsm_model.archive import Archive
from mhsm_model.configuration import Configuration
from mhsm_model.key import NO_TAGS, Key, KeyVersion, open_version
from mhsm_model.material import Material
from mhsm_model.moments import ANY_TIME, Interval
from mhsm_model.unknown import Unknown

__all__ = [
    "ABSENT",
    "NO_TAGS",
    "Absent",
    "Active",
    "Deleted",
    "Entry",
    "Estate",
    "Factor",
    "Instance",
    "Key",
    "KeyVersion",
    "Walk",
    "open_version",
]


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing is at the name."""


@dataclass(frozen=True, slots=True)
class Active:
    """A key in use."""

    key: Key


@dataclass(frozen=True, slots=True)
class Deleted:
    """A soft-deleted key with the time of its deletion."""

    key: Key
    deleted: Interval = ANY_TIME


Entry = Absent | Active | Deleted
ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Factor:
    """What may be at one name: one of the alternatives is true.

    The serial numbers say at which exchange the name was last confirmed by a success, last met with
    a refusal, and which version was last changed: frame conditions are judged with them.
    """

    entries: tuple[Entry, ...]
    confirmed: int = 0
    refused: int = 0
    changed: int = 0
    changed_version: str | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """A list being read page by page.

    `listed` are the items met so far, `changed` the names that an effect touched meanwhile: nothing
    is demanded of those, a list is no snapshot.
    """

    listed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Instance:
    """One HSM: its configuration and what is at its key names.

    `fresh` is True where we saw the instance begin: a name without a factor is then absent, and
    else may hold anything. `walks` maps (collection, skip token) to the list that goes on there.
    `changed` is (serial, name) of the last effect, `changed_before` of the last on another name.
    `drawn` are digests of the random values given out.
    """

    configuration: Configuration = field(default_factory=Configuration)
    fresh: bool = True
    factors: Map[str, Factor] = field(default_factory=Map[str, Factor])
    walks: Map[tuple[str, str], Walk] = field(default_factory=Map[tuple[str, str], Walk])
    changed: tuple[int, str] = (0, "")
    changed_before: tuple[int, str] = (0, "")
    restoring: bool | Unknown = False
    drawn: Map[bytes, None] = field(default_factory=Map[bytes, None])

    def changed_elsewhere(self, name: str) -> int:
        """The serial of the last effect on a key of another name."""
        return self.changed[0] if self.changed[1] != name else self.changed_before[0]


@dataclass(frozen=True, slots=True)
class Estate:
    """All instances, all material and all backups.

    `now` is a lower bound of the service's clock in seconds. `points` says which material gave a
    point of its function: unrelated material never gives the same.
    """

    instances: Map[str, Instance] = field(default_factory=Map[str, Instance])
    materials: Map[str, Material] = field(default_factory=Map[str, Material])
    archive: Archive = field(default_factory=Archive)
    points: Map[bytes, str] = field(default_factory=Map[bytes, str])
    now: int = 0
    serial: int = 0
    changed: tuple[int, str] = (0, "")
    changed_before: tuple[int, str] = (0, "")

    def with_instance(self, host: str, instance: Instance) -> Estate:
        """The estate with one instance replaced or added."""
        return replace(self, instances=self.instances.set(host, instance))

    def changed_elsewhere(self, host: str) -> int:
        """The serial of the last effect on another instance."""
        return self.changed[0] if self.changed[1] != host else self.changed_before[0]
