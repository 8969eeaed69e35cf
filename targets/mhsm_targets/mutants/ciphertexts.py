"""Mutants that encrypt or decrypt wrongly."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from mhsm_model.alternatives import key_name
from mhsm_model.exchange import (
    Call,
    Decrypt,
    Encrypt,
    OperationResult,
    Refused,
    Reply,
    UnwrapKey,
)
from mhsm_model.generator import Step
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.relations.encryption import (
    BLOCK_BYTES,
    GCM_IV_BYTES,
    Ciphertext,
    decrypted,
    encrypted,
    filled,
    padded,
)
from mhsm_model.relations.facts import digest
from mhsm_model.relations.secrets import OctSecret, RsaSecret
from mhsm_model.state import Estate
from mhsm_model.tables.algorithms import ALGORITHMS, Scheme
from mhsm_targets.mutants.kinds import Use, wrong_result
from mhsm_targets.mutants.mutant import wrong_reply, wrong_state
from mhsm_targets.mutants.parts import addressed
from mhsm_targets.pkcs11.oaep import mask, xor

__all__: list[str] = []

_RSA: Final = (Scheme.RSAES_PKCS1, Scheme.RSAES_OAEP)
_CBC: Final = (Scheme.AES_CBC, Scheme.AES_CBC_PAD)


# --- RSA ------------------------------------------------------------------------------------------


@wrong_result("ALG-230", Encrypt)
def rsa_ciphertext_as_signed_integer(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Writes RSA ciphertexts as signed integers, with a zero byte in front."""
    if use.algorithm.scheme not in _RSA:
        return reply
    return replace(reply, value=b"\0" + reply.value)


