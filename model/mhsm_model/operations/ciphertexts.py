"""What a ciphertext and a plaintext must be, by the mode and by what is known of the material.

Known material recomputes; of other material the facts speak: a ciphertext seen before gives its
plaintext, a block seen before gives its block.
"""

from __future__ import annotations

from typing import Any

from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import OperationResult
from mhsm_model.findings import HELD, VACUOUS, Finding, Mismatch, expect
from mhsm_model.jwk import RsaPublic
from mhsm_model.operations.permission import Deciphering, Enciphering, algorithm_of, scheme_of
from mhsm_model.relations.encryption import (
    BLOCK_BYTES,
    GCM_IV_BYTES,
    GCM_TAG_BYTES,
    Ciphertext,
    decrypted,
    encrypted,
    opened,
    padded,
    rsa_capacity,
    ways_to_fill,
)
from mhsm_model.relations.facts import block_facts, decryption_given, digest, gcm_iv_fact, recall
from mhsm_model.rules import Postcondition, postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import (
    RECORDED_CLI,
    RECORDED_JS,
    RECORDED_PYTHON,
    REST,
    RFC8017,
    SP800_38A,
    SP800_38D,
)
from mhsm_model.tables.algorithms import Scheme
from mhsm_model.tables.key_types import Family
from mhsm_model.tables.quirks import Quirk

__all__ = ["CIPHERTEXT", "PLAINTEXT", "sent_ciphertext", "shown_ciphertext"]

_CBC = (Scheme.AES_CBC, Scheme.AES_CBC_PAD)
_RSA = (Scheme.RSAES_PKCS1, Scheme.RSAES_OAEP)
_RECORDED = (RECORDED_CLI, RECORDED_PYTHON, RECORDED_JS)


def _gcm_iv(s: Situation[Any], iv: bytes | None) -> bytes | None:
    """The iv that GCM used: some builds show it with four zero bytes behind it (recorded)."""
    padded_iv = iv is not None and len(iv) > GCM_IV_BYTES and iv[GCM_IV_BYTES:] == bytes(4)
    if iv is None or not padded_iv or scheme_of(s) is not Scheme.AES_GCM:
        return iv
    return iv[:GCM_IV_BYTES] if Quirk.GCM_IV_PADDED in s.configuration.quirks else iv


def sent_ciphertext(s: Situation[Deciphering]) -> Ciphertext:
    """The ciphertext of a decrypt request."""
    return Ciphertext(s.request.ciphertext, _gcm_iv(s, s.request.iv), s.request.tag)


def shown_ciphertext(s: Situation[Enciphering], reply: OperationResult) -> Ciphertext:
    """The ciphertext of an encrypt reply; CBC takes the caller's iv where none is shown."""
    return Ciphertext(reply.value, _gcm_iv(s, reply.iv or s.request.iv), reply.tag)


# --- encrypt --------------------------------------------------------------------------------------


@postcondition("ALG-230", basis=Basis.STANDARD, sources=(RFC8017, RECORDED_PYTHON))
def rsa_ciphertext_is_as_long_as_the_modulus(
    s: Situation[Enciphering], reply: OperationResult, /
) -> Finding:
    """Answer RSA encryption with a ciphertext as long as the modulus."""
    material = s.material
    if scheme_of(s) not in _RSA or material is None or not isinstance(material.public, RsaPublic):
        return VACUOUS
    length = len(material.public.n)
    return expect(len(reply.value) == length, f"{length} bytes", f"{len(reply.value)} bytes")


