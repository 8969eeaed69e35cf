"""Encrypt and decrypt, wrap and unwrap a key.

POST /keys/{name}/{version}/encrypt, …/decrypt, …/wrapkey and …/unwrapkey. The four are two:
wrapping a key is encrypting it, but for the right that it needs and the algorithms. With RSA it is
the same function on bytes.
"""

from __future__ import annotations

from typing import Any, Final

from mhsm_model.clauses import Basis
from mhsm_model.exchange import Decrypt, Encrypt, OperationResult, UnwrapKey, WrapKey
from mhsm_model.findings import VACUOUS, Finding, expect
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.material import Fact, Knowledge, Material
from mhsm_model.operations.cipher_requests import DECIPHERABLE, ENCIPHERABLE
from mhsm_model.operations.ciphertexts import (
    CIPHERTEXT,
    PLAINTEXT,
    sent_ciphertext,
    shown_ciphertext,
)
from mhsm_model.operations.isolation import points_shown, unrelated_material_never_agrees
from mhsm_model.operations.operation import Effect, Hand, Operation
from mhsm_model.operations.permission import (
    USABLE,
    Deciphering,
    Enciphering,
    algorithm_is_for_the_operation,
    algorithm_of,
    key_is_within_validity,
)
from mhsm_model.operations.results import (
    learnt_by_use,
    result_names_algorithm,
    result_names_version,
)
from mhsm_model.operations.wrapped_keys import UNWRAPPABLE, UNWRAPPED, WRAPPABLE, WRAPPED
from mhsm_model.relations.encryption import GCM_IV_BYTES, encrypted, filled, opened
from mhsm_model.relations.facts import (
    decryption_given,
    digest,
    encryption_facts,
    gcm_iv_fact,
    recall,
    use_given,
)
from mhsm_model.rules import Guard, Postcondition, postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import KEY_OPERATIONS
from mhsm_model.tables.algorithms import Algorithm, Scheme, Use
from mhsm_model.tables.key_types import Family

__all__ = ["DECRYPT", "ENCRYPT", "UNWRAP_KEY", "WRAP_KEY"]


@postcondition("ALG-001", basis=Basis.DOCUMENTED, sources=(KEY_OPERATIONS,))
def wrapping_is_encrypting(s: Situation[Deciphering], reply: OperationResult, /) -> Finding:
    """Unwrap with RSA what was encrypted, and decrypt what was wrapped: it is one function."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.family is not Family.RSA or material is None:
        return VACUOUS
    sent = sent_ciphertext(s)
    other = Use.ENCRYPT if isinstance(s.request, UnwrapKey) else Use.WRAP
    remembered = recall(material, decryption_given(algorithm, sent, None))
    if remembered is None or recall(material, use_given(algorithm, other, sent)) is None:
        return VACUOUS
    return expect(remembered == digest(reply.value), f"what {other.value} took", "other bytes")


def _remembers(algorithm: Algorithm, material: Material) -> bool:
    """Whether what the material computes with the algorithm must be remembered to be known."""
    # RSA1_5 cannot be recomputed where a library answers a wrong padding with unrelated bytes, and
    # what the mechanisms of PKCS #11 compute here is not certain.
    computed = algorithm.family is not Family.RSA and algorithm.bits is not None
    return material.knowledge is not Knowledge.KNOWN or not computed


def _encipher_answer(s: Situation[Any], hand: Hand, /) -> OperationResult:
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


def _encipher_effect(s: Situation[Enciphering], reply: OperationResult, /) -> Effect:
    """Nothing changes; what the material made of the input is remembered."""
    algorithm, material = algorithm_of(s), s.material
    entry = learnt_by_use(s, reply.kid)
    if algorithm is None or material is None:
        return Effect(entry)
    shown = shown_ciphertext(s, reply)
    facts: tuple[Fact, ...] = ()
    if _remembers(algorithm, material):
        facts = encryption_facts(algorithm, s.request.plaintext, shown, s.request.aad)
    if algorithm.family is Family.RSA:
        use = Use.WRAP if isinstance(s.request, WrapKey) else Use.ENCRYPT
        facts = (*facts, (use_given(algorithm, use, shown), b"used"))
    if algorithm.scheme is Scheme.AES_GCM and reply.iv is not None:
        facts = (*facts, gcm_iv_fact(reply.iv))
    return Effect(entry, facts=facts, points=points_shown(s, reply))


_ENCIPHERABLE: Final[tuple[Guard[Any], ...]] = (
    *USABLE,
    algorithm_is_for_the_operation,
    key_is_within_validity,
    *ENCIPHERABLE,
    *WRAPPABLE,
)
_ENCIPHERED: Final[tuple[Postcondition[Enciphering, OperationResult], ...]] = (
    result_names_version,
    result_names_algorithm,
    *CIPHERTEXT,
    *WRAPPED,
    unrelated_material_never_agrees,
)

ENCRYPT: Final[Operation[Encrypt, OperationResult]] = Operation(
    name="Encrypt",
    request=Encrypt,
    reply=OperationResult,
    guards=_ENCIPHERABLE,
    ensures=_ENCIPHERED,
    answers=_encipher_answer,
    effect=_encipher_effect,
)

WRAP_KEY: Final[Operation[WrapKey, OperationResult]] = Operation(
    name="WrapKey",
    request=WrapKey,
    reply=OperationResult,
    guards=_ENCIPHERABLE,
    ensures=_ENCIPHERED,
    answers=_encipher_answer,
    effect=_encipher_effect,
)


def _decipher_answer(s: Situation[Any], hand: Hand, /) -> OperationResult:
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


def _decipher_effect(s: Situation[Deciphering], reply: OperationResult, /) -> Effect:
    """Nothing changes; what the material made of the input is remembered."""
    algorithm, material = algorithm_of(s), s.material
    entry = learnt_by_use(s, reply.kid)
    if algorithm is None or material is None or algorithm.scheme is Scheme.RSAES_PKCS1:
        # What RSA1_5 answers to a ciphertext that nobody encrypted may differ each time.
        return Effect(entry)
    facts: tuple[Fact, ...] = ()
    if _remembers(algorithm, material):
        facts = encryption_facts(algorithm, reply.value, sent_ciphertext(s), s.request.aad)
    return Effect(entry, facts=facts, points=points_shown(s, reply))


_DECIPHERABLE: Final[tuple[Guard[Any], ...]] = (
    *USABLE,
    algorithm_is_for_the_operation,
    *DECIPHERABLE,
    *UNWRAPPABLE,
)
_DECIPHERED: Final[tuple[Postcondition[Deciphering, OperationResult], ...]] = (
    result_names_version,
    result_names_algorithm,
    *PLAINTEXT,
    *UNWRAPPED,
    wrapping_is_encrypting,
    unrelated_material_never_agrees,
)

DECRYPT: Final[Operation[Decrypt, OperationResult]] = Operation(
    name="Decrypt",
    request=Decrypt,
    reply=OperationResult,
    guards=_DECIPHERABLE,
    ensures=_DECIPHERED,
    answers=_decipher_answer,
    effect=_decipher_effect,
)

UNWRAP_KEY: Final[Operation[UnwrapKey, OperationResult]] = Operation(
    name="UnwrapKey",
    request=UnwrapKey,
    reply=OperationResult,
    guards=_DECIPHERABLE,
    ensures=_DECIPHERED,
    answers=_decipher_answer,
    effect=_decipher_effect,
)
