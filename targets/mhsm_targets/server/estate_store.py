"""The state of the model in the data folder: what an exchange changed, and all of it at a start.

`key` has what is at each name of an instance: `Active` or `Deleted` with the key and its versions.
`material` has what is known of key material, and its secret as a JWK of the software type. `backup`
has what each blob would bring back, by digests of the blob. The records are those of `records`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from immutables import Map

from mhsm_model.alternatives import factor_at
from mhsm_model.archive import Archive, Backup
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import BackupKey, KeyBackup
from mhsm_model.generator import Vault
from mhsm_model.jwk import JsonWebKey
from mhsm_model.material import Material
from mhsm_model.relations.facts import DIGEST_BYTES
from mhsm_model.relations.secrets import (
    OctSecret,
    Secret,
    ec_secret,
    jwk_of,
    rsa_secret,
)
from mhsm_model.state import Absent, Active, Deleted, Entry, Estate, Factor, Instance
from mhsm_targets.server.model_backing import Change
from mhsm_targets.server.records import read_record, record
from mhsm_targets.server.store import Store, StoreError

__all__ = ["EstateStore"]


class EstateStore:
    """Keeps the model's state in a store. Methods raise StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, change: Change) -> None:
        """Keep what one exchange changed: at most one name, its material, and one blob."""
        host, before, after = change.call.host, change.before.estate, change.after.estate
        old = _entry(before.instances[host], change.name)
        new = _entry(after.instances[host], change.name)
        if old == new and after.archive is before.archive:
            return
        held, had = set(_materials(new)), set(_materials(old))
        with self._store.transaction() as database:
            if isinstance(new, Absent):
                database.execute("DELETE FROM key WHERE (host, name) = (?, ?)", (host, change.name))
            elif old != new:
                database.execute(
                    "INSERT OR REPLACE INTO key VALUES (?, ?, ?)", (host, change.name, record(new))
                )
            database.executemany(
                "INSERT OR REPLACE INTO material VALUES (?, ?, ?)",
                [_material_row(change, identifier) for identifier in sorted(held - had)],
            )
            database.executemany(
                "DELETE FROM material WHERE identifier = ?",
                [(name,) for name in sorted(had - held) if name not in change.after.vault],
            )
            if isinstance(change.call.request, BackupKey) and isinstance(change.reply, KeyBackup):
                blob = change.reply.blob
                identity, parts = after.archive.digests_of(blob)
                backup = after.archive.backups[identity]
                database.execute(
                    "INSERT OR REPLACE INTO backup VALUES (?, ?, ?)",
                    (identity, b"".join(parts), record(backup)),
                )

    def clear(self) -> None:
        """Forget all keys, their material and all blobs."""
        with self._store.transaction() as database:
            for table in ("key", "material", "backup"):
                database.execute(f"DELETE FROM {table}")

    def state(self, configurations: Mapping[str, Configuration]) -> tuple[Estate, Vault]:
        """All that is kept, with the instances that are configured so, by internal host."""
        try:
            return self._state(configurations)
        except (ValueError, KeyError, TypeError) as error:
            folder = self._store.folder
            raise StoreError(f"the data folder {folder} holds what is no record: {error}") from None

    def _state(self, configurations: Mapping[str, Configuration]) -> tuple[Estate, Vault]:
        store = self._store
        factors: dict[str, dict[str, Factor]] = {host: {} for host in configurations}
        for host, name, text in store.rows("SELECT host, name, entry FROM key"):
            factors[host][name] = Factor((_read(text, Active, Deleted),))
        materials: dict[str, Material] = {}
        secrets: dict[str, Secret] = {}
        for identifier, text, secret in store.rows("SELECT * FROM material"):
            kind, knowledge, public = read_record(text)
            made = secrets[identifier] = _secret(_read(secret, JsonWebKey))
            materials[identifier] = Material(identifier, kind, knowledge, public, made)
        backups: dict[bytes, Backup] = {}
        parts: dict[bytes, None] = {}
        held: dict[str, None] = {}
        for identity, digests, text in store.rows("SELECT * FROM backup"):
            backup = backups[identity] = _read(text, Backup)
            places = range(0, len(digests), DIGEST_BYTES)
            parts.update((digests[at : at + DIGEST_BYTES], None) for at in places)
            held.update((v.material, None) for key in backup.keys for v in key.versions)
        instances = {
            host: Instance(configuration, factors=Map(factors[host]))
            for host, configuration in configurations.items()
        }
        archive = Archive(Map(backups), Map(parts), Map(held))
        estate = Estate(Map(instances), Map(materials), archive)
        return estate, Map(secrets)


def _entry(instance: Instance, name: str) -> Entry:
    return factor_at(instance, name).entries[0] if name else Absent()


def _materials(entry: Entry) -> list[str]:
    return [] if isinstance(entry, Absent) else [v.material for v in entry.key.versions]


def _material_row(change: Change, identifier: str) -> tuple[str, str, str]:
    material = change.after.estate.materials[identifier]
    told = record((material.kind, material.knowledge, material.public))
    return identifier, told, record(jwk_of(change.after.vault[identifier]))


def _read(text: str, *kinds: type[Any]) -> Any:
    value = read_record(text)
    if not isinstance(value, kinds):
        raise ValueError(f"a {type(value).__name__}")
    return value


def _secret(key: JsonWebKey) -> Secret:
    match key:
        case JsonWebKey(kty="oct", k=bytes(value)):
            return OctSecret(value)
        case JsonWebKey(kty="EC", crv=str(curve), d=bytes(scalar)):
            return ec_secret(curve, int.from_bytes(scalar))
        case JsonWebKey(kty="RSA", p=bytes(p), q=bytes(q), e=bytes(e)):
            return rsa_secret(int.from_bytes(p), int.from_bytes(q), int.from_bytes(e))
        case _:
            raise ValueError("a secret that is none")