@postcondition("ALG-231", basis=Basis.STANDARD, sources=(RFC8017,))
def rsa_ciphertext_decrypts(s: Situation[Enciphering], reply: OperationResult, /) -> Finding:
    """Encrypt with RSA so that the key's private part gives the plaintext back."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.scheme not in _RSA:
        return VACUOUS
    if material is None or material.secret is None:
        return VACUOUS
    back = decrypted(algorithm, material.secret, Ciphertext(reply.value), None)
    return expect(back == s.request.plaintext, "a ciphertext of the plaintext", "another value")


@postcondition("ALG-233", basis=Basis.STANDARD, sources=(RFC8017,))
def rsa_ciphertext_is_fresh(s: Situation[Enciphering], reply: OperationResult, /) -> Finding:
    """Encrypt with RSA to a ciphertext that was not seen before: both paddings are random."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.scheme not in _RSA or material is None:
        return VACUOUS
    before = recall(material, decryption_given(algorithm, shown_ciphertext(s, reply), None))
    return expect(before is None, "a ciphertext not seen before", "one that was")


@postcondition("GCM-001", basis=Basis.OBSERVED, sources=_RECORDED)
def gcm_makes_iv_and_tag(s: Situation[Enciphering], reply: OperationResult, /) -> Finding:
    """Answer GCM encryption with an iv of 12 bytes, a tag of 16, and the aad that was sent."""
    if scheme_of(s) is not Scheme.AES_GCM or s.request.iv is not None:
        # What becomes of an iv that the caller sends is an open question.
        return VACUOUS
    if reply.iv is None or reply.tag is None:
        return Mismatch("members iv and tag", "not both")
    iv = _gcm_iv(s, reply.iv) or b""
    if (len(iv), len(reply.tag)) != (GCM_IV_BYTES, GCM_TAG_BYTES):
        return Mismatch("an iv of 12 bytes and a tag of 16", f"{len(iv)} and {len(reply.tag)}")
    same = (reply.aad or b"") == (s.request.aad or b"")
    return expect(same, "the aad of the request", "another aad")


@postcondition("GCM-006", basis=Basis.STANDARD, sources=(SP800_38D, RECORDED_PYTHON))
def gcm_keeps_the_length(s: Situation[Enciphering], reply: OperationResult, /) -> Finding:
    """Encrypt by GCM to just as many bytes as the plaintext has."""
    if scheme_of(s) is not Scheme.AES_GCM:
        return VACUOUS
    length = len(s.request.plaintext)
    return expect(len(reply.value) == length, f"{length} bytes", f"{len(reply.value)} bytes")


@postcondition("GCM-007", basis=Basis.STANDARD, sources=(SP800_38D,))
def gcm_never_repeats_an_iv(s: Situation[Enciphering], reply: OperationResult, /) -> Finding:
    """Use no iv twice for GCM under one key."""
    material = s.material
    if scheme_of(s) is not Scheme.AES_GCM or material is None or reply.iv is None:
        return VACUOUS
    if s.request.iv == reply.iv:
        return VACUOUS
    used = recall(material, gcm_iv_fact(reply.iv)[0]) is not None
    return expect(not used, "an iv not used before with this key", "the iv of another ciphertext")


@postcondition("GCM-201", basis=Basis.OBSERVED, sources=(SP800_38D, RECORDED_PYTHON))
def gcm_ciphertext_is_right(s: Situation[Enciphering], reply: OperationResult, /) -> Finding:
    """Encrypt by AES-GCM with the aad as sent, or filled with zero bytes to a multiple of 8."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.scheme is not Scheme.AES_GCM:
        return VACUOUS
    iv = _gcm_iv(s, reply.iv)
    if material is None or material.secret is None or iv is None or len(iv) != GCM_IV_BYTES:
        return VACUOUS
    aad = s.request.aad
    for way in ways_to_fill(aad):
        right = encrypted(algorithm, material.secret, s.request.plaintext, iv, way)
        if (right.value, right.tag) == (reply.value, reply.tag):
            return HELD
    return Mismatch("the ciphertext and tag of AES-GCM", "other bytes")


@postcondition("CBC-001", basis=Basis.OBSERVED, sources=_RECORDED)
def cbc_iv_is_echoed(s: Situation[Enciphering], reply: OperationResult, /) -> Finding:
    """Answer CBC encryption with the caller's iv."""
    if scheme_of(s) not in _CBC or s.request.iv is None:
        return VACUOUS
    return expect(reply.iv == s.request.iv, "the iv of the request", "another iv, or none")


