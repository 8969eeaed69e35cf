"""What an encrypt or decrypt request must be: fit for the key, the mode, and itself authentic."""

from __future__ import annotations

from typing import Any, Final

from mhsm_model.clauses import Basis, Level
from mhsm_model.jwk import RsaPublic
from mhsm_model.material import Knowledge
from mhsm_model.operations.ciphertexts import sent_ciphertext
from mhsm_model.operations.permission import (
    Deciphering,
    Enciphering,
    algorithm_of,
    algorithm_suits_key,
    scheme_of,
)
from mhsm_model.relations.encryption import BLOCK_BYTES, opened, rsa_capacity
from mhsm_model.relations.facts import aad_given, decryption_given, recall
from mhsm_model.rules import Guard, Objection, Perhaps, guard
from mhsm_model.situation import Situation
from mhsm_model.sources import KEY_OPERATIONS, RECORDED_PYTHON, REST, RFC8017, SP800_38A, SP800_38D
from mhsm_model.tables.algorithms import Scheme
from mhsm_model.tables.errors import unseen
from mhsm_model.tables.key_types import Family

__all__ = ["DECIPHERABLE", "ENCIPHERABLE"]

_CBC: Final = (Scheme.AES_CBC, Scheme.AES_CBC_PAD)


def _modulus_bytes(s: Situation[Any]) -> int | None:
    material = s.material
    if material is None or not isinstance(material.public, RsaPublic):
        return None
    return len(material.public.n)


# --- guards of encrypt ----------------------------------------------------------------------------


@guard("ALG-011", basis=Basis.STANDARD, sources=(RFC8017,), presupposes=(algorithm_suits_key,))
def plaintext_fits_the_modulus(s: Situation[Enciphering], /) -> Objection:
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
def plaintext_is_not_empty(s: Situation[Enciphering], /) -> Objection:
    """Refuse to encrypt or wrap an empty plaintext."""
    if s.request.plaintext:
        return None
    # Key wrap with padding is not defined for it: RFC 5649 begins at one byte.
    undefined = scheme_of(s) is Scheme.AES_KWP
    return Perhaps(unseen(400, "BadParameter", "value is empty"), emulated=undefined)


@guard(
    "GCM-002",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(RECORDED_PYTHON,),
    presupposes=(algorithm_suits_key,),
)
def gcm_iv_is_the_services_own(s: Situation[Enciphering], /) -> Objection:
    """Refuse an iv that comes with a GCM plaintext: the service makes its own."""
    if scheme_of(s) is not Scheme.AES_GCM or s.request.iv is None:
        return None
    refusal = unseen(400, "BadParameter", "iv is not permitted with GCM encryption")
    return Perhaps(refusal, emulated=True)


@guard(
    "CBC-201",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(RECORDED_PYTHON,),
    presupposes=(algorithm_suits_key,),
)
def cbc_iv_is_sent(s: Situation[Enciphering], /) -> Objection:
    """Refuse to encrypt by CBC without an iv."""
    if scheme_of(s) not in _CBC or s.request.iv is not None:
        return None
    return Perhaps(unseen(400, "BadParameter", "iv is missing"), emulated=True)


@guard("CBC-202", basis=Basis.STANDARD, sources=(SP800_38A,), presupposes=(algorithm_suits_key,))
def cbc_iv_is_a_block(s: Situation[Enciphering | Deciphering], /) -> Objection:
    """Refuse a CBC iv that is not 16 bytes."""
    iv = s.request.iv
    if scheme_of(s) not in _CBC or iv is None or len(iv) == BLOCK_BYTES:
        return None
    return unseen(400, "BadParameter", "iv must have 16 bytes")


# --- guards of decrypt ----------------------------------------------------------------------------


@guard(
    "GCM-003",
    basis=Basis.STANDARD,
    sources=(SP800_38D, RECORDED_PYTHON),
    presupposes=(algorithm_suits_key,),
)
def gcm_decryption_has_iv_and_tag(s: Situation[Deciphering], /) -> Objection:
    """Refuse to decrypt by GCM without an iv and a tag."""
    if scheme_of(s) is not Scheme.AES_GCM:
        return None
    if s.request.iv and s.request.tag:
        return None
    return unseen(400, "BadParameter", "iv and tag are needed")


