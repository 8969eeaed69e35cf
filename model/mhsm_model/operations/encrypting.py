"""Encrypt and decrypt. POST /keys/{name}/{version}/encrypt and …/decrypt."""

from __future__ import annotations

from typing import Any, Final

from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import Decrypt, Encrypt, OperationResult
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.jwk import RsaPublic
from mhsm_model.material import Fact, Knowledge, Material
from mhsm_model.operations.access import ACCESS
from mhsm_model.operations.ciphertexts import (
    CIPHERTEXT,
    PLAINTEXT,
    sent_ciphertext,
    shown_ciphertext,
)
from mhsm_model.operations.existence import (
    key_exists,
    name_has_lawful_characters,
    name_is_short_enough,
    version_exists,
)
from mhsm_model.operations.operation import Effect, Hand, Operation
from mhsm_model.operations.permission import (
    algorithm_is_known,
    algorithm_of,
    algorithm_suits_key,
    key_is_enabled,
    key_is_within_validity,
    key_permits_the_operation,
)
from mhsm_model.operations.results import (
    learnt_by_use,
    result_names_algorithm,
    result_names_version,
)
from mhsm_model.relations.encryption import (
    BLOCK_BYTES,
    GCM_IV_BYTES,
    Ciphertext,
    decrypted,
    encrypted,
    filled,
    rsa_capacity,
)
from mhsm_model.relations.facts import (
    aad_given,
    decryption_given,
    encryption_facts,
    gcm_iv_fact,
    recall,
)
from mhsm_model.relations.secrets import Secret
from mhsm_model.rules import Objection, Perhaps, guard
from mhsm_model.situation import Situation
from mhsm_model.sources import KEY_OPERATIONS, RECORDED_PYTHON, REST, RFC8017, SP800_38A, SP800_38D
from mhsm_model.tables.algorithms import Algorithm, Scheme
from mhsm_model.tables.errors import unseen
from mhsm_model.tables.key_types import Family

__all__ = ["DECRYPT", "ENCRYPT"]

Enciphering = Encrypt | Decrypt
_CBC: Final = (Scheme.AES_CBC, Scheme.AES_CBC_PAD)


def _scheme(s: Situation[Any]) -> Scheme | None:
    algorithm = algorithm_of(s)
    return None if algorithm is None else algorithm.scheme


def _modulus_bytes(s: Situation[Any]) -> int | None:
    material = s.material
    if material is None or not isinstance(material.public, RsaPublic):
        return None
    return len(material.public.n)


# --- guards of encrypt ----------------------------------------------------------------------------


@guard("ALG-011", basis=Basis.STANDARD, sources=(RFC8017,), presupposes=(algorithm_suits_key,))
def plaintext_fits_the_modulus(s: Situation[Encrypt], /) -> Objection:
    """Refuse to encrypt with RSA more bytes than the padding leaves room for."""
    algorithm, modulus = algorithm_of(s), _modulus_bytes(s)
    if algorithm is None or algorithm.family is not Family.RSA or modulus is None:
        return None
    limit = rsa_capacity(algorithm, modulus)
    if len(s.request.plaintext) <= limit:
        return None
    return unseen(400, "BadParameter", f"{algorithm.name} takes at most {limit} bytes here")


@guard(
    "ALG-220",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(REST,),
    presupposes=(algorithm_suits_key,),
)
def plaintext_is_not_empty(s: Situation[Encrypt], /) -> Objection:
    """Refuse to encrypt an empty plaintext."""
    if s.request.plaintext:
        return None
    return Perhaps(unseen(400, "BadParameter", "value is empty"))


@guard(
    "GCM-002",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(RECORDED_PYTHON,),
    presupposes=(algorithm_suits_key,),
)
def gcm_iv_is_the_services_own(s: Situation[Encrypt], /) -> Objection:
    """Refuse an iv that comes with a GCM plaintext: the service makes its own."""
    if _scheme(s) is not Scheme.AES_GCM or s.request.iv is None:
        return None
    refusal = unseen(400, "BadParameter", "iv is not permitted with GCM encryption")
    return Perhaps(refusal, emulated=True)


