"""Encryption as the service does it, from a secret: RSA paddings, AES-GCM, AES-CBC, key wrap.

`A*CBC` fills the last block with zero bytes and never takes them off; `A*CBCPAD` is PKCS #7
(recorded). RSA decryption with `RSA1_5` of an altered ciphertext may give unrelated bytes instead
of an error (implicit rejection).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap,
    aes_key_wrap_with_padding,
)

from mhsm_model.jwk import RsaPublic
from mhsm_model.relations.public_keys import loaded_rsa
from mhsm_model.relations.secrets import OctSecret, RsaSecret, Secret, public_of
from mhsm_model.tables.algorithms import Algorithm, Scheme

__all__ = [
    "AAD_FILL_BYTES",
    "BLOCK_BYTES",
    "GCM_IV_BYTES",
    "GCM_TAG_BYTES",
    "Ciphertext",
    "decrypted",
    "encrypted",
    "filled",
    "opened",
    "padded",
    "rsa_capacity",
    "unfilled",
    "ways_to_fill",
]

BLOCK_BYTES: Final = 16
GCM_IV_BYTES: Final = 12
GCM_TAG_BYTES: Final = 16
AAD_FILL_BYTES: Final = 8
"""Recorded for an aad of 4 bytes; whether longer ones fill to 8 or to 16 is not known."""
_RSA_OVERHEAD: Final = {"SHA-1": 42, "SHA-256": 66}


@dataclass(frozen=True, slots=True)
class Ciphertext:
    """What encryption gives: the ciphertext, and the iv and tag where the mode has them."""

    value: bytes
    iv: bytes | None = None
    tag: bytes | None = None


def rsa_capacity(algorithm: Algorithm, modulus_bytes: int) -> int:
    """The longest plaintext in bytes. Source: RFC 8017 sections 7.1.1 and 7.2.1."""
    if algorithm.scheme is Scheme.RSAES_PKCS1:
        return modulus_bytes - 11
    return modulus_bytes - _RSA_OVERHEAD[algorithm.hash_name or "SHA-1"]


def padded(algorithm: Algorithm, plaintext: bytes) -> bytes:
    """The plaintext filled to whole blocks in the way of the CBC algorithm."""
    if algorithm.scheme is Scheme.AES_CBC:
        return plaintext + bytes(-len(plaintext) % BLOCK_BYTES)
    padder = block_padding.PKCS7(8 * BLOCK_BYTES).padder()
    return padder.update(plaintext) + padder.finalize()


def filled(aad: bytes | None, octets: int = AAD_FILL_BYTES) -> bytes:
    """The aad filled with zero bytes to a multiple of `octets`, as recorded builds take it."""
    given = aad or b""
    return given + bytes(-len(given) % octets)


def ways_to_fill(aad: bytes | None) -> tuple[bytes, ...]:
    """Every way in which the service may take an aad: filled as recorded, as sent, to a block."""
    return filled(aad), aad or b"", filled(aad, BLOCK_BYTES)


def unfilled(aad: bytes | None) -> bytes:
    """What all ways to fill the aad have in common: the aad without the zero bytes at its end."""
    return (aad or b"").rstrip(b"\0")


def _rsa_padding(algorithm: Algorithm) -> padding.AsymmetricPadding:
    if algorithm.scheme is Scheme.RSAES_PKCS1:
        return padding.PKCS1v15()
    chosen = hashes.SHA1() if algorithm.hash_name == "SHA-1" else hashes.SHA256()
    return padding.OAEP(padding.MGF1(chosen), chosen, None)


def encrypted(
    algorithm: Algorithm, secret: Secret, plaintext: bytes, iv: bytes | None, aad: bytes | None
) -> Ciphertext:
    """The plaintext encrypted under the secret; `iv` must be there for the AES modes.

    Raises ValueError where the algorithm is not for this kind of secret, or not for a plaintext of
    that length.
    """
    match algorithm.scheme, secret:
        case ((Scheme.RSAES_PKCS1 | Scheme.RSAES_OAEP), RsaSecret()):
            public = public_of(secret)
            assert isinstance(public, RsaPublic)
            return Ciphertext(loaded_rsa(public).encrypt(plaintext, _rsa_padding(algorithm)))
        case Scheme.AES_GCM, OctSecret(value) if iv is not None:
            gcm = Cipher(algorithms.AES(value), modes.GCM(iv)).encryptor()
            gcm.authenticate_additional_data(aad or b"")
            body = gcm.update(plaintext) + gcm.finalize()
            return Ciphertext(body, iv, gcm.tag)
        case ((Scheme.AES_CBC | Scheme.AES_CBC_PAD), OctSecret(value)) if iv is not None:
            cbc = Cipher(algorithms.AES(value), modes.CBC(iv)).encryptor()
            return Ciphertext(cbc.update(padded(algorithm, plaintext)) + cbc.finalize(), iv)
        case Scheme.AES_KW, OctSecret(value):
            return Ciphertext(aes_key_wrap(value, plaintext))
        case Scheme.AES_KWP, OctSecret(value):
            return Ciphertext(aes_key_wrap_with_padding(value, plaintext))
        case _:
            raise ValueError(f"{algorithm.name} is not for this kind of key")


def decrypted(
    algorithm: Algorithm, secret: Secret, ciphertext: Ciphertext, aad: bytes | None
) -> bytes | None:
    """The plaintext, or None where padding, tag or check value show that there is none."""
    value, iv, tag = ciphertext.value, ciphertext.iv, ciphertext.tag
    try:
        match algorithm.scheme, secret:
            case ((Scheme.RSAES_PKCS1 | Scheme.RSAES_OAEP), RsaSecret(key)):
                return key.decrypt(value, _rsa_padding(algorithm))
            case Scheme.AES_GCM, OctSecret(secret_bytes) if iv is not None and tag is not None:
                gcm = Cipher(algorithms.AES(secret_bytes), modes.GCM(iv, tag)).decryptor()
                gcm.authenticate_additional_data(aad or b"")
                return gcm.update(value) + gcm.finalize()
            case ((Scheme.AES_CBC | Scheme.AES_CBC_PAD), OctSecret(secret_bytes)) if iv is not None:
                cbc = Cipher(algorithms.AES(secret_bytes), modes.CBC(iv)).decryptor()
                blocks = cbc.update(value) + cbc.finalize()
                return blocks if algorithm.scheme is Scheme.AES_CBC else _unpadded(blocks)
            case Scheme.AES_KW, OctSecret(secret_bytes):
                return aes_key_unwrap(secret_bytes, value)
            case Scheme.AES_KWP, OctSecret(secret_bytes):
                return aes_key_unwrap_with_padding(secret_bytes, value)
            case _:
                return None
    except (InvalidTag, InvalidUnwrap, ValueError):
        return None


def opened(
    algorithm: Algorithm, secret: Secret, ciphertext: Ciphertext, aad: bytes | None
) -> bytes | None:
    """The plaintext under any of the ways to take the aad, or None."""
    for way in ways_to_fill(aad) if algorithm.scheme is Scheme.AES_GCM else (b"",):
        plaintext = decrypted(algorithm, secret, ciphertext, way)
        if plaintext is not None:
            return plaintext
    return None


def _unpadded(blocks: bytes) -> bytes:
    unpadder = block_padding.PKCS7(8 * BLOCK_BYTES).unpadder()
    return unpadder.update(blocks) + unpadder.finalize()
