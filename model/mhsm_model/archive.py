"""The archive: which backup blobs exist, and what each would bring back.

A blob is opaque to everyone but its security domain; what it holds is what stood at the name when
it was made. Blobs are known by digests, of the whole and of their parts: a blob that shares a part
with a known one and is not that one was altered.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from immutables import Map

from mhsm_model.configuration import Configuration
from mhsm_model.key import Key
from mhsm_model.relations.backup_blobs import parts_of
from mhsm_model.relations.facts import digest
from mhsm_model.unknown import UNKNOWN, Unknown

__all__ = ["Archive", "Backup", "domain_of"]


def domain_of(host: str, configuration: Configuration) -> str | Unknown:
    """The name of the security domain of an instance; its own is named by its host."""
    return host if configuration.domain is None else configuration.domain


@dataclass(frozen=True, slots=True)
class Backup:
    """What a blob holds: the key at a name of an instance, as one of the possible `keys`.

    `spelling` is the digest of the blob as it was given out.
    """

    host: str
    domain: str | Unknown
    name: str
    keys: tuple[Key, ...]
    spelling: bytes = b""

    def is_of_domain(self, host: str, configuration: Configuration) -> bool | None:
        """Whether the instance has the blob's security domain, or None where that is not known."""
        if host == self.host:
            return True
        domain = domain_of(host, configuration)
        if domain is UNKNOWN or self.domain is UNKNOWN:
            return None
        return domain == self.domain


def _identity(blob: bytes) -> bytes:
    parts = parts_of(blob)
    if parts is None:
        return digest(blob)
    return digest(parts.header, parts.encrypted_key, *parts.random)


@dataclass(frozen=True, slots=True)
class Archive:
    """All backups, by a digest of what their blob decodes to.

    `materials` live as long as a blob holds them.
    """

    backups: Map[bytes, Backup] = field(default_factory=Map[bytes, Backup])
    parts: Map[bytes, None] = field(default_factory=Map[bytes, None])
    materials: Map[str, None] = field(default_factory=Map[str, None])

    def found(self, blob: bytes) -> Backup | None:
        """The backup that the blob is, or None."""
        return self.backups.get(_identity(blob)) if self.backups else None

    def digests_of(self, blob: bytes) -> tuple[bytes, tuple[bytes, ...]]:
        """By which digest `backups` has the blob, and by which `parts` has its parts."""
        parts = parts_of(blob)
        return _identity(blob), () if parts is None else tuple(map(digest, parts.random))

    def knows_a_part_of(self, blob: bytes) -> bool:
        """Whether the blob shares its iv, ciphertext or tag with a known one."""
        parts = parts_of(blob)
        return parts is not None and any(digest(part) in self.parts for part in parts.random)

    def with_backup(self, blob: bytes, backup: Backup) -> Archive:
        """The archive with one more blob."""
        identity, parts = self.digests_of(blob)
        held = {version.material for key in backup.keys for version in key.versions}
        return replace(
            self,
            backups=self.backups.set(identity, backup),
            parts=self.parts.update(dict.fromkeys(parts)),
            materials=self.materials.update(dict.fromkeys(held)),
        )
