"""AES key wrap over single AES blocks of the token, for modules that lack it or get it wrong.

Source: RFC 3394 sections 2.2.1 and 2.2.2; RFC 5649 sections 4.1 and 4.2.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final

__all__ = ["key_unwrapped", "key_wrapped", "padded_unwrapped", "padded_wrapped", "unwrapped_parts"]

Block = Callable[[bytes], bytes]

_HALF: Final = 8
_ROUNDS: Final = 6
_INITIAL: Final = bytes.fromhex("a6a6a6a6a6a6a6a6")
_MARK: Final = bytes.fromhex("a65959a6")
_MARK_BYTES: Final = 4


def key_wrapped(plaintext: bytes, encrypt: Block) -> bytes:
    """The plaintext wrapped by RFC 3394; `encrypt` encrypts one block.

    Raises ValueError where the plaintext is no multiple of 8 bytes, or has fewer than 16.
    """
    if len(plaintext) < 2 * _HALF or len(plaintext) % _HALF:
        raise ValueError("the value is no multiple of 8 bytes, or has fewer than 16")
    return _wrapped(_INITIAL, plaintext, encrypt)


def key_unwrapped(value: bytes, decrypt: Block) -> bytes | None:
    """The plaintext, or None where the value was not wrapped by RFC 3394 under this key.

    `decrypt` decrypts one block. Raises ValueError where the length is one that no wrapping gives.
    """
    if len(value) < 3 * _HALF or len(value) % _HALF:
        raise ValueError("the value is no wrapped key")
    head, body = unwrapped_parts(value, decrypt)
    return body if hmac.compare_digest(head, _INITIAL) else None


def padded_wrapped(plaintext: bytes, encrypt: Block) -> bytes:
    """The plaintext wrapped by RFC 5649. Raises ValueError for an empty one."""
    if not plaintext:
        raise ValueError("there is nothing to wrap")
    head = _MARK + len(plaintext).to_bytes(_MARK_BYTES)
    body = plaintext + bytes(-len(plaintext) % _HALF)
    return encrypt(head + body) if len(body) == _HALF else _wrapped(head, body, encrypt)


def padded_unwrapped(value: bytes, decrypt: Block) -> bytes | None:
    """The plaintext, or None where the value was not wrapped by RFC 5649 under this key.

    Raises ValueError where the length is one that no wrapping gives.
    """
    if len(value) < 2 * _HALF or len(value) % _HALF:
        raise ValueError("the value is no wrapped key")
    if len(value) == 2 * _HALF:
        block = decrypt(value)
        return _plain(block[:_HALF], block[_HALF:])
    return _plain(*unwrapped_parts(value, decrypt))


def _mixed(half: bytes, step: int) -> bytes:
    return (int.from_bytes(half) ^ step).to_bytes(_HALF)


def _wrapped(head: bytes, body: bytes, encrypt: Block) -> bytes:
    halves = [body[place : place + _HALF] for place in range(0, len(body), _HALF)]
    for turn in range(_ROUNDS):
        for place, half in enumerate(halves):
            block = encrypt(head + half)
            head = _mixed(block[:_HALF], turn * len(halves) + place + 1)
            halves[place] = block[_HALF:]
    return head + b"".join(halves)


def unwrapped_parts(value: bytes, decrypt: Block) -> tuple[bytes, bytes]:
    """What was wrapped, its first 8 bytes by themselves, whatever they say."""
    head = value[:_HALF]
    halves = [value[place : place + _HALF] for place in range(_HALF, len(value), _HALF)]
    for turn in reversed(range(_ROUNDS)):
        for place in reversed(range(len(halves))):
            mixed = _mixed(head, turn * len(halves) + place + 1)
            block = decrypt(mixed + halves[place])
            head, halves[place] = block[:_HALF], block[_HALF:]
    return head, b"".join(halves)


def _plain(head: bytes, body: bytes) -> bytes | None:
    length = int.from_bytes(head[_MARK_BYTES:])
    marked = hmac.compare_digest(head[:_MARK_BYTES], _MARK)
    filled = len(body) - _HALF < length <= len(body)
    empty = not any(body[length:]) if filled else False
    return body[:length] if marked and filled and empty else None