@guard(
    "CBC-201",
    level=Level.OPEN,
    basis=Basis.OBSERVED,
    sources=(RECORDED_PYTHON,),
    presupposes=(algorithm_suits_key,),
)
def cbc_iv_is_sent(s: Situation[Encrypt], /) -> Objection:
    """Refuse to encrypt by CBC without an iv."""
    if _scheme(s) not in _CBC or s.request.iv is not None:
        return None
    return Perhaps(unseen(400, "BadParameter", "iv is missing"), emulated=True)


@guard("CBC-202", basis=Basis.STANDARD, sources=(SP800_38A,), presupposes=(algorithm_suits_key,))
def cbc_iv_is_a_block(s: Situation[Enciphering], /) -> Objection:
    """Refuse a CBC iv that is not 16 bytes."""
    iv = s.request.iv
    if _scheme(s) not in _CBC or iv is None or len(iv) == BLOCK_BYTES:
        return None
    return unseen(400, "BadParameter", "iv must have 16 bytes")


# --- guards of decrypt ----------------------------------------------------------------------------


@guard(
    "GCM-003",
    basis=Basis.STANDARD,
    sources=(SP800_38D, RECORDED_PYTHON),
    presupposes=(algorithm_suits_key,),
)
def gcm_decryption_has_iv_and_tag(s: Situation[Decrypt], /) -> Objection:
    """Refuse to decrypt by GCM without an iv and a tag."""
    if _scheme(s) is not Scheme.AES_GCM:
        return None
    if s.request.iv and s.request.tag:
        return None
    return unseen(400, "BadParameter", "iv and tag are needed")


@guard("CBC-005", basis=Basis.STANDARD, sources=(SP800_38A,), presupposes=(algorithm_suits_key,))
def cbc_decryption_has_an_iv(s: Situation[Decrypt], /) -> Objection:
    """Refuse to decrypt by CBC without an iv."""
    if _scheme(s) not in _CBC or s.request.iv is not None:
        return None
    return unseen(400, "BadParameter", "iv is missing")


@guard("CBC-203", basis=Basis.STANDARD, sources=(SP800_38A,), presupposes=(algorithm_suits_key,))
def cbc_ciphertext_is_whole_blocks(s: Situation[Decrypt], /) -> Objection:
    """Refuse a CBC ciphertext that is not a whole number of blocks."""
    if _scheme(s) not in _CBC:
        return None
    length = len(s.request.ciphertext)
    refusal = unseen(400, "BadParameter", "value is not a whole number of blocks")
    if length == 0:
        # Nothing at all is whole blocks; only PKCS #7 needs at least one.
        return refusal if _scheme(s) is Scheme.AES_CBC_PAD else Perhaps(refusal)
    return refusal if length % BLOCK_BYTES else None


@guard("ALG-221", basis=Basis.STANDARD, sources=(RFC8017,), presupposes=(algorithm_suits_key,))
def rsa_ciphertext_is_a_modulus(s: Situation[Decrypt], /) -> Objection:
    """Refuse an RSA ciphertext that is not as long as the modulus, or not below it."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or material is None or not isinstance(material.public, RsaPublic):
        return None
    value, n = s.request.ciphertext, material.public.n
    if len(value) == len(n) and value < n:
        return None
    return unseen(400, "BadParameter", "value is no ciphertext of this key")


@guard(
    "GCM-005",
    basis=Basis.STANDARD,
    sources=(SP800_38D,),
    presupposes=(gcm_decryption_has_iv_and_tag,),
)
def gcm_ciphertext_is_authentic(s: Situation[Decrypt], /) -> Objection:
    """Refuse a GCM ciphertext whose iv, tag, aad or value is not as encrypted."""
    return _authentic(s, Scheme.AES_GCM, closed_is_certain=True)


@guard(
    "ALG-222",
    basis=Basis.STANDARD,
    sources=(RFC8017,),
    presupposes=(rsa_ciphertext_is_a_modulus,),
)
def oaep_ciphertext_is_authentic(s: Situation[Decrypt], /) -> Objection:
    """Refuse an RSA-OAEP ciphertext whose padding is not right."""
    return _authentic(s, Scheme.RSAES_OAEP, closed_is_certain=False)


@guard(
    "ALG-223",
    level=Level.MAY,
    basis=Basis.STANDARD,
    sources=(RFC8017,),
    presupposes=(rsa_ciphertext_is_a_modulus,),
)
def pkcs1_ciphertext_is_padded(s: Situation[Decrypt], /) -> Objection:
    """Refuse an RSA1_5 ciphertext whose padding is wrong, or answer with unrelated bytes."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.scheme is not Scheme.RSAES_PKCS1:
        return None
    if material is not None:
        given = decryption_given(algorithm, sent_ciphertext(s), None)
        if recall(material, given) is not None:
            return None
    return Perhaps(unseen(400, "BadParameter", "The value cannot be decrypted"))


