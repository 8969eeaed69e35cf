"""Templates: the attributes of the objects that this package makes in a token."""

from __future__ import annotations

from typing import Any, Final

from pkcs11 import Attribute, KeyType, ObjectClass

from mhsm_model.jwk import EcPublic, JsonWebKey, PublicKey, RsaPublic
from mhsm_model.tables.key_types import CURVES, Family

__all__ = [
    "CLOSED",
    "EC_PARAMETERS",
    "OPEN",
    "PASSING",
    "USES",
    "ec_point",
    "imported_template",
    "public_template",
    "read_point",
]

Attributes = dict[Attribute, Any]

EC_PARAMETERS: Final[dict[str, bytes]] = {
    "P-256": bytes.fromhex("06082a8648ce3d030107"),
    "P-256K": bytes.fromhex("06052b8104000a"),
    "P-384": bytes.fromhex("06052b81040022"),
    "P-521": bytes.fromhex("06052b81040023"),
}
"""CKA_EC_PARAMS: the curve's object identifier in DER. Source: SEC 2; RFC 5480 section 2.1.1.1."""

OPEN: Final[Attributes] = {
    Attribute.TOKEN: False,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: True,
}
"""A key as it is born: gone with the session, and wrapped once before that."""

CLOSED: Final[Attributes] = {
    Attribute.TOKEN: True,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
}
"""A key as it is kept: no call brings it out of the token any more."""

PASSING: Final[Attributes] = {
    Attribute.CLASS: ObjectClass.SECRET_KEY,
    Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
    Attribute.TOKEN: False,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: False,
    Attribute.EXTRACTABLE: True,
}
"""The caller's own bytes as a session object: C_WrapKey takes objects only."""

USES: Final[dict[Family, Attributes]] = {
    Family.RSA: {
        Attribute.CLASS: ObjectClass.PRIVATE_KEY,
        Attribute.KEY_TYPE: KeyType.RSA,
        Attribute.SIGN: True,
        Attribute.DECRYPT: True,
    },
    Family.EC: {
        Attribute.CLASS: ObjectClass.PRIVATE_KEY,
        Attribute.KEY_TYPE: KeyType.EC,
        Attribute.SIGN: True,
    },
    Family.OCT: {
        Attribute.CLASS: ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: KeyType.AES,
        Attribute.ENCRYPT: True,
        Attribute.DECRYPT: True,
        Attribute.WRAP: True,
        Attribute.UNWRAP: True,
    },
}
"""Class, type and uses of a private or secret key.

`key_ops` may change, so an object has every use of its family and the list is held outside.
"""

_SHORT_FORM: Final = 0x80
_OCTET_STRING: Final = 0x04
_UNCOMPRESSED: Final = 0x04


def _der_length(length: int) -> bytes:
    if length < _SHORT_FORM:
        return bytes([length])
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([_SHORT_FORM | len(octets)]) + octets


def ec_point(public: EcPublic) -> bytes:
    """CKA_EC_POINT: the uncompressed point as a DER octet string (PKCS #11 2.40, 2.3.3)."""
    point = bytes([_UNCOMPRESSED]) + public.x + public.y
    return bytes([_OCTET_STRING]) + _der_length(len(point)) + point


def read_point(curve: str, value: bytes) -> EcPublic:
    """The point in CKA_EC_POINT; some modules give it without the octet string around it.

    Raises ValueError where it is neither.
    """
    width = CURVES[curve]
    point = value[-2 * width - 1 :]
    if len(point) != 2 * width + 1 or point[0] != _UNCOMPRESSED:
        raise ValueError(f"the token gives no point of {curve}")
    public = EcPublic(curve, point[1 : 1 + width], point[1 + width :])
    if value not in (point, ec_point(public)):
        raise ValueError(f"the token gives no point of {curve}")
    return public


def public_template(public: PublicKey) -> Attributes:
    """A public key as a session object that verifies and, for RSA, encrypts."""
    template: Attributes = {
        Attribute.CLASS: ObjectClass.PUBLIC_KEY,
        Attribute.TOKEN: False,
        Attribute.PRIVATE: False,
        Attribute.VERIFY: True,
    }
    match public:
        case RsaPublic(n, e):
            return {
                **template,
                Attribute.KEY_TYPE: KeyType.RSA,
                Attribute.MODULUS: n,
                Attribute.PUBLIC_EXPONENT: e,
                Attribute.ENCRYPT: True,
            }
        case EcPublic(curve):
            return {
                **template,
                Attribute.KEY_TYPE: KeyType.EC,
                Attribute.EC_PARAMS: EC_PARAMETERS[curve],
                Attribute.EC_POINT: ec_point(public),
            }


_RSA_MEMBERS: Final = {
    Attribute.MODULUS: "n",
    Attribute.PUBLIC_EXPONENT: "e",
    Attribute.PRIVATE_EXPONENT: "d",
    Attribute.PRIME_1: "p",
    Attribute.PRIME_2: "q",
    Attribute.EXPONENT_1: "dp",
    Attribute.EXPONENT_2: "dq",
    Attribute.COEFFICIENT: "qi",
}


def imported_template(family: Family, key: JsonWebKey) -> Attributes:
    """The material of an imported key, which must be whole, as attributes."""
    match family:
        case Family.RSA:
            members = {name: getattr(key, member) for name, member in _RSA_MEMBERS.items()}
            return {name: value.lstrip(b"\0") for name, value in members.items()}
        case Family.EC:
            curve = key.crv or ""
            scalar = (key.d or b"").lstrip(b"\0").rjust(CURVES[curve], b"\0")
            return {Attribute.EC_PARAMS: EC_PARAMETERS[curve], Attribute.VALUE: scalar}
        case _:
            return {Attribute.VALUE: key.k}
