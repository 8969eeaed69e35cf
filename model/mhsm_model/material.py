"""Key material: what is known of the secret behind a key version.

Knowledge belongs to material, not to names. It is born with a generation or identified by what was
imported, and lives as long as a key or deleted key holds it. Asymmetric material is identified by
its public key; so the same key imported twice is one material, and a generated key that equals
another is visibly a fault.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from immutables import Map

from mhsm_model.jwk import EcPublic, PublicKey
from mhsm_model.relations.secrets import Secret
from mhsm_model.tables.key_types import KeyKind

__all__ = [
    "Fact",
    "Knowledge",
    "Material",
    "born_identifier",
    "public_identifier",
    "secret_identifier",
    "unseen_identifier",
]

Fact = tuple[bytes, bytes]
"""A point of a function of the material: digest of what went in, digest of what came out."""


class Knowledge(Enum):
    """How much of the material's past we saw."""

    KNOWN = "we imported it: outputs are recomputed"
    CLOSED = "we saw it generated: everything it ever did passed before us"
    OPEN = "it existed before we looked: anything consistent"


@dataclass(frozen=True, slots=True)
class Material:
    """Knowledge of one piece of key material.

    `facts` are points of its functions as digests (16 bytes each); `secret` is there only where we
    imported it. Two values are equal when what is known is equal: a secret is implied by its
    identifier and takes no part.
    """

    identifier: str
    kind: KeyKind
    knowledge: Knowledge
    public: PublicKey | None = None
    secret: Secret | None = field(default=None, repr=False, compare=False)
    facts: Map[bytes, bytes] = field(default_factory=Map[bytes, bytes])

    def learning(self, facts: Iterable[Fact]) -> Material:
        """The material with more facts known."""
        grown = self.facts
        with grown.mutate() as mutation:
            for given, result in facts:
                mutation[given] = result
            grown = mutation.finish()
        return self if grown is self.facts else replace(self, facts=grown)


def public_identifier(public: PublicKey) -> str:
    """The identifier of asymmetric material: a digest of its public key."""
    digest = hashlib.blake2b(digest_size=16)
    if isinstance(public, EcPublic):
        digest.update(public.curve.encode() + b"|" + public.x + public.y)
    else:
        digest.update(b"RSA|" + public.e + b"|" + public.n)
    return f"public-{digest.hexdigest()}"


def secret_identifier(secret: bytes) -> str:
    """The identifier of imported symmetric material: a digest of its bytes."""
    return f"secret-{hashlib.blake2b(secret, digest_size=16, person=b'oct').hexdigest()}"


def born_identifier(host: str, name: str, version: str) -> str:
    """The identifier of symmetric material that this instance generated."""
    return f"born-{host}/{name}/{version}"


def unseen_identifier(host: str, name: str, serial: int) -> str:
    """The identifier of material that was generated where the reply to its birth was lost."""
    return f"unseen-{host}/{name}/{serial}"