@wrong_result("ALG-231", Encrypt)
def oaep_256_masks_with_sha1(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Uses SHA-1 in the mask of RSA-OAEP-256."""
    if use.algorithm.name != "RSA-OAEP-256" or not isinstance(use.secret, RsaSecret):
        return reply
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA256(), None)
    made = use.secret.key.public_key().encrypt(use.request.plaintext, oaep)
    return replace(reply, value=made)


@wrong_result("ALG-231", Encrypt)
def oaep_is_pkcs1(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Encrypts RSA-OAEP with the padding of RSA1_5."""
    if use.algorithm.scheme is not Scheme.RSAES_OAEP:
        return reply
    made = encrypted(ALGORITHMS["RSA1_5"], use.secret, use.request.plaintext, None, None)
    return replace(reply, value=made.value)


@wrong_state("ALG-222")
def oaep_under_any_label(call: Call, before: Estate, step: Step) -> Step:
    """Decrypts RSA-OAEP whatever label it was encrypted under."""
    return _decoded_anyway(call, step, label=False)


@wrong_state("ALG-222")
def oaep_with_any_first_byte(call: Call, before: Estate, step: Step) -> Step:
    """Decrypts RSA-OAEP whatever the first byte of the block is."""
    return _decoded_anyway(call, step, label=True)


def _decoded_anyway(call: Call, step: Step, *, label: bool) -> Step:
    """The step that decrypts OAEP without a look at the first byte, or at the label either."""
    request, version = call.request, addressed(step.estate, call)
    if version is None or not isinstance(request, Decrypt | UnwrapKey):
        return step
    algorithm = ALGORITHMS.get(request.algorithm)
    if not isinstance(step.reply, Refused) or algorithm is None or version.version is None:
        return step
    secret = step.vault[version.material]
    if algorithm.scheme is not Scheme.RSAES_OAEP or not isinstance(secret, RsaSecret):
        return step
    plaintext = _decoded(secret, request.ciphertext, algorithm.hash_name or "", label=label)
    if plaintext is None:
        return step
    kid = KeyIdentifier(call.host, key_name(request), version.version)
    return replace(step, reply=OperationResult(kid, algorithm.name, plaintext))


def _decoded(secret: RsaSecret, ciphertext: bytes, hash_name: str, *, label: bool) -> bytes | None:
    """OAEP decoded; the empty `label` is demanded or not (RFC 8017 section 7.1.2)."""
    hashed = hashlib.new(hash_name.replace("-", ""))
    size = hashed.digest_size
    private = secret.key.private_numbers()
    width = (secret.key.key_size + 7) // 8
    number = pow(int.from_bytes(ciphertext), private.d, private.public_numbers.n)
    encoded = number.to_bytes(width)
    seed = xor(encoded[1 : size + 1], mask(encoded[size + 1 :], size, hashed.name))
    block = xor(encoded[size + 1 :], mask(seed, width - size - 1, hashed.name))
    if label and block[:size] != hashed.digest():
        return None
    filled_up, mark, message = block[size:].partition(b"\1")
    return message if mark and not any(filled_up) else None


@wrong_result("ALG-232", Decrypt)
def rsa_plaintext_as_wide_as_the_modulus(
    use: Use[Decrypt], reply: OperationResult
) -> OperationResult:
    """Fills RSA plaintexts with zero bytes to the width of the modulus."""
    if use.algorithm.scheme not in _RSA:
        return reply
    return replace(reply, value=reply.value.rjust(len(use.request.ciphertext), b"\0"))


@wrong_result("ALG-232", Decrypt)
def rsa_plaintext_is_cut(use: Use[Decrypt], reply: OperationResult) -> OperationResult:
    """Cuts RSA plaintexts off after 32 bytes, the longest wrapped key."""
    return replace(reply, value=reply.value[:32]) if use.algorithm.scheme in _RSA else reply


@wrong_result("ALG-233", Encrypt)
def rsa1_5_pads_with_ones(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Fills RSA1_5 blocks with bytes of one instead of random ones."""
    if use.algorithm.name != "RSA1_5" or not isinstance(use.secret, RsaSecret):
        return reply
    public, text = use.secret.key.public_key().public_numbers(), use.request.plaintext
    width = len(reply.value)
    block = b"\0\2" + b"\1" * (width - 3 - len(text)) + b"\0" + text
    return replace(reply, value=pow(int.from_bytes(block), public.e, public.n).to_bytes(width))


# --- GCM ------------------------------------------------------------------------------------------


def _gcm(
    use: Use[Encrypt], reply: OperationResult, iv: bytes, aad: bytes | None
) -> OperationResult:
    if use.algorithm.scheme is not Scheme.AES_GCM:
        return reply
    made = encrypted(use.algorithm, use.secret, use.request.plaintext, iv, aad)
    return replace(reply, value=made.value, iv=iv, tag=made.tag)


@wrong_result("GCM-001", Encrypt)
def gcm_iv_of_a_block(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Shows the iv of GCM with four zero bytes behind it."""
    if use.algorithm.scheme is not Scheme.AES_GCM:
        return reply
    return replace(reply, iv=(reply.iv or b"").ljust(BLOCK_BYTES, b"\0"))


@wrong_result("GCM-001", Encrypt)
def gcm_tag_of_twelve_bytes(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Cuts the tag of GCM to 12 bytes."""
    return replace(reply, tag=None if reply.tag is None else reply.tag[:12])


@wrong_result("GCM-001", Encrypt)
def gcm_shows_no_aad(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Leaves the aad out of the answer."""
    return replace(reply, aad=None)


@wrong_result("GCM-001", Encrypt)
def gcm_tag_behind_the_ciphertext(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Writes the tag of GCM behind the ciphertext, and not beside it."""
    return replace(reply, value=reply.value + (reply.tag or b""), tag=None)


@wrong_result("GCM-004", Decrypt)
def decryption_shows_the_iv(use: Use[Decrypt], reply: OperationResult) -> OperationResult:
    """Shows the iv of the request in the answer to decrypt."""
    return replace(reply, iv=use.request.iv)


@wrong_result("GCM-006", Encrypt)
def gcm_fills_the_plaintext(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Fills the plaintext with zero bytes to whole blocks before it encrypts by GCM."""
    if use.algorithm.scheme is not Scheme.AES_GCM:
        return reply
    plaintext = padded(ALGORITHMS["A256CBC"], use.request.plaintext)
    aad = filled(use.request.aad)
    made = encrypted(use.algorithm, use.secret, plaintext, reply.iv, aad)
    return replace(reply, value=made.value, tag=made.tag)


@wrong_result("GCM-007", Encrypt)
def gcm_iv_is_constant(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Encrypts everything by GCM with one iv."""
    return _gcm(use, reply, b"\7" * GCM_IV_BYTES, filled(use.request.aad))


@wrong_result("GCM-007", Encrypt)
def gcm_iv_from_the_plaintext(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Derives the iv of GCM from the plaintext alone."""
    iv = digest(use.request.plaintext)[:GCM_IV_BYTES]
    return _gcm(use, reply, iv, filled(use.request.aad))


@wrong_result("GCM-201", Encrypt)
def gcm_ignores_the_aad(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Does not authenticate the aad."""
    return _gcm(use, reply, reply.iv or b"", None)


@wrong_result("GCM-201", Encrypt)
def gcm_is_counter_mode(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Encrypts by counter mode from zero on, and makes the tag up."""
    if use.algorithm.scheme is not Scheme.AES_GCM or not isinstance(use.secret, OctSecret):
        return reply
    counter = (reply.iv or b"").ljust(BLOCK_BYTES, b"\0")
    cipher = Cipher(algorithms.AES(use.secret.value), modes.CTR(counter)).encryptor()
    value = cipher.update(use.request.plaintext) + cipher.finalize()
    return replace(reply, value=value, tag=digest(value))


@wrong_result("GCM-202", Decrypt)
def gcm_plaintext_is_filled(use: Use[Decrypt], reply: OperationResult) -> OperationResult:
    """Answers decryption by GCM with whole blocks."""
    if use.algorithm.scheme is not Scheme.AES_GCM:
        return reply
    return replace(reply, value=padded(ALGORITHMS["A256CBC"], reply.value))


@wrong_result("GCM-202", Decrypt)
def gcm_decrypts_to_the_ciphertext(use: Use[Decrypt], reply: OperationResult) -> OperationResult:
    """Answers decryption by GCM with the ciphertext itself."""
    if use.algorithm.scheme is not Scheme.AES_GCM:
        return reply
    return replace(reply, value=use.request.ciphertext)


# --- CBC ------------------------------------------------------------------------------------------


@wrong_result("CBC-001", Encrypt)
def cbc_shows_no_iv(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Leaves the caller's iv out of the answer."""
    return replace(reply, iv=None) if use.algorithm.scheme in _CBC else reply


@wrong_result("CBC-001", Encrypt)
def cbc_takes_an_iv_of_its_own(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Encrypts by CBC with an iv of its own in place of the caller's."""
    if use.algorithm.scheme not in _CBC:
        return reply
    iv = digest(reply.value)
    made = encrypted(use.algorithm, use.secret, use.request.plaintext, iv, None)
    return replace(reply, value=made.value, iv=iv)


@wrong_result("CBC-002", Encrypt)
def cbc_adds_a_block_of_zeros(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Adds a block of zero bytes to a plaintext of whole blocks."""
    if use.algorithm.scheme is not Scheme.AES_CBC or len(use.request.plaintext) % BLOCK_BYTES:
        return reply
    plaintext = use.request.plaintext + bytes(BLOCK_BYTES)
    made = encrypted(use.algorithm, use.secret, plaintext, use.request.iv, None)
    return replace(reply, value=made.value)


@wrong_reply("ERR-201")
def cbc_refuses_part_of_a_block(call: Call, reply: Reply, before: Estate) -> Reply:
    """Refuses to encrypt by A*CBC what is not whole blocks."""
    request = call.request
    if not isinstance(request, Encrypt) or not isinstance(reply, OperationResult):
        return reply
    if not request.algorithm.endswith("CBC") or len(request.plaintext) % BLOCK_BYTES == 0:
        return reply
    return Refused(400, "BadParameter", "The plaintext is not a whole number of blocks")


@wrong_result("CBC-003", Encrypt)
def cbcpad_leaves_whole_blocks(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Adds no padding to a plaintext of whole blocks for A*CBCPAD."""
    if use.algorithm.scheme is not Scheme.AES_CBC_PAD or len(use.request.plaintext) % BLOCK_BYTES:
        return reply
    other = ALGORITHMS[use.algorithm.name.removesuffix("PAD")]
    made = encrypted(other, use.secret, use.request.plaintext, use.request.iv, None)
    return replace(reply, value=made.value)


@wrong_result("CBC-004", Encrypt)
def cbc_shows_the_aad(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Repeats an aad that came with CBC in the answer."""
    return replace(reply, aad=use.request.aad)


@wrong_reply("ERR-201")
def cbc_refuses_aad(call: Call, reply: Reply, before: Estate) -> Reply:
    """Refuses an aad that comes with CBC."""
    request = call.request
    if not isinstance(request, Encrypt) or request.aad is None or "CBC" not in request.algorithm:
        return reply
    return Refused(400, "BadParameter", "aad is not permitted with CBC")


@wrong_result("CBC-205", Encrypt)
def cbcpad_fills_with_zeros(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Fills a plaintext for A*CBCPAD with zero bytes, as A*CBC does."""
    if use.algorithm.scheme is not Scheme.AES_CBC_PAD:
        return reply
    other = ALGORITHMS[use.algorithm.name.removesuffix("PAD")]
    made = encrypted(other, use.secret, use.request.plaintext, use.request.iv, None)
    return replace(reply, value=made.value)


@wrong_result("CBC-205", Encrypt)
def cbc_is_ecb(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Encrypts every block for itself, as ECB does."""
    if use.algorithm.scheme not in _CBC or not isinstance(use.secret, OctSecret):
        return reply
    cipher = Cipher(algorithms.AES(use.secret.value), modes.ECB()).encryptor()
    blocks = padded(use.algorithm, use.request.plaintext)
    return replace(reply, value=cipher.update(blocks) + cipher.finalize())


@wrong_result("CBC-205", Encrypt)
def cbc_ignores_the_iv(use: Use[Encrypt], reply: OperationResult) -> OperationResult:
    """Begins every CBC ciphertext from an iv of zero bytes."""
    if use.algorithm.scheme not in _CBC:
        return reply
    zero = bytes(BLOCK_BYTES)
    made = encrypted(use.algorithm, use.secret, use.request.plaintext, zero, None)
    return replace(reply, value=made.value)


@wrong_result("CBC-206", Decrypt)
def cbc_strips_zeros(use: Use[Decrypt], reply: OperationResult) -> OperationResult:
    """Takes the zero bytes off that A*CBC filled in."""
    if use.algorithm.scheme is not Scheme.AES_CBC:
        return reply
    return replace(reply, value=reply.value.rstrip(b"\0"))


@wrong_result("CBC-206", Decrypt)
def cbcpad_keeps_the_padding(use: Use[Decrypt], reply: OperationResult) -> OperationResult:
    """Leaves the padding on what A*CBCPAD decrypts."""
    if use.algorithm.scheme is not Scheme.AES_CBC_PAD:
        return reply
    other = ALGORITHMS[use.algorithm.name.removesuffix("PAD")]
    sent = Ciphertext(use.request.ciphertext, use.request.iv)
    return replace(reply, value=decrypted(other, use.secret, sent, None) or b"")
