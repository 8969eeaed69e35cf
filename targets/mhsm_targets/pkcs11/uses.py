"""Sign, verify, encrypt, decrypt, wrapKey, unwrapKey: who may, with what, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mhsm_model.exchange import (
    Decrypt,
    Encrypt,
    OperationResult,
    Sign,
    UnwrapKey,
    Verification,
    Verify,
    WrapKey,
)
from mhsm_model.jwk import RsaPublic
from mhsm_model.tables.algorithms import ALGORITHMS, Algorithm, Scheme, Use, suits
from mhsm_model.tables.key_types import Family
from mhsm_targets.pkcs11.ciphertexts import BLOCK_BYTES, IV_BYTES, TAG_BYTES, Sealed
from mhsm_targets.pkcs11.instance import Instance
from mhsm_targets.pkcs11.refusals import bad_value, forbidden
from mhsm_targets.pkcs11.shown import shown_result
from mhsm_targets.pkcs11.signatures import made_signature, right_signature
from mhsm_targets.pkcs11.stored import StoredVersion

__all__ = ["decipher", "encipher", "sign", "verify"]

Enciphering = Encrypt | WrapKey
Deciphering = Decrypt | UnwrapKey
Using = Sign | Verify | Enciphering | Deciphering

_OPERATIONS: Final[dict[type[Using], tuple[str, Use]]] = {
    Sign: ("sign", Use.SIGN),
    Verify: ("verify", Use.SIGN),
    Encrypt: ("encrypt", Use.ENCRYPT),
    Decrypt: ("decrypt", Use.ENCRYPT),
    WrapKey: ("wrapKey", Use.WRAP),
    UnwrapKey: ("unwrapKey", Use.WRAP),
}
_OVERHEAD: Final = {"RSA1_5": 11, "RSA-OAEP": 42, "RSA-OAEP-256": 66}
"""What an RSA padding leaves no room for, in bytes. Source: RFC 8017 sections 7.1.1 and 7.2.1."""

_RSNULL_OVERHEAD: Final = 11
_HALF_BLOCK: Final = 8
_SHORTEST_KEY: Final = 16
_SHORTEST_WRAPPED: Final = {Scheme.AES_KW: 24, Scheme.AES_KWP: 16}


def sign(instance: Instance, request: Sign) -> OperationResult:
    """Sign a digest; raises RefusedError."""
    version, algorithm = _usable(instance, request)
    _check_window(instance, version)
    _check_digest(version, algorithm, request.digest)
    _check_there(instance, algorithm)
    value = made_signature(
        instance.token, instance.keys, algorithm, version.material, request.digest
    )
    return shown_result(instance, request.name, version, algorithm.name, value)


def verify(instance: Instance, request: Verify) -> Verification:
    """Say whether a signature is right; raises RefusedError."""
    version, algorithm = _usable(instance, request)
    _check_digest(version, algorithm, request.digest)
    _check_there(instance, algorithm)
    right = right_signature(
        instance.token,
        instance.keys,
        algorithm,
        version.material,
        request.digest,
        request.signature,
    )
    kid = instance.identifier(request.name, version.version)
    return Verification(right, kid, algorithm.name)


def encipher(instance: Instance, request: Enciphering) -> OperationResult:
    """Encrypt a plaintext or wrap a key; raises RefusedError."""
    version, algorithm = _usable(instance, request)
    _check_window(instance, version)
    _check_plaintext(version, algorithm, request)
    _check_there(instance, algorithm)
    made = instance.ciphers.sealed(
        algorithm, version.material, request.plaintext, request.iv, request.aad
    )
    result = shown_result(instance, request.name, version, algorithm.name, made.value)
    aad = request.aad if algorithm.scheme is Scheme.AES_GCM else None
    return replace(result, iv=made.iv, tag=made.tag, aad=aad)


def decipher(instance: Instance, request: Deciphering) -> OperationResult:
    """Decrypt a ciphertext or unwrap a key; raises RefusedError."""
    version, algorithm = _usable(instance, request)
    _check_ciphertext(version, algorithm, request)
    _check_there(instance, algorithm)
    sent = Sealed(request.ciphertext, request.iv, request.tag)
    plaintext = instance.ciphers.opened(algorithm, version.material, sent, request.aad)
    if plaintext is None:
        raise bad_value("The value cannot be decrypted")
    return shown_result(instance, request.name, version, algorithm.name, plaintext)


# --- who may, and with what -----------------------------------------------------------------------


def _usable(instance: Instance, request: Using) -> tuple[StoredVersion, Algorithm]:
    _, version = instance.active_version(request.name, request.version)
    operation, use = _OPERATIONS[type(request)]
    if not version.enabled:
        raise forbidden("The key is disabled")
    if operation not in (version.key_ops or ()):
        raise forbidden(f"Operation {operation} is not permitted on this key")
    algorithm = ALGORITHMS.get(request.algorithm)
    if algorithm is None or use not in algorithm.uses:
        raise bad_value(f"{request.algorithm} is no algorithm of {operation}")
    if not suits(algorithm, version.material.kind):
        raise bad_value(f"{algorithm.name} does not suit this key")
    return version, algorithm


def _check_there(instance: Instance, algorithm: Algorithm) -> None:
    """Asked last, so that what the module lacks hides no other refusal."""
    lack = instance.facts.lacks.get(algorithm.name)
    if lack is not None:
        raise bad_value(f"{algorithm.name} is not there: {lack}")


def _check_window(instance: Instance, version: StoredVersion) -> None:
    start, end = version.not_before, version.expires
    early = start is not None and instance.now < start
    late = end is not None and instance.now >= end
    if early or late:
        raise forbidden("The key is not within its validity period")


def _modulus_bytes(version: StoredVersion) -> int:
    public = version.material.public
    return len(public.n) if isinstance(public, RsaPublic) else 0


# --- what is sent ---------------------------------------------------------------------------------


def _check_digest(version: StoredVersion, algorithm: Algorithm, digest: bytes) -> None:
    wanted = algorithm.digest_bytes
    if wanted is not None and len(digest) != wanted:
        raise bad_value(f"{algorithm.name} takes a digest of {wanted} bytes")
    if algorithm.scheme is Scheme.RSA_RAW_PKCS1:
        most = _modulus_bytes(version) - _RSNULL_OVERHEAD
        if not 1 <= len(digest) <= most:
            raise bad_value(f"RSNULL takes 1 to {most} bytes here")


def _check_plaintext(version: StoredVersion, algorithm: Algorithm, request: Enciphering) -> None:
    length = len(request.plaintext)
    if algorithm.family is Family.RSA:
        most = _modulus_bytes(version) - _OVERHEAD[algorithm.name]
        if length > most:
            raise bad_value(f"{algorithm.name} takes at most {most} bytes here")
    match algorithm.scheme:
        case Scheme.AES_GCM:
            if request.iv is not None:
                raise bad_value("iv is not permitted with GCM encryption")
        case Scheme.AES_CBC | Scheme.AES_CBC_PAD:
            _check_block_iv(request.iv)
        case Scheme.AES_KW:
            if length < _SHORTEST_KEY or length % _HALF_BLOCK:
                raise bad_value("value is no multiple of 8 bytes, or has fewer than 16")
        case Scheme.AES_KWP:
            if length == 0:
                raise bad_value("value is empty")
        case _:
            pass


def _check_ciphertext(version: StoredVersion, algorithm: Algorithm, request: Deciphering) -> None:
    value = request.ciphertext
    public = version.material.public
    if isinstance(public, RsaPublic) and (len(value) != len(public.n) or value >= public.n):
        raise bad_value("value is no ciphertext of this key")
    match algorithm.scheme:
        case Scheme.AES_GCM:
            if not request.iv or len(request.tag or b"") != TAG_BYTES:
                raise bad_value(f"iv and a tag of {TAG_BYTES} bytes are needed")
            if len(request.iv) > IV_BYTES:
                raise bad_value(f"iv has more than {IV_BYTES} bytes")
        case Scheme.AES_CBC | Scheme.AES_CBC_PAD:
            _check_block_iv(request.iv)
            if not value or len(value) % BLOCK_BYTES:
                raise bad_value("value is not a whole number of blocks")
        case Scheme.AES_KW | Scheme.AES_KWP:
            if len(value) < _SHORTEST_WRAPPED[algorithm.scheme] or len(value) % _HALF_BLOCK:
                raise bad_value("value is no wrapped key")
        case _:
            pass


def _check_block_iv(iv: bytes | None) -> None:
    if iv is None:
        raise bad_value("iv is missing")
    if len(iv) != BLOCK_BYTES:
        raise bad_value(f"iv must have {BLOCK_BYTES} bytes")
