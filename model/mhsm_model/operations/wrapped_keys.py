"""AES key wrap: what may be wrapped and unwrapped by it, and what must come of that.

A*KW is RFC 3394, deterministic. CKM_AES_KEY_WRAP is said to be the same and CKM_AES_KEY_WRAP_PAD to
be RFC 5649; PKCS #11 2.40 had another padding under that name, and nobody has seen the service's.
"""

from __future__ import annotations

from typing import Final

from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import OperationResult
from mhsm_model.findings import HELD, VACUOUS, Finding, Mismatch, expect
from mhsm_model.material import Knowledge
from mhsm_model.operations.ciphertexts import sent_ciphertext
from mhsm_model.operations.permission import (
    Deciphering,
    Enciphering,
    algorithm_of,
    algorithm_suits_key,
)
from mhsm_model.relations.encryption import decrypted, encrypted
from mhsm_model.relations.facts import (
    MADE,
    digest,
    recall,
    unwrapping_given,
    wrapping_function,
    wrapping_given,
)
from mhsm_model.rules import Guard, Objection, Perhaps, Postcondition, guard, postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import ABOUT_KEYS, KEY_OPERATIONS, PKCS11, REST, RFC3394, RFC5649
from mhsm_model.tables.algorithms import ALGORITHMS, Algorithm, Scheme
from mhsm_model.tables.errors import unseen

__all__ = ["UNWRAPPABLE", "UNWRAPPED", "WRAPPABLE", "WRAPPED"]

_WRAPPING: Final = (Scheme.AES_KW, Scheme.AES_KWP)
_HALF_BLOCK: Final = 8
_SHORTEST_KEY: Final = 16
_SHORTEST_WRAPPED: Final = {Scheme.AES_KW: 24, Scheme.AES_KWP: 16}
"""In bytes. Source: RFC 3394 section 2.2.1; RFC 5649 section 4.1."""

_ALIASES: Final = {"RFC 3394": "CKM_AES_KEY_WRAP", "CKM_AES_KEY_WRAP": "RFC 3394"}
"""Functions that are said to be one."""

_FUNCTIONS: Final = ("RFC 3394", "CKM_AES_KEY_WRAP", "CKM_AES_KEY_WRAP_PAD")
"""All functions of the family; what one wrapped another may unwrap, by what nobody has seen."""


_STANDARDS: Final = (ALGORITHMS["CKM_AES_KEY_WRAP"], ALGORITHMS["CKM_AES_KEY_WRAP_PAD"])
"""RFC 3394 and RFC 5649. What neither unwraps was wrapped by none of the functions, whatever the
names mean: the padding of PKCS #11 2.40 is inside a wrap of RFC 3394."""


def _is_mechanism(algorithm: Algorithm) -> bool:
    """Whether the name is one of PKCS #11, whose meaning here nobody has seen."""
    return algorithm.bits is None


def _is_wrappable(value: bytes) -> bool:
    return len(value) % _HALF_BLOCK == 0 and len(value) >= _SHORTEST_KEY


# --- guards ---------------------------------------------------------------------------------------


@guard("KW-002", basis=Basis.STANDARD, sources=(RFC3394,), presupposes=(algorithm_suits_key,))
def wrapped_value_is_half_blocks(s: Situation[Enciphering], /) -> Objection:
    """Refuse to wrap by A*KW a value that is not a multiple of 8 bytes, or has fewer than 16."""
    algorithm = algorithm_of(s)
    if algorithm is None or algorithm.scheme is not Scheme.AES_KW or _is_mechanism(algorithm):
        return None
    if _is_wrappable(s.request.plaintext):
        return None
    return unseen(400, "BadParameter", "value is no multiple of 8 bytes, or has fewer than 16")


@guard(
    "KW-202",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(PKCS11, RFC3394),
    presupposes=(algorithm_suits_key,),
    since="7.6-preview.2",
)
def mechanism_takes_half_blocks(s: Situation[Enciphering], /) -> Objection:
    """Refuse to wrap by CKM_AES_KEY_WRAP what A*KW would not take."""
    algorithm = algorithm_of(s)
    if algorithm is None or algorithm.scheme is not Scheme.AES_KW or not _is_mechanism(algorithm):
        return None
    if _is_wrappable(s.request.plaintext):
        return None
    refusal = unseen(400, "BadParameter", "value is no multiple of 8 bytes, or has fewer than 16")
    return Perhaps(refusal, emulated=True)


@guard("KW-205", basis=Basis.STANDARD, sources=(RFC3394,), presupposes=(algorithm_suits_key,))
def wrapped_key_is_half_blocks(s: Situation[Deciphering], /) -> Objection:
    """Refuse to unwrap by AES key wrap a value of a length that no wrapping gives."""
    algorithm = algorithm_of(s)
    if algorithm is None or algorithm.scheme not in _WRAPPING:
        return None
    length = len(s.request.ciphertext)
    if length % _HALF_BLOCK == 0 and length >= _SHORTEST_WRAPPED[algorithm.scheme]:
        return None
    refusal = unseen(400, "BadParameter", "value is no wrapped key")
    return Perhaps(refusal, emulated=True) if _is_mechanism(algorithm) else refusal


