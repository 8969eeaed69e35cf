"""Ciphertexts made by hand by whoever has the key: wrong in one part and right in all others."""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from mhsm_model.relations.secrets import OctSecret, RsaSecret

__all__ = ["WRAPPED_HEAD", "key_wrap", "oaep"]

WRAPPED_HEAD: Final = bytes.fromhex("a65959a6")
"""How a wrap with padding begins, before the length in 4 bytes. Source: RFC 5649 section 3."""

_HALF: Final = 8
_ROUNDS: Final = 6


def key_wrap(secret: OctSecret, head: bytes, body: bytes) -> bytes:
    """The body wrapped under a head of choice: 8 bytes, and 16 or more in whole halves of a block.

    Source: RFC 3394 section 2.2.1; the head is its initial value.
    """
    encryptor = Cipher(algorithms.AES(secret.value), modes.ECB()).encryptor()
    halves = [body[place : place + _HALF] for place in range(0, len(body), _HALF)]
    for turn in range(_ROUNDS):
        for place, half in enumerate(halves):
            block = encryptor.update(head + half)
            count = turn * len(halves) + place + 1
            head = (int.from_bytes(block[:_HALF]) ^ count).to_bytes(_HALF)
            halves[place] = block[_HALF:]
    return head + b"".join(halves)


def oaep(
    secret: RsaSecret, hash_name: str, first: int = 0, label: bytes = b"", mark: int = 1
) -> bytes:
    """A ciphertext of RSAES-OAEP; `first` and `mark` are the bytes that should be 0 and 1.

    Source: RFC 8017 section 7.1.1.
    """
    numbers = secret.key.public_key().public_numbers()
    width = (numbers.n.bit_length() + 7) // 8
    label_hash = hashlib.new(hash_name, label).digest()
    size = len(label_hash)
    message = b"made outside"
    filler = bytes(width - 2 * size - 2 - len(message))
    block = label_hash + filler + bytes([mark]) + message
    seed = bytes(range(size))
    masked = _masked(block, seed, hash_name)
    encoded = bytes([first]) + _masked(seed, masked, hash_name) + masked
    return pow(int.from_bytes(encoded), numbers.e, numbers.n).to_bytes(width)


def _masked(value: bytes, seed: bytes, hash_name: str) -> bytes:
    """The value under a mask of MGF1. Source: RFC 8017 appendix B.2.1."""
    mask, counter = b"", 0
    while len(mask) < len(value):
        mask += hashlib.new(hash_name, seed + counter.to_bytes(4)).digest()
        counter += 1
    return bytes(one ^ other for one, other in zip(value, mask, strict=False))
