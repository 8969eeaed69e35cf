"""Claims of witnesses, checked with the cryptography library; the specification is not asked.

A claim is a JSON object whose member `is` names its kind; see `testimony` for their members.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, keywrap, padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["objection"]

Claim = Mapping[str, Any]

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
_CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1(),
    "P-256K": ec.SECP256K1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
_SHOWN: Final = 120


def objection(claim: Claim) -> str | None:
    """What is wrong with the claim, in one line; None where it is right."""
    check = _CHECKS.get(claim.get("is", ""))
    if check is None:
        return f"a claim of an unknown kind: {claim.get('is')!r}"
    try:
        return check(claim)
    except (KeyError, TypeError, ValueError) as error:
        return f"a claim that cannot be checked: {type(error).__name__}: {error}"


def _equal(claim: Claim) -> str | None:
    expected, observed = claim["expected"], claim["observed"]
    if expected == observed and type(expected) is type(observed):
        return None
    return f"{claim['what']}: expected {_short(expected)}, observed {_short(observed)}"


def _signs(claim: Claim) -> str | None:
    key: Mapping[str, str] = claim["key"]
    algorithm: str = claim["algorithm"]
    value, signature = _bytes(claim["value"]), _bytes(claim["signature"])
    try:
        match algorithm[:2]:
            case "HS":
                made = hmac.digest(_bytes(key["k"]), value, f"sha{algorithm[2:]}")
                if not hmac.compare_digest(made, signature):
                    raise InvalidSignature
            case "ES":
                _verify_ecdsa(key, algorithm, value, signature)
            case _:
                _verify_rsa(key, algorithm, value, signature)
    except InvalidSignature:
        return f"the {algorithm} signature is not good"
    return None


def _verify_rsa(key: Mapping[str, str], algorithm: str, value: bytes, signature: bytes) -> None:
    public = rsa.RSAPublicNumbers(_integer(key["e"]), _integer(key["n"])).public_key()
    if algorithm == "RSNULL":
        if public.recover_data_from_signature(signature, rsa_padding.PKCS1v15(), None) != value:
            raise InvalidSignature
        return
    digest = _HASHES[algorithm[2:]]
    scheme: rsa_padding.PSS | rsa_padding.PKCS1v15 = rsa_padding.PKCS1v15()
    if algorithm.startswith("PS"):
        scheme = rsa_padding.PSS(rsa_padding.MGF1(digest), digest.digest_size)
    public.verify(signature, value, scheme, Prehashed(digest))


def _verify_ecdsa(key: Mapping[str, str], algorithm: str, value: bytes, signature: bytes) -> None:
    curve = _CURVES[key["crv"]]
    width = (curve.key_size + 7) // 8
    if len(signature) != 2 * width:
        raise InvalidSignature
    numbers = ec.EllipticCurvePublicNumbers(_integer(key["x"]), _integer(key["y"]), curve)
    pair = (int.from_bytes(signature[:width], "big"), int.from_bytes(signature[width:], "big"))
    digest = _HASHES[algorithm[2:5]]
    numbers.public_key().verify(encode_dss_signature(*pair), value, ec.ECDSA(Prehashed(digest)))


def _decrypts(claim: Claim) -> str | None:
    algorithm: str = claim["algorithm"]
    try:
        found = _decrypted(claim, algorithm)
    except (InvalidTag, keywrap.InvalidUnwrap, ValueError) as error:
        return f"the {algorithm} ciphertext does not decrypt: {type(error).__name__}"
    if found == _bytes(claim["plaintext"]):
        return None
    return f"the {algorithm} ciphertext is another plaintext's"


def _decrypted(claim: Claim, algorithm: str) -> bytes:
    key: Mapping[str, str] = claim["key"]
    ciphertext = _bytes(claim["ciphertext"])
    if algorithm.startswith("RSA"):
        private = serialization.load_pem_private_key(key["pem"].encode(), None)
        return cast(rsa.RSAPrivateKey, private).decrypt(ciphertext, _RSA_SCHEMES[algorithm])
    secret = _bytes(key["k"])
    if algorithm == "CKM_AES_KEY_WRAP_PAD":
        return keywrap.aes_key_unwrap_with_padding(secret, ciphertext)
    if algorithm.endswith("KW") or algorithm == "CKM_AES_KEY_WRAP":
        return keywrap.aes_key_unwrap(secret, ciphertext)
    iv = _bytes(claim["iv"])
    if algorithm.endswith("GCM"):
        aad = None if claim["aad"] is None else _bytes(claim["aad"])
        return AESGCM(secret).decrypt(iv, ciphertext + _bytes(claim["tag"]), aad)
    decryptor = Cipher(algorithms.AES(secret), modes.CBC(iv)).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    if not algorithm.endswith("CBCPAD"):
        return padded
    unpadder = padding.PKCS7(128).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def _oaep(digest: hashes.HashAlgorithm) -> rsa_padding.OAEP:
    return rsa_padding.OAEP(rsa_padding.MGF1(digest), digest, None)


_RSA_SCHEMES: Final[dict[str, rsa_padding.AsymmetricPadding]] = {
    "RSA1_5": rsa_padding.PKCS1v15(),
    "RSA-OAEP": _oaep(hashes.SHA1()),
    "RSA-OAEP-256": _oaep(hashes.SHA256()),
}

_CHECKS: Final[dict[str, Callable[[Claim], str | None]]] = {
    "equal": _equal,
    "signs": _signs,
    "decrypts": _decrypts,
}


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _integer(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