@postcondition("CBC-002", basis=Basis.OBSERVED, sources=_RECORDED)
def cbc_fills_with_zeros(s: Situation[Enciphering], reply: OperationResult, /) -> Finding:
    """Fill a plaintext for A*CBC with zero bytes to whole blocks, and add nothing to whole ones."""
    if scheme_of(s) is not Scheme.AES_CBC:
        return VACUOUS
    return _length(s, reply)


@postcondition("CBC-003", basis=Basis.OBSERVED, sources=(REST, *_RECORDED))
def cbc_pads_by_pkcs7(s: Situation[Enciphering], reply: OperationResult, /) -> Finding:
    """Pad a plaintext for A*CBCPAD by PKCS #7, one to sixteen bytes."""
    if scheme_of(s) is not Scheme.AES_CBC_PAD:
        return VACUOUS
    return _length(s, reply)


def _length(s: Situation[Enciphering], reply: OperationResult) -> Finding:
    algorithm = algorithm_of(s)
    if algorithm is None:
        return VACUOUS
    length = len(padded(algorithm, s.request.plaintext))
    return expect(len(reply.value) == length, f"{length} bytes", f"{len(reply.value)} bytes")


@postcondition("CBC-004", level=Level.SHOULD, basis=Basis.OBSERVED, sources=(RECORDED_PYTHON,))
def cbc_ignores_aad(s: Situation[Enciphering], reply: OperationResult, /) -> Finding:
    """Ignore an aad sent with CBC, and answer with neither aad nor tag."""
    if scheme_of(s) not in _CBC:
        return VACUOUS
    return expect(reply.aad is None and reply.tag is None, "neither aad nor tag", "one of them")


@postcondition("CBC-205", basis=Basis.STANDARD, sources=(SP800_38A, RECORDED_CLI))
def cbc_ciphertext_is_right(s: Situation[Enciphering], reply: OperationResult, /) -> Finding:
    """Encrypt by AES-CBC as the standard has it, one block permutation behind both paddings."""
    algorithm, material = algorithm_of(s), s.material
    iv = s.request.iv or reply.iv
    if algorithm is None or algorithm.scheme not in _CBC or material is None or iv is None:
        return VACUOUS
    if material.secret is not None:
        right = encrypted(algorithm, material.secret, s.request.plaintext, iv, None)
        return expect(right.value == reply.value, "the standard's ciphertext", "other bytes")
    return _blocks_agree(s, padded(algorithm, s.request.plaintext), reply.value, iv)


def _blocks_agree(s: Situation[Any], blocks: bytes, ciphertext: bytes, iv: bytes) -> Finding:
    """Whether no block contradicts a point of the permutation that is known."""
    material = s.material
    if material is None or len(blocks) != len(ciphertext):
        return VACUOUS
    tested = False
    for given, result in block_facts(blocks, ciphertext, iv):
        before = recall(material, given)
        if before is None:
            continue
        tested = True
        if before != result:
            return Mismatch("the block that this permutation gave before", "another block")
    return HELD if tested else VACUOUS


# --- decrypt --------------------------------------------------------------------------------------


@postcondition("GCM-004", level=Level.SHOULD, basis=Basis.OBSERVED, sources=_RECORDED)
def decryption_shows_only_the_plaintext(
    s: Situation[Deciphering], reply: OperationResult, /
) -> Finding:
    """Answer decryption with alg, kid and value alone."""
    extra = [name for name in ("iv", "tag", "aad") if getattr(reply, name) is not None]
    return expect(not extra, "none of iv, tag and aad", f"member {', '.join(extra)}")