@guard(
    "KW-003",
    basis=Basis.STANDARD,
    sources=(RFC3394,),
    presupposes=(wrapped_key_is_half_blocks,),
)
def wrapped_key_is_authentic(s: Situation[Deciphering], /) -> Objection:
    """Refuse to unwrap by AES key wrap what is not just as it was wrapped."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.scheme not in _WRAPPING:
        return None
    refusal = unseen(400, "BadParameter", "The value cannot be unwrapped")
    if material is None:
        return Perhaps(refusal)
    sent = sent_ciphertext(s)
    opens = None
    if material.secret is not None:
        opens = decrypted(algorithm, material.secret, sent, None) is not None
        if not _is_mechanism(algorithm):
            return None if opens else refusal
        if not any(decrypted(each, material.secret, sent, None) is not None for each in _STANDARDS):
            return refusal
    own = wrapping_function(algorithm)
    made = [f for f in _FUNCTIONS if recall(material, unwrapping_given(f, sent.value)) is not None]
    if own in made:
        return None
    # What was wrapped by the standard or under another name may mean the same here: see KW-004.
    # But for that nobody can have wrapped with closed material without our seeing it.
    certain = material.knowledge is Knowledge.CLOSED and not made and not opens
    return refusal if certain else Perhaps(refusal, emulated=opens is False)


# --- what must come of it -------------------------------------------------------------------------


@postcondition("KW-001", basis=Basis.STANDARD, sources=(RFC3394, ABOUT_KEYS))
def wrapped_key_is_right(s: Situation[Enciphering], reply: OperationResult, /) -> Finding:
    """Wrap by A*KW as RFC 3394 has it: 8 bytes longer, and the same each time."""
    algorithm = algorithm_of(s)
    if algorithm is None or algorithm.scheme is not Scheme.AES_KW or _is_mechanism(algorithm):
        return VACUOUS
    length = len(s.request.plaintext) + _HALF_BLOCK
    if len(reply.value) != length:
        return Mismatch(f"{length} bytes", f"{len(reply.value)} bytes")
    finding = _as_known(s, algorithm, wrapping_function(algorithm), reply.value)
    return HELD if finding is VACUOUS else finding


@postcondition(
    "KW-004", basis=Basis.INFERRED, sources=(REST, PKCS11, RFC3394, RFC5649), since="7.6-preview.2"
)
def mechanism_means_the_standard(s: Situation[Enciphering], reply: OperationResult, /) -> Finding:
    """Wrap by CKM_AES_KEY_WRAP as by A*KW, and by CKM_AES_KEY_WRAP_PAD as RFC 5649 has it."""
    algorithm = algorithm_of(s)
    if algorithm is None or algorithm.scheme not in _WRAPPING:
        return VACUOUS
    own = wrapping_function(algorithm)
    findings = [_as_known(s, algorithm, own, reply.value)] if _is_mechanism(algorithm) else []
    if own in _ALIASES:
        findings.append(_as_known(s, algorithm, _ALIASES[own], reply.value))
    return next((f for f in findings if f is not VACUOUS), VACUOUS)


def _as_known(
    s: Situation[Enciphering], algorithm: Algorithm, function: str, value: bytes
) -> Finding:
    """Whether the value is what the function gives, as far as it is known."""
    material, plaintext = s.material, s.request.plaintext
    if material is None:
        return VACUOUS
    if material.secret is not None:
        if function != wrapping_function(algorithm):
            return VACUOUS
        try:
            right = encrypted(algorithm, material.secret, plaintext, None, None)
        except ValueError:
            return VACUOUS
        return expect(right.value == value, "the value that the standard gives", "other bytes")
    before = recall(material, wrapping_given(function, plaintext))
    if before is None:
        return VACUOUS
    return expect(before == digest(value), f"what {function} gave before", "other bytes")


@postcondition("KW-206", basis=Basis.DOCUMENTED, sources=(KEY_OPERATIONS, RFC3394, RFC5649))
def unwrapped_key_is_right(s: Situation[Deciphering], reply: OperationResult, /) -> Finding:
    """Unwrap by AES key wrap the key that was wrapped, 8 bytes or more shorter than its wrap."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.scheme not in _WRAPPING or material is None:
        return VACUOUS
    sent = sent_ciphertext(s)
    if material.secret is not None and not _is_mechanism(algorithm):
        back = decrypted(algorithm, material.secret, sent, None)
        return expect(back == reply.value, "the key that was wrapped", "other bytes")
    remembered = recall(material, unwrapping_given(wrapping_function(algorithm), sent.value))
    if remembered is not None and remembered != MADE:
        return expect(remembered == digest(reply.value), "the key that was wrapped", "other bytes")
    longest = len(sent.value) - _HALF_BLOCK
    return expect(
        len(reply.value) <= longest, f"at most {longest} bytes", f"{len(reply.value)} bytes"
    )


WRAPPABLE: Final[tuple[Guard[Enciphering], ...]] = (
    wrapped_value_is_half_blocks,
    mechanism_takes_half_blocks,
)
UNWRAPPABLE: Final[tuple[Guard[Deciphering], ...]] = (
    wrapped_key_is_half_blocks,
    wrapped_key_is_authentic,
)
WRAPPED: Final[tuple[Postcondition[Enciphering, OperationResult], ...]] = (
    wrapped_key_is_right,
    mechanism_means_the_standard,
)
UNWRAPPED: Final[tuple[Postcondition[Deciphering, OperationResult], ...]] = (
    unwrapped_key_is_right,
)
