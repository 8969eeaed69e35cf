"""Whether an imported key is whole, of a permitted kind, and does not contradict itself.

Nothing is asked of the token here: a module may take numbers that do not belong together.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mhsm_model.jwk import EcPublic, JsonWebKey, PublicKey, RsaPublic
from mhsm_model.tables.errors import bad_parameter
from mhsm_model.tables.key_types import CURVES, OCT_BITS, PROMOTED, RSA_BITS, Family, KeyKind
from mhsm_targets.pkcs11.refusals import bad_value, refused

__all__ = ["checked_key"]

_OCT_LIMIT: Final = 64
_MEMBERS: Final = {
    Family.RSA: ("n", "e", "d", "p", "q", "dp", "dq", "qi"),
    Family.EC: ("crv", "x", "y", "d"),
    Family.OCT: ("k",),
}
_CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1(),
    "P-256K": ec.SECP256K1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}


def checked_key(key: JsonWebKey) -> tuple[KeyKind, PublicKey | None]:
    """The kind and public half of a key to import; raises RefusedError where it cannot be."""
    if key.kty is None:
        raise refused(bad_parameter("JSON Web Key: kty is missing"))
    family = PROMOTED.get(key.kty)
    if family is None:
        raise bad_value(f"JSON Web Key: unknown kty {key.kty}")
    missing = [name for name in _MEMBERS[family] if getattr(key, name) is None]
    if missing:
        raise bad_value(f"JSON Web Key: missing {', '.join(missing)}")
    match family:
        case Family.RSA:
            return _checked_rsa(key)
        case Family.EC:
            return _checked_ec(key)
        case _:
            return _checked_oct(key), None


def _checked_oct(key: JsonWebKey) -> KeyKind:
    length = len(key.k or b"")
    if length > _OCT_LIMIT:
        text = f"k property of oct key is too large, maximum size is {_OCT_LIMIT}"
        raise refused(bad_parameter(f"JSON Web Key: {text}"))
    if 8 * length not in OCT_BITS:
        raise bad_value(f"JSON Web Key: an oct key of {length} bytes is no AES key")
    return KeyKind(Family.OCT, bits=8 * length)


def _checked_rsa(key: JsonWebKey) -> tuple[KeyKind, PublicKey]:
    n, e, d, p, q, dp, dq, qi = (
        int.from_bytes(getattr(key, name) or b"") for name in _MEMBERS[Family.RSA]
    )
    if n.bit_length() not in RSA_BITS:
        raise bad_value(f"JSON Web Key: an RSA key of {n.bit_length()} bits")
    try:
        rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, rsa.RSAPublicNumbers(e, n)).private_key()
    except ValueError:
        raise bad_value("JSON Web Key: its members contradict each other") from None
    return KeyKind(Family.RSA, bits=n.bit_length()), RsaPublic(_minimal(n), _minimal(e))


def _minimal(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


def _checked_ec(key: JsonWebKey) -> tuple[KeyKind, PublicKey]:
    curve = key.crv or ""
    if curve not in CURVES:
        raise bad_value(f"JSON Web Key: unknown crv {curve}")
    x, y, d = (int.from_bytes(getattr(key, name) or b"") for name in ("x", "y", "d"))
    try:
        point = ec.EllipticCurvePublicNumbers(x, y, _CURVES[curve])
        ec.EllipticCurvePrivateNumbers(d, point).private_key()
    except ValueError:
        raise bad_value("JSON Web Key: its members contradict each other") from None
    width = CURVES[curve]
    return KeyKind(Family.EC, curve=curve), EcPublic(curve, x.to_bytes(width), y.to_bytes(width))
