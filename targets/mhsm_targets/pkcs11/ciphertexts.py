"""Encryption, decryption and key wrap by the token.

Padding of A*CBC with zero bytes, RSA-OAEP-256 and key wrap with padding are done outside where the
module's facts say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pkcs11 import MGF, Attribute, GCMParams, Mechanism
from pkcs11.exceptions import PKCS11Error

from mhsm_model.jwk import RsaPublic
from mhsm_model.tables.algorithms import Algorithm, Scheme
from mhsm_targets.pkcs11.facts import ModuleFacts
from mhsm_targets.pkcs11.key_wrap import (
    key_unwrapped,
    key_wrapped,
    padded_unwrapped,
    padded_wrapped,
)
from mhsm_targets.pkcs11.material import KeyObjects
from mhsm_targets.pkcs11.oaep import oaep_decoded, oaep_encoded
from mhsm_targets.pkcs11.objects import PASSING
from mhsm_targets.pkcs11.stored import Material
from mhsm_targets.pkcs11.token import Handle, Token

__all__ = ["BLOCK_BYTES", "IV_BYTES", "TAG_BYTES", "Ciphers", "Sealed"]

BLOCK_BYTES: Final = 16
TAG_BYTES: Final = 16
IV_BYTES: Final = 12
"""Of GCM: the length of those made here, and the most that python-pkcs11 takes."""

_OAEP: Final = {
    "SHA-1": (Mechanism.SHA_1, MGF.SHA1, None),
    "SHA-256": (Mechanism.SHA256, MGF.SHA256, None),
}
_HASH_BYTES: Final = {"SHA-1": 20, "SHA-256": 32}
_KEY_WRAP: Final = {
    Scheme.AES_KW: Mechanism.AES_KEY_WRAP,
    Scheme.AES_KWP: Mechanism.AES_KEY_WRAP_KWP,
}


@dataclass(frozen=True, slots=True)
class Sealed:
    """What encryption gives; iv and tag where the mode has them."""

    value: bytes
    iv: bytes | None = None
    tag: bytes | None = None


class Ciphers:
    """Encryption with the keys of one instance."""

    def __init__(self, token: Token, keys: KeyObjects, facts: ModuleFacts) -> None:
        self._token = token
        self._keys = keys
        self._facts = facts

    def sealed(
        self,
        algorithm: Algorithm,
        material: Material,
        plaintext: bytes,
        iv: bytes | None,
        aad: bytes | None,
    ) -> Sealed:
        """The plaintext encrypted or wrapped; CBC needs an iv, GCM makes its own."""
        match algorithm.scheme:
            case Scheme.RSAES_PKCS1:
                key = self._keys.public(material)
                return Sealed(self._token.encrypted(key, plaintext, Mechanism.RSA_PKCS))
            case Scheme.RSAES_OAEP:
                return Sealed(self._oaep_encrypted(algorithm, material, plaintext))
            case Scheme.AES_GCM:
                made_iv = self._token.random(IV_BYTES)
                parameter = GCMParams(made_iv, aad, 8 * TAG_BYTES)
                key = self._keys.own(material)
                whole = self._token.encrypted(key, plaintext, Mechanism.AES_GCM, parameter)
                return Sealed(whole[:-TAG_BYTES], made_iv, whole[-TAG_BYTES:])
            case Scheme.AES_CBC:
                filled = plaintext + bytes(-len(plaintext) % BLOCK_BYTES)
                key = self._keys.own(material)
                return Sealed(self._token.encrypted(key, filled, Mechanism.AES_CBC, iv), iv)
            case Scheme.AES_CBC_PAD:
                key = self._keys.own(material)
                return Sealed(self._token.encrypted(key, plaintext, Mechanism.AES_CBC_PAD, iv), iv)
            case Scheme.AES_KW | Scheme.AES_KWP:
                return Sealed(self._wrapped(algorithm, self._keys.own(material), plaintext))
            case _:
                raise ValueError(f"{algorithm.name} encrypts nothing")

    def opened(
        self, algorithm: Algorithm, material: Material, sent: Sealed, aad: bytes | None
    ) -> bytes | None:
        """The plaintext, or None where there is none: padding, tag or check value are wrong."""
        try:
            return self._opened(algorithm, material, sent, aad)
        except PKCS11Error as error:
            if type(error).__name__ in self._facts.bad_value:
                return None
            raise

    def _opened(
        self, algorithm: Algorithm, material: Material, sent: Sealed, aad: bytes | None
    ) -> bytes | None:
        key = self._keys.own(material)
        match algorithm.scheme:
            case Scheme.RSAES_PKCS1:
                return self._token.decrypted(key, sent.value, Mechanism.RSA_PKCS)
            case Scheme.RSAES_OAEP:
                return self._oaep_decrypted(algorithm, key, sent.value)
            case Scheme.AES_GCM:
                parameter = GCMParams(sent.iv or b"", aad, 8 * TAG_BYTES)
                whole = sent.value + (sent.tag or b"")
                return self._token.decrypted(key, whole, Mechanism.AES_GCM, parameter)
            case Scheme.AES_CBC:
                return self._token.decrypted(key, sent.value, Mechanism.AES_CBC, sent.iv)
            case Scheme.AES_CBC_PAD:
                return self._token.decrypted(key, sent.value, Mechanism.AES_CBC_PAD, sent.iv)
            case Scheme.AES_KW | Scheme.AES_KWP:
                return self._unwrapped(algorithm, key, sent.value)
            case _:
                raise ValueError(f"{algorithm.name} decrypts nothing")

    def _outside(self, algorithm: Algorithm) -> bool:
        return algorithm.name in self._facts.outside

    # --- RSA-OAEP ---------------------------------------------------------------------------------

    def _oaep_encrypted(self, algorithm: Algorithm, material: Material, plaintext: bytes) -> bytes:
        hash_name = algorithm.hash_name or ""
        key = self._keys.public(material)
        if not self._outside(algorithm):
            parameter = _OAEP[hash_name]
            return self._token.encrypted(key, plaintext, Mechanism.RSA_PKCS_OAEP, parameter)
        if not isinstance(material.public, RsaPublic):
            raise ValueError("the key is no RSA key")
        seed = self._token.random(_HASH_BYTES[hash_name])
        block = oaep_encoded(plaintext, len(material.public.n), hash_name, seed)
        return self._token.encrypted(key, block, Mechanism.RSA_X_509)

    def _oaep_decrypted(self, algorithm: Algorithm, key: Handle, value: bytes) -> bytes | None:
        hash_name = algorithm.hash_name or ""
        if not self._outside(algorithm):
            parameter = _OAEP[hash_name]
            return self._token.decrypted(key, value, Mechanism.RSA_PKCS_OAEP, parameter)
        block = self._token.decrypted(key, value, Mechanism.RSA_X_509)
        return oaep_decoded(block.rjust(len(value), b"\0"), hash_name)

    # --- key wrap ---------------------------------------------------------------------------------

    def _wrapped(self, algorithm: Algorithm, key: Handle, plaintext: bytes) -> bytes:
        if self._outside(algorithm):
            wrap = key_wrapped if algorithm.scheme is Scheme.AES_KW else padded_wrapped
            return wrap(
                plaintext, lambda block: self._token.encrypted(key, block, Mechanism.AES_ECB)
            )
        passing = self._token.create({**PASSING, Attribute.VALUE: plaintext})
        try:
            return self._token.wrapped(key, passing, _KEY_WRAP[algorithm.scheme])
        finally:
            self._token.destroy(passing)

    def _unwrapped(self, algorithm: Algorithm, key: Handle, value: bytes) -> bytes | None:
        if self._outside(algorithm):
            unwrap = key_unwrapped if algorithm.scheme is Scheme.AES_KW else padded_unwrapped
            return unwrap(value, lambda block: self._token.decrypted(key, block, Mechanism.AES_ECB))
        passing = self._token.unwrapped(key, value, _KEY_WRAP[algorithm.scheme], PASSING)
        try:
            plaintext: bytes = self._token.read(passing, Attribute.VALUE)
        finally:
            self._token.destroy(passing)
        return plaintext
