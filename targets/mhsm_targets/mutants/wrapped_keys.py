"""Mutants that wrap or unwrap wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import aes_key_wrap, aes_key_wrap_with_padding

from mhsm_model.exchange import Call, OperationResult, Refused, Reply, UnwrapKey, WrapKey
from mhsm_model.generator import Step
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.relations.encryption import Ciphertext
from mhsm_model.relations.facts import use_given
from mhsm_model.relations.secrets import OctSecret
from mhsm_model.state import Estate
from mhsm_model.tables.algorithms import ALGORITHMS, Algorithm, Scheme, Use
from mhsm_model.tables.key_types import Family
from mhsm_targets.mutants.kinds import Use as KeyUse
from mhsm_targets.mutants.kinds import wrong_result
from mhsm_targets.mutants.mutant import wrong_reply, wrong_state
from mhsm_targets.mutants.parts import addressed
from mhsm_targets.pkcs11.key_wrap import unwrapped_parts

__all__: list[str] = []

_WRAPPING: Final = (Scheme.AES_KW, Scheme.AES_KWP)


def _is_plain(algorithm: Algorithm) -> bool:
    return algorithm.scheme is Scheme.AES_KW and algorithm.bits is not None


@wrong_result("KW-001", WrapKey)
def key_wrap_with_padding(use: KeyUse[WrapKey], reply: OperationResult) -> OperationResult:
    """Wraps A*KW with the check value of the padded form, RFC 5649."""
    if not _is_plain(use.algorithm) or not isinstance(use.secret, OctSecret):
        return reply
    value = aes_key_wrap_with_padding(use.secret.value, use.request.plaintext)
    return replace(reply, value=value)


@wrong_result("KW-001", WrapKey)
def key_wrap_without_check_value(use: KeyUse[WrapKey], reply: OperationResult) -> OperationResult:
    """Leaves the first 8 bytes of an A*KW wrapping out."""
    return replace(reply, value=reply.value[8:]) if _is_plain(use.algorithm) else reply


@wrong_result("KW-001", WrapKey)
def key_wrap_adds_a_block(use: KeyUse[WrapKey], reply: OperationResult) -> OperationResult:
    """Wraps by A*KW 8 bytes more than it was given."""
    if not _is_plain(use.algorithm) or not isinstance(use.secret, OctSecret):
        return reply
    return replace(reply, value=aes_key_wrap(use.secret.value, use.request.plaintext + bytes(8)))


@wrong_reply("ERR-201")
def wrapping_only_aes_sizes(call: Call, reply: Reply, before: Estate) -> Reply:
    """Refuses to wrap what is no AES key: other lengths than 16, 24 and 32 bytes."""
    request = call.request
    if not isinstance(request, WrapKey) or not isinstance(reply, OperationResult):
        return reply
    if "KW" not in request.algorithm or len(request.plaintext) in (16, 24, 32):
        return reply
    return Refused(400, "BadParameter", "value is no AES key")


@wrong_result("KW-004", WrapKey)
def mechanism_pads_as_pkcs7(use: KeyUse[WrapKey], reply: OperationResult) -> OperationResult:
    """Pads for CKM_AES_KEY_WRAP_PAD as PKCS #11 2.40 has it."""
    if use.algorithm.scheme is not Scheme.AES_KWP or not isinstance(use.secret, OctSecret):
        return reply
    padder = block_padding.PKCS7(64).padder()
    padded = padder.update(use.request.plaintext) + padder.finalize()
    if len(padded) == 8:
        padded += bytes(8)
    return replace(reply, value=aes_key_wrap(use.secret.value, padded))


@wrong_result("KW-004", WrapKey)
def mechanism_is_not_key_wrap(use: KeyUse[WrapKey], reply: OperationResult) -> OperationResult:
    """Takes CKM_AES_KEY_WRAP for the padded form."""
    mechanism = use.algorithm.scheme is Scheme.AES_KW and use.algorithm.bits is None
    if not mechanism or not isinstance(use.secret, OctSecret):
        return reply
    value = aes_key_wrap_with_padding(use.secret.value, use.request.plaintext)
    return replace(reply, value=value)


@wrong_result("KW-206", UnwrapKey)
def unwrapped_key_without_zeros(use: KeyUse[UnwrapKey], reply: OperationResult) -> OperationResult:
    """Takes zero bytes off the end of what AES key wrap unwraps."""
    if use.algorithm.scheme not in _WRAPPING:
        return reply
    return replace(reply, value=reply.value.rstrip(b"\0"))


@wrong_result("KW-206", UnwrapKey)
def unwrapped_key_is_cut(use: KeyUse[UnwrapKey], reply: OperationResult) -> OperationResult:
    """Cuts off what AES key wrap unwraps after 32 bytes, the longest AES key."""
    return replace(reply, value=reply.value[:32]) if use.algorithm.scheme in _WRAPPING else reply


@wrong_result("KW-206", UnwrapKey)
def unwrapped_key_with_check_value(
    use: KeyUse[UnwrapKey], reply: OperationResult
) -> OperationResult:
    """Shows the check value before what AES key wrap unwraps."""
    if use.algorithm.scheme not in _WRAPPING:
        return reply
    return replace(reply, value=b"\xa6" * 8 + reply.value)


@wrong_state("ALG-001")
def unwrap_reads_ciphertexts_otherwise(call: Call, before: Estate, step: Step) -> Step:
    """Unwraps with RSA what encrypt made to a value without the zero bytes that begin it."""
    request, reply, version = call.request, step.reply, addressed(step.estate, call)
    if not isinstance(request, UnwrapKey) or not isinstance(reply, OperationResult):
        return step
    algorithm = ALGORITHMS[request.algorithm]
    material = None if version is None else before.materials.get(version.material)
    if algorithm.family is not Family.RSA or material is None:
        return step
    made = use_given(algorithm, Use.ENCRYPT, Ciphertext(request.ciphertext))
    if made not in material.facts:
        return step
    return replace(step, reply=replace(reply, value=reply.value.lstrip(b"\0")))


@wrong_reply("ERR-201")
def unwrap_refuses_what_encrypt_made(call: Call, reply: Reply, before: Estate) -> Reply:
    """Refuses to unwrap with RSA what is no AES key."""
    request = call.request
    if not isinstance(request, UnwrapKey) or not isinstance(reply, OperationResult):
        return reply
    if "RSA" not in request.algorithm or len(reply.value) in (16, 24, 32):
        return reply
    return Refused(400, "BadParameter", "value is no wrapped key")


@wrong_state("KW-003")
def padded_wrap_under_any_mark(call: Call, before: Estate, step: Step) -> Step:
    """Unwraps by CKM_AES_KEY_WRAP_PAD without a look at the mark before the length."""
    request, version = call.request, addressed(step.estate, call)
    if version is None or version.version is None or not isinstance(request, UnwrapKey):
        return step
    algorithm, secret = ALGORITHMS.get(request.algorithm), step.vault[version.material]
    if not isinstance(step.reply, Refused) or not isinstance(secret, OctSecret):
        return step
    value = request.ciphertext
    if algorithm is None or algorithm.scheme is not Scheme.AES_KWP or len(value) < 24:
        return step
    blocks = Cipher(algorithms.AES(secret.value), modes.ECB()).decryptor()
    head, body = unwrapped_parts(value, blocks.update)
    length = int.from_bytes(head[4:])
    if not len(body) - 8 < length <= len(body) or any(body[length:]):
        return step
    kid = KeyIdentifier(call.host, request.name, version.version)
    return replace(step, reply=OperationResult(kid, algorithm.name, body[:length]))
