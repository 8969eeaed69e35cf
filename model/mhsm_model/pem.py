"""PEM files as keys to import: the one private key of a file, as a JSON Web Key.

Forms, and where they are written down: PKCS#1 (RFC 8017, appendix A.1.2), SEC 1 (RFC 5915), PKCS#8
plain and encrypted (RFC 5958), and the encryption of old that OpenSSL calls traditional (RFC 1421
headers). The framing is that of RFC 7468. `cryptography` reads what is inside; what is here finds
the block and tells what is wrong with it.
"""

from __future__ import annotations

import base64
import binascii
import re
import warnings
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.utils import CryptographyDeprecationWarning

from mhsm_model.jwk import JsonWebKey
from mhsm_model.relations.secrets import EC_CURVES, EcSecret, RsaSecret, jwk_of
from mhsm_model.tables.key_types import RSA_BITS

__all__ = ["PemError", "key_in_pem"]

_PRIVATE: Final = "PRIVATE KEY"
_ENCRYPTED: Final = "ENCRYPTED PRIVATE KEY"
_READ: Final = frozenset({_PRIVATE, _ENCRYPTED, "RSA PRIVATE KEY", "EC PRIVATE KEY"})
_OTHER_TYPES: Final = {
    "DSA PRIVATE KEY": "DSA",
    "DH PRIVATE KEY": "DH",
    "X9.42 DH PRIVATE KEY": "DH",
}
_BOUNDARY = re.compile(rb"-----(BEGIN|END) ([ -,.-~]{1,64})-----")
_MANY_PRIMES = re.compile(rb"(?:\A|\x04\x82..)\x30\x82..\x02\x01\x01\x02", re.DOTALL)
"""The start of an RSAPrivateKey of version 1, in itself or inside PKCS#8."""

_CURVE_NAMES: Final = {curve.name: name for name, curve in EC_CURVES.items()}


class PemError(ValueError):
    """A PEM file holds no key that can be imported; the text is a sentence without an end."""


@dataclass(frozen=True, slots=True)
class _Block:
    """What stands between two boundaries, these included, and its label."""

    label: str
    text: bytes

    @property
    def encrypted(self) -> bool:
        """Whether the block says that it is encrypted, in either form."""
        return self.label == _ENCRYPTED or b"Proc-Type: 4,ENCRYPTED" in self.text

    def octets(self) -> bytes:
        """The bytes that the lines encode; raises binascii.Error where they are no base64."""
        lines = self.text.splitlines()[1:-1]
        encoded = (line.strip() for line in lines if b":" not in line)
        return base64.b64decode(b"".join(encoded), validate=True)


def key_in_pem(pem: bytes, passphrase: bytes | None = None) -> JsonWebKey:
    """The private key in the content of a PEM file, whole, as ImportKey takes it.

    RSA numbers are big-endian without leading zero bytes, EC members as wide as the curve. The key
    is of type RSA or EC and names no operations. Text around the blocks, parameters, public keys
    and certificates beside the private key are passed over. A passphrase must be given where the
    key is encrypted, and only there: one that is not asked for belongs to another file.

    Raises PemError where there is not exactly one private key, where it cannot be read, and where
    Managed HSM has no such keys.
    """
    block = _private_block(_blocks(pem))
    _check_passphrase(block, passphrase)
    key = _loaded(block, passphrase)
    match key:
        case rsa.RSAPrivateKey():
            if key.key_size not in RSA_BITS:
                sizes = ", ".join(str(bits) for bits in RSA_BITS)
                raise PemError(
                    f"the RSA key has {key.key_size} bits, and Managed HSM takes {sizes}"
                )
            return jwk_of(RsaSecret(key))
        case ec.EllipticCurvePrivateKey():
            curve = _CURVE_NAMES.get(key.curve.name)
            if curve is None:
                raise PemError(
                    f"the key is on the curve {key.curve.name}, and Managed HSM takes "
                    f"{', '.join(EC_CURVES)}"
                )
            return jwk_of(EcSecret(curve, key))
        case _:
            raise _no_such_type(type(key).__name__.removesuffix("PrivateKey"))


def _blocks(pem: bytes) -> list[_Block]:
    blocks: list[_Block] = []
    begun: re.Match[bytes] | None = None
    for boundary in _BOUNDARY.finditer(pem):
        label = boundary[2].decode("ascii")
        if boundary[1] == b"BEGIN":
            if begun is not None:
                break
            begun = boundary
        elif begun is None or begun[2] != boundary[2]:
            raise PemError(f"the PEM is broken: an END {label} has no BEGIN")
        else:
            blocks.append(_Block(label, pem[begun.start() : boundary.end()]))
            begun = None
    if begun is not None:
        raise PemError(f"the PEM is broken: the BEGIN {begun[2].decode('ascii')} has no END")
    return blocks


def _private_block(blocks: list[_Block]) -> _Block:
    if not blocks:
        raise PemError("there is no PEM block: a line -----BEGIN … PRIVATE KEY----- is missing")
    private = [block for block in blocks if block.label.endswith(_PRIVATE)]
    if not private:
        labels = ", ".join(dict.fromkeys(block.label for block in blocks))
        raise PemError(f"there is no private key, which an import needs, but only: {labels}")
    if len(private) > 1:
        raise PemError(f"there are {len(private)} private keys, and an import takes one")
    block = private[0]
    if block.label in _OTHER_TYPES:
        raise _no_such_type(_OTHER_TYPES[block.label])
    if block.label not in _READ:
        raise PemError(
            f"the form {block.label} is not read: convert the key to PKCS#8 first, "
            "as `ssh-keygen -p -m PKCS8` does"
        )
    return block


def _check_passphrase(block: _Block, passphrase: bytes | None) -> None:
    if block.encrypted:
        if passphrase is None:
            raise PemError("the key is encrypted, and no passphrase was given")
        if not passphrase:
            raise PemError("the key is encrypted, and the passphrase that was given is empty")
    elif passphrase is not None:
        raise PemError("a passphrase was given, and the key is not encrypted")


def _loaded(block: _Block, passphrase: bytes | None) -> PrivateKeyTypes:
    try:
        octets = block.octets()
    except binascii.Error:
        raise PemError(f"the {block.label} is broken: its lines are not base64") from None
    try:
        with warnings.catch_warnings():
            # That a type is going to leave the library is no news to who brings a key of it.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return load_pem_private_key(block.text, passphrase)
    except UnsupportedAlgorithm:
        raise PemError("the key is of a type, curve or cipher that is not supported") from None
    except (ValueError, TypeError, MemoryError):
        # TypeError comes of traditional ciphers that the library does not know, MemoryError of a
        # scrypt that asks for too much.
        if block.encrypted:
            raise PemError(
                "the encrypted key cannot be read: the passphrase is wrong, or the key is broken "
                "or of a form that is not supported"
            ) from None
        if _MANY_PRIMES.search(octets):
            raise PemError("the RSA key has more than two primes, which a JWK cannot say") from None
        raise PemError(f"the {block.label} is broken: it is not the DER of a valid key") from None


def _no_such_type(name: str) -> PemError:
    return PemError(f"the key is of type {name}, and Managed HSM takes RSA and EC keys")
