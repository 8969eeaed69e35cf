"""Facts: points of the functions that a piece of material computes, kept as digests.

A fact belongs to a function, not to an algorithm name. CBC with either padding is the same block
permutation, so both names share its facts; an encryption teaches what decryption must give. The
mechanism names that are said to mean AES key wrap too are functions of their own, compared by a
clause that says so. Values are digests of 16 bytes, so that no plaintext is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from mhsm_model.material import Fact, Material
from mhsm_model.relations.encryption import BLOCK_BYTES, Ciphertext, padded, unfilled
from mhsm_model.tables.algorithms import Algorithm, Scheme, Use

__all__ = [
    "DIGEST_BYTES",
    "MADE",
    "aad_given",
    "block_facts",
    "decryption_given",
    "digest",
    "encryption_facts",
    "gcm_iv_fact",
    "is_point",
    "mac_given",
    "point_of",
    "recall",
    "unwrapping_given",
    "use_given",
    "wrapping_function",
    "wrapping_given",
]


DIGEST_BYTES: Final = 16

MADE: Final = b"made"
"""What is remembered of a ciphertext that was made here and whose plaintext cannot be told."""


def digest(*parts: bytes) -> bytes:
    """A digest of the parts that tells apart where one ends and the next begins."""
    hashed = blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        hashed.update(len(part).to_bytes(4))
        hashed.update(part)
    return hashed.digest()


def recall(material: Material, given: bytes) -> bytes | None:
    """The digest of what the function gave, or None where that point is not known."""
    return material.facts.get(given)


def is_point(fact: Fact) -> bool:
    """Whether the fact is an input with its output, and not a note that something happened."""
    return len(fact[1]) == DIGEST_BYTES


def point_of(fact: Fact) -> bytes:
    """The digest of a point of a function, which no other material's function goes through."""
    return digest(*fact)


def mac_given(algorithm: Algorithm, message: bytes) -> bytes:
    """Where the MAC of the message is remembered."""
    return digest(b"mac", algorithm.name.encode(), message)


def gcm_iv_fact(iv: bytes) -> Fact:
    """The fact that an iv was used for GCM under this material."""
    return digest(b"gcm iv", iv), b"used"


def decryption_given(algorithm: Algorithm, ciphertext: Ciphertext, aad: bytes | None) -> bytes:
    """Where the plaintext of a ciphertext is remembered, for all but CBC."""
    if algorithm.scheme is Scheme.AES_GCM:
        iv, tag = ciphertext.iv or b"", ciphertext.tag or b""
        return digest(b"gcm", iv, tag, unfilled(aad), ciphertext.value)
    if algorithm.scheme in (Scheme.AES_KW, Scheme.AES_KWP):
        return unwrapping_given(wrapping_function(algorithm), ciphertext.value)
    return digest(b"rsa", algorithm.name.encode(), ciphertext.value)


def wrapping_function(algorithm: Algorithm) -> str:
    """The function that a key-wrapping name means: one for A*KW, and one for each mechanism."""
    return "RFC 3394" if algorithm.bits is not None else algorithm.name


def wrapping_given(function: str, plaintext: bytes) -> bytes:
    """Where it is remembered what a deterministic key wrap made of the plaintext."""
    return digest(b"wrap", function.encode(), plaintext)


def unwrapping_given(function: str, wrapped: bytes) -> bytes:
    """Where it is remembered what a wrapped key unwraps to."""
    return digest(b"unwrap", function.encode(), wrapped)


def use_given(algorithm: Algorithm, use: Use, ciphertext: Ciphertext) -> bytes:
    """Where it is remembered that an RSA ciphertext came of encrypt, or of wrapKey."""
    return digest(b"use", use.value.encode(), algorithm.name.encode(), ciphertext.value)


def aad_given(ciphertext: Ciphertext, aad: bytes | None) -> bytes:
    """Where it is remembered that a GCM ciphertext was made with just this aad."""
    return digest(b"gcm aad", ciphertext.iv or b"", ciphertext.tag or b"", aad or b"")


def block_facts(blocks: bytes, ciphertext: bytes, iv: bytes) -> Iterator[Fact]:
    """The points of the block permutation that a CBC encryption reveals, in both directions."""
    chained = iv
    for start in range(0, len(ciphertext), BLOCK_BYTES):
        cipher_block = ciphertext[start : start + BLOCK_BYTES]
        plain = blocks[start : start + BLOCK_BYTES]
        entered = (int.from_bytes(plain) ^ int.from_bytes(chained)).to_bytes(BLOCK_BYTES)
        yield digest(b"block", entered), digest(cipher_block)
        yield digest(b"unblock", cipher_block), digest(entered)
        chained = cipher_block


def encryption_facts(
    algorithm: Algorithm, plaintext: bytes, ciphertext: Ciphertext, aad: bytes | None
) -> tuple[Fact, ...]:
    """Everything that an encryption tells about the material.

    For a decryption pass the plaintext that came out: the facts are the same.
    """
    if algorithm.scheme in (Scheme.AES_CBC, Scheme.AES_CBC_PAD):
        blocks = padded(algorithm, plaintext)
        if ciphertext.iv is None or len(blocks) != len(ciphertext.value):
            return ()
        return tuple(block_facts(blocks, ciphertext.value, ciphertext.iv))
    fact = decryption_given(algorithm, ciphertext, aad), digest(plaintext)
    if algorithm.scheme is Scheme.AES_KW and (len(plaintext) % 8 or len(plaintext) < 16):
        # Key wrap is not defined for it: that it was made here is all that is known.
        return ((decryption_given(algorithm, ciphertext, aad), MADE),)
    if algorithm.scheme in (Scheme.AES_KW, Scheme.AES_KWP):
        given = wrapping_given(wrapping_function(algorithm), plaintext)
        return fact, (given, digest(ciphertext.value))
    if algorithm.scheme is not Scheme.AES_GCM:
        return (fact,)
    return fact, (aad_given(ciphertext, aad), b"exact")
