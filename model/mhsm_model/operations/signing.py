"""Sign and verify. POST /keys/{name}/{version}/sign and …/verify.

The service signs digests; it never hashes for an asymmetric algorithm.
"""

from __future__ import annotations

import hmac
from typing import Final

from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import OperationResult, Sign, Verification, Verify
from mhsm_model.findings import VACUOUS, Finding, expect
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.jwk import RsaPublic
from mhsm_model.material import Knowledge
from mhsm_model.operations.isolation import points_shown, unrelated_material_never_agrees
from mhsm_model.operations.operation import Effect, Hand, Operation
from mhsm_model.operations.permission import (
    USABLE,
    algorithm_of,
    algorithm_suits_key,
    key_is_within_validity,
)
from mhsm_model.operations.results import (
    learnt_by_use,
    result_names_algorithm,
    result_names_version,
    verification_names_version,
)
from mhsm_model.relations.facts import digest, mac_given, recall
from mhsm_model.relations.secrets import OctSecret
from mhsm_model.relations.signatures import is_valid, mac, signature_bytes, signed
from mhsm_model.rules import Objection, Perhaps, guard, postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import ABOUT_KEYS, RECORDED_PYTHON, REST, RFC7518, RFC8017
from mhsm_model.tables.algorithms import Scheme
from mhsm_model.tables.errors import unseen

__all__ = ["SIGN", "VERIFY"]

Signing = Sign | Verify
_PKCS1_OVERHEAD: Final = 11


@guard(
    "ALG-004",
    basis=Basis.DOCUMENTED,
    sources=(ABOUT_KEYS,),
    presupposes=(algorithm_suits_key,),
)
def digest_has_algorithm_length(s: Situation[Signing], /) -> Objection:
    """Refuse a digest that is not as long as the algorithm's hash."""
    algorithm = algorithm_of(s)
    if algorithm is None or algorithm.digest_bytes is None:
        return None
    if len(s.request.digest) == algorithm.digest_bytes:
        return None
    wanted = f"{algorithm.name} takes a digest of {algorithm.digest_bytes} bytes"
    return unseen(400, "BadParameter", wanted)


@guard(
    "ALG-208",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(ABOUT_KEYS,),
    presupposes=(algorithm_suits_key,),
)
def raw_block_is_short_enough(s: Situation[Signing], /) -> Objection:
    """Refuse to sign with RSNULL more than the modulus holds beside 11 bytes of padding."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.scheme is not Scheme.RSA_RAW_PKCS1:
        return None
    refusal = unseen(400, "BadParameter", "RSNULL takes no value as long as that")
    if material is None or not isinstance(material.public, RsaPublic):
        return Perhaps(refusal)
    limit = len(material.public.n) - _PKCS1_OVERHEAD
    too_long = len(s.request.digest) > limit
    return Perhaps(refusal, emulated=True) if too_long or not s.request.digest else None


@guard(
    "ALG-209",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(ABOUT_KEYS,),
    presupposes=(algorithm_suits_key,),
    since="7.6-preview.2",
)
def mac_value_has_hash_length(s: Situation[Signing], /) -> Objection:
    """Refuse to authenticate a value that is not as long as the algorithm's hash."""
    algorithm = algorithm_of(s)
    if algorithm is None or algorithm.scheme is not Scheme.HMAC or s.material is None:
        return None
    if len(s.request.digest) == signature_bytes(algorithm, s.material.kind):
        return None
    return Perhaps(unseen(400, "BadParameter", f"{algorithm.name} takes no such value"))