@guard("CBC-005", basis=Basis.STANDARD, sources=(SP800_38A,), presupposes=(algorithm_suits_key,))
def cbc_decryption_has_an_iv(s: Situation[Deciphering], /) -> Objection:
    """Refuse to decrypt by CBC without an iv."""
    if scheme_of(s) not in _CBC or s.request.iv is not None:
        return None
    return unseen(400, "BadParameter", "iv is missing")


@guard("CBC-203", basis=Basis.STANDARD, sources=(SP800_38A,), presupposes=(algorithm_suits_key,))
def cbc_ciphertext_is_whole_blocks(s: Situation[Deciphering], /) -> Objection:
    """Refuse a CBC ciphertext that is not a whole number of blocks."""
    if scheme_of(s) not in _CBC:
        return None
    length = len(s.request.ciphertext)
    refusal = unseen(400, "BadParameter", "value is not a whole number of blocks")
    if length == 0:
        # Nothing at all is whole blocks; only PKCS #7 needs at least one.
        return refusal if scheme_of(s) is Scheme.AES_CBC_PAD else Perhaps(refusal)
    return refusal if length % BLOCK_BYTES else None


@guard("ALG-221", basis=Basis.STANDARD, sources=(RFC8017,), presupposes=(algorithm_suits_key,))
def rsa_ciphertext_is_a_modulus(s: Situation[Deciphering], /) -> Objection:
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
def gcm_ciphertext_is_authentic(s: Situation[Deciphering], /) -> Objection:
    """Refuse a GCM ciphertext whose iv, tag, aad or value is not as encrypted."""
    return _authentic(s, Scheme.AES_GCM, closed_is_certain=True)


@guard(
    "ALG-222",
    basis=Basis.STANDARD,
    sources=(RFC8017,),
    presupposes=(rsa_ciphertext_is_a_modulus,),
)
def oaep_ciphertext_is_authentic(s: Situation[Deciphering], /) -> Objection:
    """Refuse an RSA-OAEP ciphertext whose padding is not right."""
    return _authentic(s, Scheme.RSAES_OAEP, closed_is_certain=False)


@guard(
    "ALG-223",
    level=Level.MAY,
    basis=Basis.STANDARD,
    sources=(RFC8017,),
    presupposes=(rsa_ciphertext_is_a_modulus,),
)
def pkcs1_ciphertext_is_padded(s: Situation[Deciphering], /) -> Objection:
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
def cbc_padding_is_right(s: Situation[Deciphering], /) -> Objection:
    """Refuse an A*CBCPAD ciphertext whose last block does not end in PKCS #7 padding."""
    return _authentic(s, Scheme.AES_CBC_PAD, closed_is_certain=False)


def _authentic(s: Situation[Deciphering], scheme: Scheme, *, closed_is_certain: bool) -> Objection:
    """The refusal of a ciphertext that decrypts to nothing, as far as that can be known."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.scheme is not scheme:
        return None
    refusal = unseen(400, "BadParameter", "The value cannot be decrypted")
    if material is None:
        return Perhaps(refusal)
    sent, aad = sent_ciphertext(s), s.request.aad
    if material.secret is not None:
        return refusal if opened(algorithm, material.secret, sent, aad) is None else None
    if scheme is not Scheme.AES_CBC_PAD:
        if recall(material, decryption_given(algorithm, sent, aad)) is not None:
            # An aad that differs only in zero bytes at its end may be taken for the same.
            gcm = scheme is Scheme.AES_GCM
            other = gcm and recall(material, aad_given(sent, aad)) is None
            return Perhaps(refusal) if other else None
        if closed_is_certain and material.knowledge is Knowledge.CLOSED:
            return refusal
    return Perhaps(refusal)


ENCIPHERABLE: Final[tuple[Guard[Enciphering], ...]] = (
    plaintext_fits_the_modulus,
    plaintext_is_not_empty,
    gcm_iv_is_the_services_own,
    cbc_iv_is_sent,
    cbc_iv_is_a_block,
)

DECIPHERABLE: Final[tuple[Guard[Deciphering], ...]] = (
    gcm_decryption_has_iv_and_tag,
    cbc_decryption_has_an_iv,
    cbc_iv_is_a_block,
    cbc_ciphertext_is_whole_blocks,
    rsa_ciphertext_is_a_modulus,
    gcm_ciphertext_is_authentic,
    oaep_ciphertext_is_authentic,
    pkcs1_ciphertext_is_padded,
    cbc_padding_is_right,
)