@guard(
    "CBC-204",
    basis=Basis.STANDARD,
    sources=(SP800_38A, KEY_OPERATIONS),
    presupposes=(cbc_iv_is_a_block, cbc_decryption_has_an_iv, cbc_ciphertext_is_whole_blocks),
)
def cbc_padding_is_right(s: Situation[Decrypt], /) -> Objection:
    """Refuse an A*CBCPAD ciphertext whose last block does not end in PKCS #7 padding."""
    return _authentic(s, Scheme.AES_CBC_PAD, closed_is_certain=False)


def _authentic(s: Situation[Decrypt], scheme: Scheme, *, closed_is_certain: bool) -> Objection:
    """The refusal of a ciphertext that decrypts to nothing, as far as that can be known."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.scheme is not scheme:
        return None
    refusal = unseen(400, "BadParameter", "The value cannot be decrypted")
    if material is None:
        return Perhaps(refusal)
    sent, aad = sent_ciphertext(s), s.request.aad
    if material.secret is not None:
        return refusal if _opened(algorithm, material.secret, sent, aad) is None else None
    if scheme is not Scheme.AES_CBC_PAD:
        if recall(material, decryption_given(algorithm, sent, aad)) is not None:
            # An aad that differs only in zero bytes at its end may be taken for the same.
            gcm = scheme is Scheme.AES_GCM
            other = gcm and recall(material, aad_given(sent, aad)) is None
            return Perhaps(refusal) if other else None
        if closed_is_certain and material.knowledge is Knowledge.CLOSED:
            return refusal
    return Perhaps(refusal)


# --- answers and effects --------------------------------------------------------------------------


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
        *ACCESS,
        name_has_lawful_characters,
        name_is_short_enough,
        key_exists,
        version_exists,
        key_is_enabled,
        key_is_within_validity,
        key_permits_the_operation,
        algorithm_is_known,
        algorithm_suits_key,
        plaintext_fits_the_modulus,
        plaintext_is_not_empty,
        gcm_iv_is_the_services_own,
        cbc_iv_is_sent,
        cbc_iv_is_a_block,
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
    plaintext = _opened(algorithm, hand.secret(version.material), sent, s.request.aad)
    if plaintext is None:
        raise ValueError("the guards let a ciphertext pass that decrypts to nothing")
    return OperationResult(
        KeyIdentifier(s.host, s.name, version.version), algorithm.name, plaintext
    )


def _opened(
    algorithm: Algorithm, secret: Secret, sent: Ciphertext, aad: bytes | None
) -> bytes | None:
    """The plaintext under any of the ways to fill the aad, or None."""
    for way in (filled(aad), aad or b"", filled(aad, BLOCK_BYTES)):
        plaintext = decrypted(algorithm, secret, sent, way)
        if plaintext is not None:
            return plaintext
    return None


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
        *ACCESS,
        name_has_lawful_characters,
        name_is_short_enough,
        key_exists,
        version_exists,
        key_is_enabled,
        key_permits_the_operation,
        algorithm_is_known,
        algorithm_suits_key,
        gcm_decryption_has_iv_and_tag,
        cbc_decryption_has_an_iv,
        cbc_iv_is_a_block,
        cbc_ciphertext_is_whole_blocks,
        rsa_ciphertext_is_a_modulus,
        gcm_ciphertext_is_authentic,
        oaep_ciphertext_is_authentic,
        pkcs1_ciphertext_is_padded,
        cbc_padding_is_right,
    ),
    ensures=(result_names_version, result_names_algorithm, *PLAINTEXT),
    answers=_decrypt_answer,
    effect=_decrypt_effect,
)
