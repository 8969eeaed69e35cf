"""Isolation of material: what one piece of key material computed means nothing to another.

Refusal is required only where an algorithm can tell: GCM, OAEP and key wrap. CBC always decrypts to
something, and RSA1_5 may answer with unrelated bytes; but never with the plaintext.
"""

from __future__ import annotations

from typing import Any, Final

from mhsm_model.clauses import Basis
from mhsm_model.exchange import (
    Decrypt,
    Encrypt,
    OperationResult,
    Sign,
    UnwrapKey,
    Verification,
    Verify,
    WrapKey,
)
from mhsm_model.findings import HELD, VACUOUS, Finding, Mismatch
from mhsm_model.material import Fact, Knowledge, Material
from mhsm_model.operations.ciphertexts import sent_ciphertext, shown_ciphertext
from mhsm_model.operations.permission import Cryptographic, algorithm_of
from mhsm_model.relations.facts import digest, encryption_facts, is_point, mac_given, point_of
from mhsm_model.rules import postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import OVERVIEW, TECHNICAL_DETAILS
from mhsm_model.tables.algorithms import Algorithm, Scheme

__all__ = ["points_shown", "unrelated_material_never_agrees"]

Computed = OperationResult | Verification

_TELLING_BYTES: Final = 8
"""A shorter plaintext may come of an unrelated key by chance, where padding is not told apart."""


def points_shown(s: Situation[Cryptographic], reply: Computed) -> tuple[Fact, ...]:
    """The points of the material's functions that an exchange shows, for all but signatures.

    A signature or a verification with a public key speaks for itself.
    """
    algorithm = algorithm_of(s)
    return () if algorithm is None else _points(s, algorithm, reply)


def _points(s: Situation[Cryptographic], algorithm: Algorithm, reply: Computed) -> tuple[Fact, ...]:
    request = s.request
    match request, reply:
        case Sign(), OperationResult():
            if algorithm.scheme is not Scheme.HMAC:
                return ()
            return ((mac_given(algorithm, request.digest), digest(reply.value)),)
        case Verify(), Verification():
            if algorithm.scheme is not Scheme.HMAC or not reply.valid:
                return ()
            return ((mac_given(algorithm, request.digest), digest(request.signature)),)
        case ((Encrypt() | WrapKey() | Decrypt() | UnwrapKey()), OperationResult()):
            return _cipher_points(s, algorithm, reply)
        case _:
            return ()


def _cipher_points(
    s: Situation[Any], algorithm: Algorithm, reply: OperationResult
) -> tuple[Fact, ...]:
    request = s.request
    if isinstance(request, Encrypt | WrapKey):
        ciphertext, plaintext = shown_ciphertext(s, reply), request.plaintext
    else:
        ciphertext, plaintext = sent_ciphertext(s), reply.value
    if len(plaintext) < _TELLING_BYTES:
        return ()
    facts = encryption_facts(algorithm, plaintext, ciphertext, request.aad)
    return tuple(fact for fact in facts if is_point(fact))


@postcondition("ISO-002", basis=Basis.DOCUMENTED, sources=(OVERVIEW, TECHNICAL_DETAILS))
def unrelated_material_never_agrees(s: Situation[Cryptographic], reply: Computed, /) -> Finding:
    """Give no plaintext, wrapped key or true verify that unrelated material gave for the input."""
    material, points = s.material, s.estate.points
    if material is None or material.knowledge is Knowledge.OPEN or not points:
        return VACUOUS
    shown = points_shown(s, reply)
    for fact in shown:
        owner = s.estate.materials.get(points.get(point_of(fact), ""))
        if owner is not None and _is_unrelated(owner, material):
            return Mismatch("a result of this key's own", "what unrelated material gave")
    others = any(_is_unrelated(other, material) for other in s.estate.materials.values())
    return HELD if shown and others else VACUOUS


def _is_unrelated(other: Material, material: Material) -> bool:
    """Whether it is certain that two pieces of material are not the same bytes.

    Open material may be any, and two imports are recomputed, each for itself: as HMAC keys they
    are the same where they differ in zero bytes at the end.
    """
    if other.identifier == material.identifier or other.knowledge is Knowledge.OPEN:
        return False
    return Knowledge.CLOSED in (other.knowledge, material.knowledge)