@guard(
    "ALG-210",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(REST,),
    presupposes=(algorithm_suits_key,),
)
def signature_has_algorithm_length(s: Situation[Verify], /) -> Objection:
    """Refuse to verify a signature that is not as long as the algorithm's."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or material is None:
        return None
    length = signature_bytes(algorithm, material.kind)
    if length is None or len(s.request.signature) == length:
        return None
    return Perhaps(unseen(400, "BadParameter", "The signature has a wrong length"))


# --- what a signature must be ---------------------------------------------------------------------


@postcondition("ALG-213", basis=Basis.OBSERVED, sources=(RECORDED_PYTHON, RFC7518, RFC8017))
def signature_is_of_fixed_width(s: Situation[Sign], reply: OperationResult, /) -> Finding:
    """Answer with a signature as long as the modulus, twice the coordinate, or the hash."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or material is None:
        return VACUOUS
    length = signature_bytes(algorithm, material.kind)
    if length is None:
        return VACUOUS
    return expect(len(reply.value) == length, f"{length} bytes", f"{len(reply.value)} bytes")


def _verified(s: Situation[Sign], reply: OperationResult, scheme: Scheme) -> Finding:
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.scheme is not scheme:
        return VACUOUS
    if material is None or material.public is None:
        return VACUOUS
    good = is_valid(algorithm, material.public, s.request.digest, reply.value)
    return expect(good, f"a signature that verifies as {algorithm.name}", "one that does not")


@postcondition("ALG-005", basis=Basis.DOCUMENTED, sources=(ABOUT_KEYS, RFC8017, RECORDED_PYTHON))
def rs_signature_verifies(s: Situation[Sign], reply: OperationResult, /) -> Finding:
    """Sign RS256, RS384 and RS512 by RSASSA-PKCS1-v1_5 over the DigestInfo of the digest sent."""
    return _verified(s, reply, Scheme.RSASSA_PKCS1)


@postcondition("ALG-006", basis=Basis.STANDARD, sources=(RFC7518, RECORDED_PYTHON))
def ps_signature_verifies(s: Situation[Sign], reply: OperationResult, /) -> Finding:
    """Sign PS256, PS384 and PS512 by RSASSA-PSS, MGF1 with the same hash, a salt as long as it."""
    return _verified(s, reply, Scheme.RSASSA_PSS)


@postcondition("ALG-007", basis=Basis.STANDARD, sources=(RFC7518, RECORDED_PYTHON))
def es_signature_verifies(s: Situation[Sign], reply: OperationResult, /) -> Finding:
    """Sign ES256, ES256K, ES384 and ES512 by ECDSA and answer with r and s side by side."""
    return _verified(s, reply, Scheme.ECDSA)


@postcondition("ALG-008", level=Level.OPEN, basis=Basis.INFERRED, sources=(ABOUT_KEYS, RFC8017))
def rsnull_signature_verifies(s: Situation[Sign], reply: OperationResult, /) -> Finding:
    """Sign RSNULL by a PKCS #1 v1.5 block of the value without a DigestInfo."""
    return _verified(s, reply, Scheme.RSA_RAW_PKCS1)


