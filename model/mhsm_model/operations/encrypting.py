"""Encrypt and decrypt. POST /keys/{name}/{version}/encrypt and …/decrypt."""

from __future__ import annotations

from typing import Final

from mhsm_model.exchange import Decrypt, Encrypt, OperationResult
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.material import Fact, Knowledge, Material
from mhsm_model.operations.cipher_requests import DECIPHERABLE, ENCIPHERABLE
from mhsm_model.operations.ciphertexts import (
    CIPHERTEXT,
    PLAINTEXT,
    sent_ciphertext,
    shown_ciphertext,
)
from mhsm_model.operations.operation import Effect, Hand, Operation
from mhsm_model.operations.permission import (
    USABLE,
    algorithm_of,
    key_is_within_validity,
)
from mhsm_model.operations.results import (
    learnt_by_use,
    result_names_algorithm,
    result_names_version,
)
from mhsm_model.relations.encryption import GCM_IV_BYTES, encrypted, filled, opened
from mhsm_model.relations.facts import encryption_facts, gcm_iv_fact
from mhsm_model.situation import Situation
from mhsm_model.tables.algorithms import Algorithm, Scheme
from mhsm_model.tables.key_types import Family

__all__ = ["DECRYPT", "ENCRYPT"]


def _remembers(algorithm: Algorithm, material: Material) -> bool:
    # RSA1_5 cannot be recomputed where a library answers a wrong padding with unrelated bytes.
    return material.knowledge is not Knowledge.KNOWN or algorithm.family is Family.RSA


def _encrypt_answer(s: Situation[Encrypt], hand: Hand, /) -> OperationResult:
    version, algorithm = s.version, algorithm_of(s)
    if version is None or algorithm is None:
        raise ValueError("the guards let a missing version or algorithm pass")
    iv = s.request.iv
    if algorithm.scheme is Scheme.AES_GCM:
        iv = hand.entropy.octets(GCM_IV_BYTES)
    secret = hand.secret(version.material)
    made = encrypted(algorithm, secret, s.request.plaintext, iv, filled(s.request.aad))
    gcm = algorithm.scheme is Scheme.AES_GCM
    return OperationResult(
        kid=KeyIdentifier(s.host, s.name, version.version),
        algorithm=algorithm.name,
        value=made.value,
        iv=made.iv,
        tag=made.tag,
        aad=s.request.aad if gcm else None,
    )


def _encrypt_effect(s: Situation[Encrypt], reply: OperationResult, /) -> Effect:
    algorithm, material = algorithm_of(s), s.material
    entry = learnt_by_use(s, reply.kid)
    if algorithm is None or material is None:
        return Effect(entry)
    shown = shown_ciphertext(s, reply)
    facts: tuple[Fact, ...] = ()
    if _remembers(algorithm, material):
        facts = encryption_facts(algorithm, s.request.plaintext, shown, s.request.aad)
    if algorithm.scheme is Scheme.AES_GCM and reply.iv is not None:
        facts = (*facts, gcm_iv_fact(reply.iv))
    return Effect(entry, facts=facts)


ENCRYPT: Final[Operation[Encrypt, OperationResult]] = Operation(
    name="Encrypt",
    request=Encrypt,
    reply=OperationResult,
    guards=(
        *USABLE,
        key_is_within_validity,
        *ENCIPHERABLE,
    ),
    ensures=(result_names_version, result_names_algorithm, *CIPHERTEXT),
    answers=_encrypt_answer,
    effect=_encrypt_effect,
)


def _decrypt_answer(s: Situation[Decrypt], hand: Hand, /) -> OperationResult:
    version, algorithm = s.version, algorithm_of(s)
    if version is None or algorithm is None:
        raise ValueError("the guards let a missing version or algorithm pass")
    sent = sent_ciphertext(s)
    plaintext = opened(algorithm, hand.secret(version.material), sent, s.request.aad)
    if plaintext is None:
        raise ValueError("the guards let a ciphertext pass that decrypts to nothing")
    return OperationResult(
        KeyIdentifier(s.host, s.name, version.version), algorithm.name, plaintext
    )


def _decrypt_effect(s: Situation[Decrypt], reply: OperationResult, /) -> Effect:
    algorithm, material = algorithm_of(s), s.material
    entry = learnt_by_use(s, reply.kid)
    if algorithm is None or material is None or not _remembers(algorithm, material):
        return Effect(entry)
    sent = sent_ciphertext(s)
    return Effect(entry, facts=encryption_facts(algorithm, reply.value, sent, s.request.aad))


DECRYPT: Final[Operation[Decrypt, OperationResult]] = Operation(
    name="Decrypt",
    request=Decrypt,
    reply=OperationResult,
    guards=(
        *USABLE,
        *DECIPHERABLE,
    ),
    ensures=(result_names_version, result_names_algorithm, *PLAINTEXT),
    answers=_decrypt_answer,
    effect=_decrypt_effect,
)
