"""Mutants that sign or verify wrongly, or say wrongly with what they did."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from mhsm_model.exchange import Call, OperationResult, Refused, Reply, Sign, Verification, Verify
from mhsm_model.relations.secrets import OctSecret, RsaSecret
from mhsm_model.relations.signatures import signed
from mhsm_model.state import Estate
from mhsm_model.tables.algorithms import ALGORITHMS, Algorithm, Scheme
from mhsm_targets.mutants.kinds import Use, wrong_result
from mhsm_targets.mutants.mutant import wrong_call, wrong_reply
from mhsm_targets.mutants.parts import addressed, key_at

__all__: list[str] = []

_HASHES: Final[dict[str | None, hashes.HashAlgorithm]] = {
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}
_SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
_RAW: Final = ALGORITHMS["RSNULL"]
_COORDINATE_OF_512_BITS: Final = 64


def _hashed(algorithm: Algorithm, value: bytes) -> bytes:
    return hashlib.new((algorithm.hash_name or "").replace("-", ""), value).digest()


def _again(use: Use[Sign], reply: OperationResult, scheme: Scheme) -> OperationResult:
    if use.algorithm.scheme is not scheme:
        return reply
    digest = _hashed(use.algorithm, use.request.digest)
    return replace(reply, value=signed(use.algorithm, use.secret, digest))


@wrong_result("ALG-005", Sign)
def rs_hashes_the_digest(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Hashes the digest once more before it signs by RS256, RS384 or RS512."""
    return _again(use, reply, Scheme.RSASSA_PKCS1)