@postcondition("ALG-009", basis=Basis.INFERRED, sources=(REST, ABOUT_KEYS), since="7.6-preview.2")
def mac_is_right(s: Situation[Sign], reply: OperationResult, /) -> Finding:
    """Sign HS256, HS384 and HS512 by the HMAC of the value sent."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None or algorithm.scheme is not Scheme.HMAC or material is None:
        return VACUOUS
    if isinstance(material.secret, OctSecret):
        right = mac(algorithm, material.secret, s.request.digest)
        return expect(right == reply.value, "the HMAC of the value", "another value")
    given = recall(material, mac_given(algorithm, s.request.digest))
    if given is None:
        return VACUOUS
    return expect(given == digest(reply.value), "the same HMAC as before", "another value")


@postcondition("ALG-010", basis=Basis.DOCUMENTED, sources=(REST, RECORDED_PYTHON))
def verification_is_right(s: Situation[Verify], reply: Verification, /) -> Finding:
    """Answer verify with true for a right signature and with false for a wrong one."""
    right = _is_right(s)
    if right is None:
        return VACUOUS
    return expect(reply.valid == right, str(right).lower(), str(reply.valid).lower())


def _is_right(s: Situation[Verify]) -> bool | None:
    """Whether the signature is right, or None where that cannot be known."""
    algorithm, material, asked = algorithm_of(s), s.material, s.request
    if algorithm is None or material is None or algorithm.scheme is Scheme.RSA_RAW_PKCS1:
        return None
    if algorithm.scheme is not Scheme.HMAC:
        if material.public is None:
            return None
        return is_valid(algorithm, material.public, asked.digest, asked.signature)
    if isinstance(material.secret, OctSecret):
        return hmac.compare_digest(mac(algorithm, material.secret, asked.digest), asked.signature)
    given = recall(material, mac_given(algorithm, asked.digest))
    if given is not None:
        return given == digest(asked.signature)
    # Nobody can have made a right one without our seeing it.
    return False if material.knowledge is Knowledge.CLOSED else None


def _sign_answer(s: Situation[Sign], hand: Hand, /) -> OperationResult:
    version, algorithm = s.version, algorithm_of(s)
    if version is None or algorithm is None:
        raise ValueError("the guards let a missing version or algorithm pass")
    secret = hand.secret(version.material)
    kid = KeyIdentifier(s.host, s.name, version.version)
    return OperationResult(kid, algorithm.name, signed(algorithm, secret, s.request.digest))


def _sign_effect(s: Situation[Sign], reply: OperationResult, /) -> Effect:
    """Nothing changes; a MAC that the material gave is remembered."""
    algorithm, material = algorithm_of(s), s.material
    entry = learnt_by_use(s, reply.kid)
    if algorithm is None or algorithm.scheme is not Scheme.HMAC or material is None:
        return Effect(entry)
    points = points_shown(s, reply)
    known = material.knowledge is Knowledge.KNOWN
    return Effect(entry, facts=() if known else points, points=points)


SIGN: Final[Operation[Sign, OperationResult]] = Operation(
    name="Sign",
    request=Sign,
    reply=OperationResult,
    guards=(
        *USABLE,
        key_is_within_validity,
        digest_has_algorithm_length,
        raw_block_is_short_enough,
        mac_value_has_hash_length,
    ),
    ensures=(
        result_names_version,
        result_names_algorithm,
        signature_is_of_fixed_width,
        rs_signature_verifies,
        ps_signature_verifies,
        es_signature_verifies,
        rsnull_signature_verifies,
        mac_is_right,
        unrelated_material_never_agrees,
    ),
    answers=_sign_answer,
    effect=_sign_effect,
)


def _verify_answer(s: Situation[Verify], hand: Hand, /) -> Verification:
    version, algorithm, material = s.version, algorithm_of(s), s.material
    if version is None or algorithm is None or material is None:
        raise ValueError("the guards let a missing version or algorithm pass")
    asked = s.request
    if algorithm.scheme is Scheme.HMAC:
        secret = hand.secret(version.material)
        if not isinstance(secret, OctSecret):
            raise ValueError("the guards let an asymmetric key pass")
        valid = hmac.compare_digest(mac(algorithm, secret, asked.digest), asked.signature)
    else:
        public = material.public
        valid = public is not None and is_valid(algorithm, public, asked.digest, asked.signature)
    return Verification(valid, KeyIdentifier(s.host, s.name, version.version), algorithm.name)


def _verify_effect(s: Situation[Verify], reply: Verification, /) -> Effect:
    """Nothing changes."""
    return Effect(s.entry if reply.kid is None else learnt_by_use(s, reply.kid))


VERIFY: Final[Operation[Verify, Verification]] = Operation(
    name="Verify",
    request=Verify,
    reply=Verification,
    guards=(
        *USABLE,
        digest_has_algorithm_length,
        mac_value_has_hash_length,
        signature_has_algorithm_length,
    ),
    ensures=(
        verification_names_version,
        verification_is_right,
        unrelated_material_never_agrees,
    ),
    answers=_verify_answer,
    effect=_verify_effect,
)
