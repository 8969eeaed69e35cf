"""The algorithms: which keys they are for, what they are used for, and their fixed lengths.

Source: Managed HSM documentation, about keys; REST specification, JsonWebKeySignatureAlgorithm and
JsonWebKeyEncryptionAlgorithm. Quantum-resistant are AES with 256-bit keys (CNSA 2.0).

The REST specification has one enumeration for encrypt and wrapKey. The documentation gives each
name to one of the two but for RSA; what the other makes of it is not known: `perhaps`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from mhsm_model.tables.key_types import OCT_BITS, Family, KeyKind

__all__ = ["ALGORITHMS", "Algorithm", "Scheme", "Use", "suits"]


class Use(Enum):
    """The pairs of operations an algorithm serves."""

    SIGN = "sign"
    ENCRYPT = "encrypt"
    WRAP = "wrap"


class Scheme(Enum):
    """The construction behind an algorithm name; aliases share one."""

    RSASSA_PKCS1 = "RSASSA-PKCS1-v1_5"
    RSASSA_PSS = "RSASSA-PSS"
    RSA_RAW_PKCS1 = "PKCS #1 v1.5 block without DigestInfo"
    ECDSA = "ECDSA"
    HMAC = "HMAC"
    RSAES_PKCS1 = "RSAES-PKCS1-v1_5"
    RSAES_OAEP = "RSAES-OAEP"
    AES_GCM = "AES-GCM"
    AES_CBC = "AES-CBC, zero padding"
    AES_CBC_PAD = "AES-CBC, PKCS #7 padding"
    AES_KW = "AES key wrap"
    AES_KWP = "AES key wrap with padding"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One algorithm name. `digest_bytes` is the length `value` must have to be signed.

    `hash_name` is the hash of the signature, of OAEP or of the MAC; `bits` the AES key size that
    the name fixes; `curve` the only curve it is for. `since` is the api-version that brought it.
    `perhaps` are uses that the schema admits and no document gives it. `resistant_bits` is the key
    size that makes it quantum-resistant, None where none does.
    """

    name: str
    family: Family
    scheme: Scheme
    uses: frozenset[Use]
    hash_name: str | None = None
    digest_bytes: int | None = None
    curve: str | None = None
    bits: int | None = None
    since: str | None = None
    perhaps: frozenset[Use] = frozenset()
    resistant_bits: int | None = None

    def is_quantum_resistant(self, key_bits: int | None) -> bool:
        """Whether the algorithm resists quantum computers with a key of that many bits."""
        bits = key_bits if self.bits is None else self.bits
        return self.resistant_bits is not None and bits == self.resistant_bits


_SIGN = frozenset({Use.SIGN})
_ENCRYPT = frozenset({Use.ENCRYPT})
_WRAP = frozenset({Use.WRAP})
_BOTH = frozenset({Use.ENCRYPT, Use.WRAP})
_RESISTANT_AES_BITS = 256
"""Source: CNSA 2.0, which takes AES with 256-bit keys and no smaller ones."""

_DIGESTS = {"256": 32, "384": 48, "512": 64}


def _rows() -> tuple[Algorithm, ...]:
    rows: list[Algorithm] = []
    for bits, length in _DIGESTS.items():
        sha = f"SHA-{bits}"
        rows += [
            Algorithm(f"RS{bits}", Family.RSA, Scheme.RSASSA_PKCS1, _SIGN, sha, length),
            Algorithm(f"PS{bits}", Family.RSA, Scheme.RSASSA_PSS, _SIGN, sha, length),
            Algorithm(f"HS{bits}", Family.OCT, Scheme.HMAC, _SIGN, sha, since="7.6-preview.2"),
        ]
    rows += [
        Algorithm("RSNULL", Family.RSA, Scheme.RSA_RAW_PKCS1, _SIGN),
        Algorithm("ES256", Family.EC, Scheme.ECDSA, _SIGN, "SHA-256", 32, "P-256"),
        Algorithm("ES256K", Family.EC, Scheme.ECDSA, _SIGN, "SHA-256", 32, "P-256K"),
        Algorithm("ES384", Family.EC, Scheme.ECDSA, _SIGN, "SHA-384", 48, "P-384"),
        Algorithm("ES512", Family.EC, Scheme.ECDSA, _SIGN, "SHA-512", 64, "P-521"),
        Algorithm("RSA1_5", Family.RSA, Scheme.RSAES_PKCS1, _BOTH),
        Algorithm("RSA-OAEP", Family.RSA, Scheme.RSAES_OAEP, _BOTH, "SHA-1"),
        Algorithm("RSA-OAEP-256", Family.RSA, Scheme.RSAES_OAEP, _BOTH, "SHA-256"),
    ]
    for size in OCT_BITS:
        rows += [
            _aes(f"A{size}GCM", Scheme.AES_GCM, _ENCRYPT, size),
            _aes(f"A{size}CBC", Scheme.AES_CBC, _ENCRYPT, size),
            _aes(f"A{size}CBCPAD", Scheme.AES_CBC_PAD, _ENCRYPT, size),
            _aes(f"A{size}KW", Scheme.AES_KW, _WRAP, size),
        ]
    rows += [
        _aes("CKM_AES_KEY_WRAP", Scheme.AES_KW, _WRAP, since="7.6-preview.2"),
        _aes("CKM_AES_KEY_WRAP_PAD", Scheme.AES_KWP, _WRAP, since="7.6-preview.2"),
    ]
    return tuple(rows)


def _aes(
    name: str,
    scheme: Scheme,
    uses: frozenset[Use],
    bits: int | None = None,
    since: str | None = None,
) -> Algorithm:
    return Algorithm(
        name,
        Family.OCT,
        scheme,
        uses,
        bits=bits,
        since=since,
        perhaps=_BOTH - uses,
        resistant_bits=_RESISTANT_AES_BITS,
    )


ALGORITHMS: Final[dict[str, Algorithm]] = {row.name: row for row in _rows()}


def suits(algorithm: Algorithm, kind: KeyKind) -> bool | None:
    """Whether the algorithm is for keys of that kind; None where the kind is not known."""
    if algorithm.family is not kind.family:
        return False
    if algorithm.curve is not None:
        return None if kind.curve is None else algorithm.curve == kind.curve
    if algorithm.bits is not None:
        return None if kind.bits is None else algorithm.bits == kind.bits
    return True
