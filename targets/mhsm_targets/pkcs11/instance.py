"""One instance: its name and settings, its token, and the moment of the request at hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from mhsm_model.configuration import Configuration
from mhsm_model.identifiers import NAME_LENGTH, KeyIdentifier, is_name
from mhsm_model.tables.errors import bad_parameter, key_not_found
from mhsm_model.tables.lifecycle import DAY_SECONDS
from mhsm_model.unknown import UNKNOWN
from mhsm_targets.pkcs11.ciphertexts import Ciphers
from mhsm_targets.pkcs11.domain import Domain
from mhsm_targets.pkcs11.facts import ModuleFacts
from mhsm_targets.pkcs11.material import KeyObjects
from mhsm_targets.pkcs11.refusals import RefusedError, bad_value, refused
from mhsm_targets.pkcs11.store import Store
from mhsm_targets.pkcs11.stored import StoredKey, StoredVersion
from mhsm_targets.pkcs11.token import Token

__all__ = ["Instance", "opened_instance"]

_VERSION_BYTES = 16


@dataclass(slots=True)
class Instance:
    """A Managed HSM on a token. `now` is the clock in seconds, set for each request."""

    host: str
    configuration: Configuration
    token: Token
    facts: ModuleFacts
    domain: Domain
    store: Store
    keys: KeyObjects
    ciphers: Ciphers
    now: int = 0
    swept: int = field(default=0)

    @property
    def retention_days(self) -> int:
        """The days that a soft-deleted key stays recoverable."""
        days = self.configuration.retention_days
        return 90 if days is UNKNOWN else days

    def purge_date(self, key: StoredKey) -> int:
        """When a soft-deleted key is purged by itself, in seconds."""
        return (key.deleted or 0) + self.retention_days * DAY_SECONDS

    def identifier(self, name: str, version: str | None = None) -> KeyIdentifier:
        """The kid of a key or version here."""
        return KeyIdentifier(self.host, name, version)

    def recovery_id(self, name: str) -> str:
        """The URL of a soft-deleted key."""
        return str(KeyIdentifier(self.host, name, None, "deletedkeys"))

    def new_version(self) -> str:
        """A version identifier that was never used, as far as chance goes."""
        return self.token.random(_VERSION_BYTES).hex()

    # --- what is at a name ------------------------------------------------------------------------

    def checked_name(self, name: str) -> None:
        """Raise RefusedError for what is no key name."""
        if not is_name(name):
            raise refused(bad_parameter("Invalid key identifier or name"))
        if len(name) > NAME_LENGTH:
            raise bad_value("Invalid key identifier or name")

    def at(self, name: str) -> StoredKey | None:
        """The key at the name, in use or soft-deleted; one whose retention has ended is purged."""
        self.checked_name(name)
        key = self.store.key(name)
        if key is not None and key.deleted is not None and self.now >= self.purge_date(key):
            self.purge(key)
            return None
        return key

    def active(self, name: str) -> StoredKey:
        """The key in use at the name; raises RefusedError where there is none."""
        key = self.at(name)
        if key is None or key.deleted is not None:
            raise self._not_found("keys", name)
        return key

    def active_version(self, name: str, version: str | None) -> tuple[StoredKey, StoredVersion]:
        """The key in use and its version addressed; raises RefusedError where either lacks."""
        key = self.active(name)
        held = key.found(version)
        if held is None:
            raise self._not_found("keys", name)
        return key, held

    def soft_deleted(self, name: str) -> StoredKey:
        """The soft-deleted key at the name; raises RefusedError where there is none."""
        key = self.at(name)
        if key is None or key.deleted is None:
            raise self._not_found("deletedkeys", name)
        return key

    def _not_found(self, collection: str, name: str) -> RefusedError:
        return refused(key_not_found(self.host, collection, name))

    # --- changes ----------------------------------------------------------------------------------

    def purge(self, key: StoredKey) -> None:
        """Destroy the key for good: its record first, and then its material."""
        self.store.forget(key.name)
        for version in key.versions:
            self.keys.destroy(version.material)

    def expire(self) -> None:
        """Purge every soft-deleted key whose retention has ended."""
        deleted = [key for key in self.store if key.deleted is not None]
        for key in deleted:
            if self.now >= self.purge_date(key):
                self.purge(key)


def opened_instance(
    token: Token,
    facts: ModuleFacts,
    host: str,
    configuration: Configuration,
    prefix: str,
    secret: bytes | None = None,
) -> Instance:
    """The instance that the token holds under the label prefix, swept; a new one where none is.

    `secret` is the domain key's bytes where the domain is shared. Raises PKCS11Error, and
    RecordError for what another version of this program wrote.
    """
    store = Store(token, f"{prefix}/record")
    domain = Domain(token, f"{prefix}/domain", facts, secret, replaceable=len(store) == 0)
    keys = KeyObjects(token, f"{prefix}/key", domain, facts)
    known = (version.material.object_id for key in store for version in key.versions)
    swept = keys.read(known) + store.swept
    ciphers = Ciphers(token, keys, facts)
    return Instance(host, configuration, token, facts, domain, store, keys, ciphers, swept=swept)
