"""Signatures: how one is made from a secret, and whether a given one is right.

The service never hashes for asymmetric algorithms: `digest` is what is signed. ECDSA signatures are
the two numbers side by side at fixed width, not DER (RFC 7518 section 3.4). PSS uses MGF1 with the
same hash and a salt as long as the hash (RFC 7518 section 3.5).
"""

from __future__ import annotations

import hmac
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import (
    NoDigestInfo,
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

from mhsm_model.jwk import EcPublic, PublicKey, RsaPublic
from mhsm_model.relations.public_keys import loaded_ec, loaded_rsa
from mhsm_model.relations.secrets import EcSecret, OctSecret, RsaSecret, Secret
from mhsm_model.tables.algorithms import Algorithm, Scheme
from mhsm_model.tables.key_types import CURVES, KeyKind

__all__ = ["is_valid", "mac", "signature_bytes", "signed"]

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "SHA-1": hashes.SHA1(),
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}
_MAC_NAMES: Final = {"SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_MAC_BYTES: Final = {"SHA-256": 32, "SHA-384": 48, "SHA-512": 64}


_PREHASHED: Final = {name: Prehashed(chosen) for name, chosen in _HASHES.items()}
_ECDSA: Final = {name: ec.ECDSA(chosen) for name, chosen in _PREHASHED.items()}
_PSS: Final = {
    name: padding.PSS(padding.MGF1(chosen), chosen.digest_size) for name, chosen in _HASHES.items()
}


def _hash_name(algorithm: Algorithm) -> str:
    return algorithm.hash_name or "SHA-256"


def signature_bytes(algorithm: Algorithm, kind: KeyKind) -> int | None:
    """The length of a signature in bytes, or None where the kind is not known well enough."""
    match algorithm.scheme:
        case Scheme.ECDSA:
            return 2 * CURVES[algorithm.curve or ""]
        case Scheme.HMAC:
            return _MAC_BYTES[algorithm.hash_name or ""]
        case _:
            return None if kind.bits is None else kind.bits // 8


def mac(algorithm: Algorithm, secret: OctSecret, message: bytes) -> bytes:
    """The HMAC of the message."""
    return hmac.digest(secret.value, message, _MAC_NAMES[algorithm.hash_name or ""])


def signed(algorithm: Algorithm, secret: Secret, digest: bytes) -> bytes:
    """A signature of the digest.

    Raises ValueError where the algorithm is not for this kind of secret or the digest does not fit:
    the guards of the operation exclude both.
    """
    match algorithm.scheme, secret:
        case Scheme.RSASSA_PKCS1, RsaSecret(key):
            return key.sign(digest, padding.PKCS1v15(), _PREHASHED[_hash_name(algorithm)])
        case Scheme.RSASSA_PSS, RsaSecret(key):
            return key.sign(digest, _PSS[_hash_name(algorithm)], _PREHASHED[_hash_name(algorithm)])
        case Scheme.RSA_RAW_PKCS1, RsaSecret(key):
            return key.sign(digest, padding.PKCS1v15(), NoDigestInfo())
        case Scheme.ECDSA, EcSecret(curve, key):
            r, s = decode_dss_signature(key.sign(digest, _ECDSA[_hash_name(algorithm)]))
            width = CURVES[curve]
            return r.to_bytes(width) + s.to_bytes(width)
        case Scheme.HMAC, OctSecret():
            return mac(algorithm, secret, digest)
        case _:
            raise ValueError(f"{algorithm.name} is not for this kind of key")


def is_valid(algorithm: Algorithm, public: PublicKey, digest: bytes, signature: bytes) -> bool:
    """Whether the signature of the digest is right under the public key."""
    try:
        match algorithm.scheme, public:
            case Scheme.RSASSA_PKCS1, RsaPublic():
                chosen = _PREHASHED[_hash_name(algorithm)]
                loaded_rsa(public).verify(signature, digest, padding.PKCS1v15(), chosen)
            case Scheme.RSASSA_PSS, RsaPublic():
                chosen = _PREHASHED[_hash_name(algorithm)]
                loaded_rsa(public).verify(signature, digest, _PSS[_hash_name(algorithm)], chosen)
            case Scheme.RSA_RAW_PKCS1, RsaPublic():
                key = loaded_rsa(public)
                return (
                    key.recover_data_from_signature(signature, padding.PKCS1v15(), None) == digest
                )
            case Scheme.ECDSA, EcPublic():
                width = CURVES[public.curve]
                if len(signature) != 2 * width:
                    return False
                r, s = int.from_bytes(signature[:width]), int.from_bytes(signature[width:])
                scheme = _ECDSA[_hash_name(algorithm)]
                loaded_ec(public).verify(encode_dss_signature(r, s), digest, scheme)
            case _:
                return False
    except (InvalidSignature, ValueError):
        return False
    return True
