"""Signatures and MACs by the token.

The token never hashes for an asymmetric algorithm: it is given the digest. RS256, RS384 and RS512
need its DigestInfo in front (RFC 8017 section 9.2, note 1).
"""

from __future__ import annotations

from typing import Any, Final

from pkcs11 import MGF, Mechanism

from mhsm_model.tables.algorithms import Algorithm, Scheme
from mhsm_targets.pkcs11.material import KeyObjects
from mhsm_targets.pkcs11.stored import Material
from mhsm_targets.pkcs11.token import Handle, Token

__all__ = ["made_signature", "right_signature"]

_DIGEST_INFO: Final = {
    "SHA-256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "SHA-384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "SHA-512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
_PSS: Final = {
    "SHA-256": (Mechanism.SHA256, MGF.SHA256, 32),
    "SHA-384": (Mechanism.SHA384, MGF.SHA384, 48),
    "SHA-512": (Mechanism.SHA512, MGF.SHA512, 64),
}
_HASH_BYTES: Final = {"SHA-256": 32, "SHA-384": 48, "SHA-512": 64}
_HMAC: Final = {
    "SHA-256": Mechanism.SHA256_HMAC,
    "SHA-384": Mechanism.SHA384_HMAC,
    "SHA-512": Mechanism.SHA512_HMAC,
}


def _given(algorithm: Algorithm, digest: bytes) -> tuple[bytes, Mechanism, Any]:
    """What the token is given to sign: value, mechanism and parameter."""
    hash_name = algorithm.hash_name or ""
    match algorithm.scheme:
        case Scheme.RSASSA_PKCS1:
            return _DIGEST_INFO[hash_name] + digest, Mechanism.RSA_PKCS, None
        case Scheme.RSA_RAW_PKCS1:
            return digest, Mechanism.RSA_PKCS, None
        case Scheme.RSASSA_PSS:
            return digest, Mechanism.RSA_PKCS_PSS, _PSS[hash_name]
        case Scheme.ECDSA:
            return digest, Mechanism.ECDSA, None
        case Scheme.HMAC:
            return digest, _HMAC[hash_name], None
        case _:
            raise ValueError(f"{algorithm.name} signs nothing")


def _hmac_key(keys: KeyObjects, algorithm: Algorithm, material: Material) -> Handle | None:
    """The key of an HMAC, or None for another scheme."""
    if algorithm.scheme is not Scheme.HMAC:
        return None
    return keys.authenticating(material, _HASH_BYTES[algorithm.hash_name or ""])


def made_signature(
    token: Token, keys: KeyObjects, algorithm: Algorithm, material: Material, digest: bytes
) -> bytes:
    """The signature of the digest."""
    value, mechanism, parameter = _given(algorithm, digest)
    key = _hmac_key(keys, algorithm, material) or keys.own(material)
    return token.signed(key, value, mechanism, parameter)


def right_signature(
    token: Token,
    keys: KeyObjects,
    algorithm: Algorithm,
    material: Material,
    digest: bytes,
    signature: bytes,
) -> bool:
    """Whether the signature of the digest is right, a matter of the token too."""
    value, mechanism, parameter = _given(algorithm, digest)
    key = _hmac_key(keys, algorithm, material) or keys.public(material)
    return token.verified(key, value, signature, mechanism, parameter)