@wrong_result("ALG-005", Sign)
def rs_without_digest_info(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Signs the bare digest by RS256, RS384 or RS512, without its DigestInfo."""
    if use.algorithm.scheme is not Scheme.RSASSA_PKCS1:
        return reply
    return replace(reply, value=signed(_RAW, use.secret, use.request.digest))


@wrong_result("ALG-005", Sign)
def rs_always_names_sha256(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Names SHA-256 in the DigestInfo of every digest."""
    if use.algorithm.scheme is not Scheme.RSASSA_PKCS1:
        return reply
    return replace(reply, value=signed(_RAW, use.secret, _SHA256_INFO + use.request.digest))


@wrong_result("ALG-005", Sign)
def rs_is_pss(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Signs RS256, RS384 and RS512 by PSS."""
    if use.algorithm.scheme is not Scheme.RSASSA_PKCS1:
        return reply
    other = ALGORITHMS[use.algorithm.name.replace("RS", "PS")]
    return replace(reply, value=signed(other, use.secret, use.request.digest))


def _pss(
    use: Use[Sign], reply: OperationResult, salt: int, mask: hashes.HashAlgorithm | None = None
) -> OperationResult:
    chosen = _HASHES.get(use.algorithm.hash_name)
    if use.algorithm.scheme is not Scheme.RSASSA_PSS or chosen is None:
        return reply
    if not isinstance(use.secret, RsaSecret):
        return reply
    pss = padding.PSS(padding.MGF1(mask or chosen), salt)
    made = use.secret.key.sign(use.request.digest, pss, Prehashed(chosen))
    return replace(reply, value=made)


@wrong_result("ALG-006", Sign)
def pss_salt_of_twenty_bytes(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Salts every PSS signature with 20 bytes."""
    return _pss(use, reply, 20)


@wrong_result("ALG-006", Sign)
def pss_without_salt(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Makes PSS signatures without a salt."""
    return _pss(use, reply, 0)


@wrong_result("ALG-006", Sign)
def pss_masks_with_sha256(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Uses SHA-256 in the mask of every PSS signature."""
    algorithm = _HASHES.get(use.algorithm.hash_name, hashes.SHA256())
    return _pss(use, reply, algorithm.digest_size, hashes.SHA256())


@wrong_result("ALG-006", Sign)
def ps_hashes_the_digest(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Hashes the digest once more before it signs by PS256, PS384 or PS512."""
    return _again(use, reply, Scheme.RSASSA_PSS)


@wrong_result("ALG-007", Sign)
def es_answers_der(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Answers ECDSA signatures as DER."""
    if use.algorithm.scheme is not Scheme.ECDSA:
        return reply
    half = len(reply.value) // 2
    r, s = int.from_bytes(reply.value[:half]), int.from_bytes(reply.value[half:])
    return replace(reply, value=encode_dss_signature(r, s))


@wrong_result("ALG-007", Sign)
def es_swaps_its_numbers(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Writes s before r."""
    if use.algorithm.scheme is not Scheme.ECDSA:
        return reply
    half = len(reply.value) // 2
    return replace(reply, value=reply.value[half:] + reply.value[:half])


@wrong_result("ALG-007", Sign)
def es_hashes_the_digest(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Hashes the digest once more before it signs by ECDSA."""
    return _again(use, reply, Scheme.ECDSA)


@wrong_result("ALG-009", Sign)
def hmac_hashes_the_value(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Hashes the value before it is authenticated."""
    return _again(use, reply, Scheme.HMAC)


@wrong_result("ALG-009", Sign)
def hmac_is_a_hash_of_both(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Hashes key and value one after the other instead of computing an HMAC."""
    if use.algorithm.scheme is not Scheme.HMAC or not isinstance(use.secret, OctSecret):
        return reply
    return replace(reply, value=_hashed(use.algorithm, use.secret.value + use.request.digest))


@wrong_reply("ALG-009")
def hmac_counts(call: Call, reply: Reply, before: Estate) -> Reply:
    """Mixes a count of all calls into every HMAC."""
    if not isinstance(call.request, Sign) or not isinstance(reply, OperationResult):
        return reply
    if ALGORITHMS[call.request.algorithm].scheme is not Scheme.HMAC:
        return reply
    mixed = hmac.digest(reply.value, before.serial.to_bytes(8), "sha512")
    return replace(reply, value=mixed[: len(reply.value)])


def _verdict(reply: Reply, valid: bool) -> Reply:
    return replace(reply, valid=valid) if isinstance(reply, Verification) else reply


@wrong_reply("ALG-010")
def every_signature_is_right(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers every verification with true."""
    return _verdict(reply, valid=True)


@wrong_reply("ALG-010")
def no_signature_is_right(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers every verification with false."""
    return _verdict(reply, valid=False)


@wrong_call("ALG-010")
def verification_hashes_the_digest(call: Call, before: Estate) -> Call:
    """Hashes the digest once more before it verifies."""
    request = call.request
    algorithm = ALGORITHMS.get(request.algorithm) if isinstance(request, Verify) else None
    if not isinstance(request, Verify) or algorithm is None or algorithm.digest_bytes is None:
        return call
    if len(request.digest) != algorithm.digest_bytes:
        return call
    return replace(call, request=replace(request, digest=_hashed(algorithm, request.digest)))


@wrong_call("ALG-010")
def verification_takes_the_current_version(call: Call, before: Estate) -> Call:
    """Verifies with the current version whichever is named."""
    request = call.request
    if not isinstance(request, Verify) or addressed(before, call) is None:
        return call
    return replace(call, request=replace(request, version=None))


@wrong_reply("ERR-201")
def wrong_signature_is_an_error(call: Call, reply: Reply, before: Estate) -> Reply:
    """Refuses to verify a wrong signature instead of answering false."""
    if not isinstance(reply, Verification) or reply.valid:
        return reply
    return Refused(400, "BadParameter", "The signature is wrong")


# --- what every result shows ----------------------------------------------------------------------


@wrong_reply("ALG-012")
def result_names_the_current_version(call: Call, reply: Reply, before: Estate) -> Reply:
    """Names the current version in the result of an older one."""
    if not isinstance(reply, OperationResult):
        return reply
    key = key_at(before, call.host, reply.kid.name)
    if key is None:
        return reply
    return replace(reply, kid=replace(reply.kid, version=key.versions[-1].version))


@wrong_reply("ALG-012")
def result_names_no_version(call: Call, reply: Reply, before: Estate) -> Reply:
    """Leaves the version out of the kid of a result."""
    if not isinstance(reply, OperationResult):
        return reply
    return replace(reply, kid=replace(reply.kid, version=None))


@wrong_reply("ALG-211")
def result_names_no_algorithm(call: Call, reply: Reply, before: Estate) -> Reply:
    """Leaves the algorithm out of results."""
    return replace(reply, algorithm=None) if isinstance(reply, OperationResult) else reply


@wrong_reply("ALG-211")
def result_names_the_scheme(call: Call, reply: Reply, before: Estate) -> Reply:
    """Names the construction instead of the algorithm."""
    if not isinstance(reply, OperationResult) or reply.algorithm not in ALGORITHMS:
        return reply
    return replace(reply, algorithm=ALGORITHMS[reply.algorithm].scheme.value)


@wrong_reply("ALG-212")
def verification_names_no_key(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers verify with the value alone."""
    return replace(reply, kid=None, algorithm=None) if isinstance(reply, Verification) else reply


@wrong_reply("ALG-212")
def verification_names_no_version(call: Call, reply: Reply, before: Estate) -> Reply:
    """Leaves the version out of the kid in the answer to verify."""
    if not isinstance(reply, Verification) or reply.kid is None:
        return reply
    return replace(reply, kid=replace(reply.kid, version=None))


@wrong_result("ALG-213", Sign)
def es512_coordinates_of_512_bits(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Writes the numbers of an ES512 signature with 64 bytes each."""
    if use.algorithm.name != "ES512":
        return reply
    half = len(reply.value) // 2
    r, s = reply.value[:half], reply.value[half:]
    return replace(reply, value=r[-_COORDINATE_OF_512_BITS:] + s[-_COORDINATE_OF_512_BITS:])


@wrong_result("ALG-213", Sign)
def rsa_signature_as_signed_integer(use: Use[Sign], reply: OperationResult) -> OperationResult:
    """Writes RSA signatures as signed integers, with a zero byte in front."""
    if not isinstance(use.secret, RsaSecret):
        return reply
    return replace(reply, value=b"\0" + reply.value)
