"""The machine of lifecycle and cryptography over two unrelated instances.

It draws ordinals ("the second version made", "the third ciphertext") and never a value that a
service chose, so that the same draws give the same calls whatever the replies. It compares
nothing: the session judges. Subclass it and give it a way to open a session to run it against
anything.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from mhsm_conformance.session import Session
from mhsm_conformance.strategies import requests as drawn
from mhsm_conformance.vectors.altering import flipped
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    Credential,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    GetRandomBytes,
    ImportKey,
    KeyBackup,
    KeyBundle,
    KeyPage,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    OperationResult,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Reply,
    Request,
    RequestedAttributes,
    RestoreKey,
    Sign,
    UnwrapKey,
    UpdateKey,
    Verify,
    WrapKey,
)
from mhsm_model.operations.paging import next_token
from mhsm_targets.protocol import Capability

__all__ = ["LifecycleMachine"]

_IV = bytes(range(16))
_IMPORTS = ("EC P-256", "EC P-384", "oct 128", "oct 256", "RSA 2048")
_KEPT = 12


class LifecycleMachine(RuleBasedStateMachine):
    """Makes, changes, lists, deletes, recovers, purges and uses keys of two instances."""

    def __init__(self) -> None:
        super().__init__()
        self.session: Session
        self.versions: dict[tuple[int, str], list[str]] = {}
        self.signatures: list[tuple[Sign, OperationResult]] = []
        self.ciphertexts: list[tuple[Encrypt | WrapKey, OperationResult]] = []
        self.blobs: list[bytes] = []

    def opened(self, seed: int) -> Session:
        """The session that the machine runs in; a subclass says where it comes from."""
        raise TypeError("a machine needs a way to open its session")

    @initialize(seed=st.integers(0, 999))
    def open(self, seed: int) -> None:
        """Open two instances; the target's own chance starts from the draw."""
        self.session = self.opened(seed)

    def send(self, at: int, request: Request) -> Reply:
        """Send a request to an instance by its ordinal."""
        return self.session.send(self.session.hosts[at], request)

    def version(self, at: int, name: str, ordinal: int | None) -> str | None:
        """The identifier of a version by its ordinal, None for the current one or where none is."""
        made = self.versions.get((at, name), [])
        return None if ordinal is None or not made else made[ordinal % len(made)]

    def born(self, at: int, request: CreateKey | ImportKey) -> None:
        """Make a version and remember it by its ordinal."""
        reply = self.send(at, request)
        if isinstance(reply, KeyBundle) and reply.kid.version is not None:
            self.versions.setdefault((at, request.name), []).append(reply.kid.version)

    @rule(at=st.integers(0, 1), request=drawn.creations())
    def create(self, at: int, request: CreateKey) -> None:
        """Create a key."""
        self.born(at, request)

    @rule(
        at=st.integers(0, 1),
        name=drawn.names,
        kind=st.sampled_from(_IMPORTS),
        serial=st.integers(0, 1),
        operations=drawn.operations,
    )
    def import_sample(
        self, at: int, name: str, kind: str, serial: int, operations: tuple[str, ...] | None
    ) -> None:
        """Import a sample key."""
        self.born(at, ImportKey(name, replace(sample_key(kind, serial), key_ops=operations)))

    @rule(at=st.integers(0, 1), name=drawn.names, ordinal=st.none() | drawn.ordinals)
    def get(self, at: int, name: str, ordinal: int | None) -> None:
        """Read a version."""
        self.send(at, GetKey(name, self.version(at, name, ordinal)))

    @rule(
        at=st.integers(0, 1),
        name=drawn.names,
        ordinal=st.none() | drawn.ordinals,
        operations=drawn.operations,
        attributes=drawn.attributes,
        tags=drawn.tags,
    )
    def update(
        self,
        at: int,
        name: str,
        ordinal: int | None,
        operations: tuple[str, ...] | None,
        attributes: RequestedAttributes,
        tags: dict[str, str] | None,
    ) -> None:
        """Change a version."""
        version = self.version(at, name, ordinal)
        self.send(at, UpdateKey(name, version, operations, attributes, tags))

    @rule(at=st.integers(0, 1), name=drawn.names)
    def delete(self, at: int, name: str) -> None:
        """Delete a key."""
        self.send(at, DeleteKey(name))

    @rule(at=st.integers(0, 1), name=drawn.names)
    def read_deleted(self, at: int, name: str) -> None:
        """Read a deleted key."""
        self.send(at, GetDeletedKey(name))

    @rule(at=st.integers(0, 1), name=drawn.names)
    def recover(self, at: int, name: str) -> None:
        """Recover a deleted key."""
        self.send(at, RecoverDeletedKey(name))

    @rule(at=st.integers(0, 1), name=drawn.names)
    def purge(self, at: int, name: str) -> None:
        """Purge a deleted key."""
        self.send(at, PurgeDeletedKey(name))

    @rule(
        at=st.integers(0, 1),
        listing=st.sampled_from(("keys", "deleted keys", "versions")),
        name=drawn.names,
        maxresults=st.sampled_from((None, 1, 2)),
    )
    def walk(
        self,
        at: int,
        listing: str,
        name: str,
        maxresults: int | None,
    ) -> None:
        """Read a list to its end."""
        token: str | None = None
        for _ in range(10):
            request: Request = ListKeyVersions(name, maxresults, token)
            if listing != "versions":
                chosen = ListKeys if listing == "keys" else ListDeletedKeys
                request = chosen(maxresults, token)
            reply = self.send(at, request)
            token = next_token(reply) if isinstance(reply, KeyPage) else None
            if token is None:
                return

    @rule(
        at=st.integers(0, 1),
        name=drawn.names,
        ordinal=st.none() | drawn.ordinals,
        algorithm=st.sampled_from(drawn.ALGORITHM_NAMES),
        digest=drawn.digests,
    )
    def sign(self, at: int, name: str, ordinal: int | None, algorithm: str, digest: bytes) -> None:
        """Sign with an algorithm that may suit the key or not."""
        request = Sign(name, self.version(at, name, ordinal), algorithm, digest)
        reply = self.send(at, request)
        if isinstance(reply, OperationResult):
            self.signatures = [*self.signatures, (request, reply)][-_KEPT:]

    @precondition(lambda self: self.signatures)
    @rule(
        at=st.integers(0, 1),
        name=st.none() | drawn.names,
        which=st.integers(0, _KEPT),
        altered=st.booleans(),
    )
    def verify(self, at: int, name: str | None, which: int, altered: bool) -> None:
        """Verify a signature made before: here or there, as it was or altered."""
        asked, made = self.signatures[which % len(self.signatures)]
        signature = _flipped(made.value) if altered else made.value
        version = None if name is not None else asked.version
        target = asked.name if name is None else name
        self.send(at, Verify(target, version, asked.algorithm, asked.digest, signature))

    @rule(
        at=st.integers(0, 1),
        name=drawn.names,
        ordinal=st.none() | drawn.ordinals,
        algorithm=st.sampled_from(drawn.ALGORITHM_NAMES),
        plaintext=drawn.plaintexts,
        aad=st.sampled_from((None, b"aad")),
        wraps=st.booleans(),
    )
    def encrypt(
        self,
        at: int,
        name: str,
        ordinal: int | None,
        algorithm: str,
        plaintext: bytes,
        aad: bytes | None,
        wraps: bool,
    ) -> None:
        """Encrypt, or wrap, with an algorithm that may suit the key or not."""
        iv = _IV if "CBC" in algorithm else None
        version = self.version(at, name, ordinal)
        kind = WrapKey if wraps else Encrypt
        request = kind(name, version, algorithm, plaintext, iv, aad)
        reply = self.send(at, request)
        if isinstance(reply, OperationResult):
            self.ciphertexts = [*self.ciphertexts, (request, reply)][-_KEPT:]

    @precondition(lambda self: self.ciphertexts)
    @rule(
        at=st.integers(0, 1),
        name=st.none() | drawn.names,
        which=st.integers(0, _KEPT),
        altered=st.sampled_from(("nothing", "nothing", "value", "iv", "tag", "aad")),
        crossed=st.booleans(),
    )
    def decrypt(self, at: int, name: str | None, which: int, altered: str, crossed: bool) -> None:
        """Decrypt or unwrap a ciphertext made before: here or there, as it was or altered."""
        asked, made = self.ciphertexts[which % len(self.ciphertexts)]
        version = None if name is not None else asked.version
        kind = UnwrapKey if isinstance(asked, WrapKey) != crossed else Decrypt
        request = kind(
            asked.name if name is None else name,
            version,
            asked.algorithm,
            _flipped(made.value) if altered == "value" else made.value,
            _flipped(made.iv) if altered == "iv" and made.iv else made.iv,
            b"other" if altered == "aad" else asked.aad,
            _flipped(made.tag) if altered == "tag" and made.tag else made.tag,
        )
        self.send(at, request)

    @rule(at=st.integers(0, 1), name=drawn.names)
    def back_up(self, at: int, name: str) -> None:
        """Back a key up."""
        reply = self.send(at, BackupKey(name))
        if isinstance(reply, KeyBackup):
            self.blobs = [*self.blobs, reply.blob][-_KEPT:]

    @precondition(lambda self: self.blobs)
    @rule(
        at=st.integers(0, 1),
        which=st.integers(0, _KEPT),
        altered=st.sampled_from((False, False, False, True)),
    )
    def restore(self, at: int, which: int, altered: bool) -> None:
        """Restore a key from a blob made before: here or there, as it was or altered."""
        blob = self.blobs[which % len(self.blobs)]
        self.send(at, RestoreKey(_flipped(blob) if altered else blob))

    @rule(at=st.integers(0, 1), count=st.sampled_from((0, 1, 16, 128, 129)))
    def random_bytes(self, at: int, count: int) -> None:
        """Get random bytes."""
        self.send(at, GetRandomBytes(count))

    @rule(at=st.integers(0, 1), name=drawn.names)
    def unauthenticated(self, at: int, name: str) -> None:
        """Call without a token."""
        host = self.session.hosts[at]
        self.session.send(host, DeleteKey(name), credential=Credential.ANONYMOUS)

    @precondition(lambda self: Capability.CLOCK in self.session.profile.capabilities)
    @rule(seconds=st.sampled_from((1, 3600, 86_400, 40 * 86_400)))
    def wait(self, seconds: int) -> None:
        """Let time go by."""
        self.session.advance(seconds)

    @precondition(lambda self: Capability.LOSSES in self.session.profile.capabilities)
    @rule(after_effect=st.booleans(), at=st.integers(0, 1), request=drawn.creations(rsa=False))
    def lose_a_creation(self, after_effect: bool, at: int, request: CreateKey) -> None:
        """Lose the reply to a creation, and read what came of it."""
        self.session.lose_next(after_effect=after_effect)
        self.send(at, request)
        self.send(at, GetKey(request.name))

    @precondition(lambda self: Capability.LOSSES in self.session.profile.capabilities)
    @rule(
        after_effect=st.booleans(),
        at=st.integers(0, 1),
        name=drawn.names,
        operation=st.sampled_from((DeleteKey, RecoverDeletedKey, PurgeDeletedKey)),
    )
    def lose_a_passage(
        self,
        after_effect: bool,
        at: int,
        name: str,
        operation: type[DeleteKey] | type[RecoverDeletedKey] | type[PurgeDeletedKey],
    ) -> None:
        """Lose the reply to a deletion, recovery or purge, and read what came of it."""
        self.session.lose_next(after_effect=after_effect)
        self.send(at, operation(name))
        self.send(at, GetDeletedKey(name))
        self.send(at, GetKey(name))

    @rule()
    def audit(self) -> None:
        """Read everything back: whatever was not asked to change has not changed."""
        for (at, name), made in self.versions.items():
            for version in made[-3:]:
                self.send(at, GetKey(name, version))
        for at in range(2):
            for name in dict.fromkeys(name for _, name in self.versions):
                self.send(at, GetKey(name))
                self.send(at, GetDeletedKey(name))


def _flipped(value: bytes) -> bytes:
    return flipped(value, -1) if value else b"\1"
