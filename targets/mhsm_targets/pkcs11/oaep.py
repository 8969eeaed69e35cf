"""RSAES-OAEP outside the token, for modules that lack it with a hash.

Source: RFC 8017 sections 7.1.1 and 7.1.2. The label is empty.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

__all__ = ["mask", "oaep_decoded", "oaep_encoded", "xor"]

_NAMES: Final = {"SHA-1": "sha1", "SHA-256": "sha256"}
_COUNTER_BYTES: Final = 4


def mask(seed: bytes, length: int, name: str) -> bytes:
    """MGF1 with a hash of `hashlib`. Source: RFC 8017 appendix B.2.1."""
    size = hashlib.new(name).digest_size
    blocks = (
        hashlib.new(name, seed + counter.to_bytes(_COUNTER_BYTES)).digest()
        for counter in range((length + size - 1) // size)
    )
    return b"".join(blocks)[:length]


def xor(one: bytes, other: bytes) -> bytes:
    """Two values of equal length, bit by bit."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))


def oaep_encoded(message: bytes, modulus_bytes: int, hash_name: str, seed: bytes) -> bytes:
    """The message encoded to the length of the modulus; `seed` is as long as the hash.

    Raises ValueError where the message is too long.
    """
    name = _NAMES[hash_name]
    label_hash = hashlib.new(name).digest()
    room = modulus_bytes - 2 * len(label_hash) - 2
    if len(message) > room:
        raise ValueError(f"OAEP takes at most {room} bytes here")
    block = label_hash + bytes(room - len(message)) + b"\1" + message
    masked = xor(block, mask(seed, len(block), name))
    return b"\0" + xor(seed, mask(masked, len(seed), name)) + masked


def oaep_decoded(encoded: bytes, hash_name: str) -> bytes | None:
    """The message in an encoded block as long as the modulus, or None where the padding is wrong.

    Every byte is looked at whatever the others are, and there is one way to fail, so that neither
    the answer nor its time tells what was wrong (RFC 8017 section 7.1.2, note).
    """
    name = _NAMES[hash_name]
    label_hash = hashlib.new(name).digest()
    size = len(label_hash)
    masked_seed, masked = encoded[1 : 1 + size], encoded[1 + size :]
    seed = xor(masked_seed, mask(masked, size, name))
    block = xor(masked, mask(seed, len(masked), name))
    wrong = encoded[0] | (not hmac.compare_digest(block[:size], label_hash))
    looking, start = 1, 0
    for place in range(size, len(block)):
        octet = block[place]
        is_one = ((octet ^ 1) - 1) >> 8 & 1
        is_zero = (octet - 1) >> 8 & 1
        start |= (place + 1) * (looking & is_one)
        wrong |= looking & (1 - is_one) & (1 - is_zero)
        looking &= 1 - is_one
    message = block[start:]
    return None if wrong | looking else message