@postcondition("ALG-232", basis=Basis.STANDARD, sources=(RFC8017, RECORDED_PYTHON))
def rsa_plaintext_is_right(s: Situation[Deciphering], reply: OperationResult, /) -> Finding:
    """Decrypt with RSA to the plaintext encrypted, never to more than the padding leaves."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.family is not Family.RSA or material is None:
        return VACUOUS
    sent = sent_ciphertext(s)
    if material.secret is not None:
        back = decrypted(algorithm, material.secret, sent, None)
        if back is not None and algorithm.scheme is Scheme.RSAES_OAEP:
            return expect(back == reply.value, "the plaintext", "other bytes")
    remembered = recall(material, decryption_given(algorithm, sent, None))
    if remembered is not None:
        return expect(remembered == digest(reply.value), "the plaintext", "other bytes")
    if not isinstance(material.public, RsaPublic):
        return VACUOUS
    limit = rsa_capacity(algorithm, len(material.public.n))
    return expect(len(reply.value) <= limit, f"at most {limit} bytes", f"{len(reply.value)} bytes")


@postcondition("GCM-202", basis=Basis.STANDARD, sources=(SP800_38D, RECORDED_CLI))
def gcm_plaintext_is_right(s: Situation[Deciphering], reply: OperationResult, /) -> Finding:
    """Decrypt by GCM to the plaintext that was encrypted, as long as the ciphertext."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.scheme is not Scheme.AES_GCM or material is None:
        return VACUOUS
    sent = sent_ciphertext(s)
    if material.secret is not None:
        back = opened(algorithm, material.secret, sent, s.request.aad)
        return expect(back == reply.value, "the plaintext", "other bytes")
    remembered = recall(material, decryption_given(algorithm, sent, s.request.aad))
    if remembered is not None:
        return expect(remembered == digest(reply.value), "the plaintext", "other bytes")
    length = len(s.request.ciphertext)
    return expect(len(reply.value) == length, f"{length} bytes", f"{len(reply.value)} bytes")


@postcondition("CBC-206", basis=Basis.OBSERVED, sources=(SP800_38A, *_RECORDED))
def cbc_plaintext_is_right(s: Situation[Deciphering], reply: OperationResult, /) -> Finding:
    """Decrypt by CBC; keep the zero bytes of A*CBC and take off the padding of A*CBCPAD."""
    algorithm, material, iv = algorithm_of(s), s.material, s.request.iv
    if algorithm is None or algorithm.scheme not in _CBC or material is None or iv is None:
        return VACUOUS
    sent = s.request.ciphertext
    if material.secret is not None:
        back = decrypted(algorithm, material.secret, sent_ciphertext(s), None)
        return expect(back == reply.value, "the plaintext", "other bytes")
    blocks = padded(algorithm, reply.value)
    unfilled = algorithm.scheme is Scheme.AES_CBC and len(reply.value) % BLOCK_BYTES != 0
    if len(blocks) != len(sent) or unfilled:
        return Mismatch(f"a plaintext of {len(sent)} bytes with padding", f"{len(reply.value)}")
    finding = _blocks_agree(s, blocks, sent, iv)
    return HELD if finding is VACUOUS else finding


CIPHERTEXT: tuple[Postcondition[Enciphering, OperationResult], ...] = (
    rsa_ciphertext_is_as_long_as_the_modulus,
    rsa_ciphertext_decrypts,
    rsa_ciphertext_is_fresh,
    gcm_makes_iv_and_tag,
    gcm_keeps_the_length,
    gcm_never_repeats_an_iv,
    gcm_ciphertext_is_right,
    cbc_iv_is_echoed,
    cbc_fills_with_zeros,
    cbc_pads_by_pkcs7,
    cbc_ignores_aad,
    cbc_ciphertext_is_right,
)

PLAINTEXT: tuple[Postcondition[Deciphering, OperationResult], ...] = (
    decryption_shows_only_the_plaintext,
    rsa_plaintext_is_right,
    gcm_plaintext_is_right,
    cbc_plaintext_is_right,
)
