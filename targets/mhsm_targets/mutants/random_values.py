"""Mutants whose random bytes are not what they should be."""

from __future__ import annotations

import hashlib

from mhsm_model.exchange import Call, GetRandomBytes, RandomBytes, Reply
from mhsm_model.state import Estate
from mhsm_targets.mutants.mutant import wrong_reply

__all__: list[str] = []


@wrong_reply("RNG-001")
def random_bytes_lack_one(call: Call, reply: Reply, before: Estate) -> Reply:
    """Gives one random byte too few, where more than 100 are asked for."""
    if not isinstance(reply, RandomBytes) or len(reply.value) <= 100:
        return reply
    return RandomBytes(reply.value[:-1])


@wrong_reply("RNG-001")
def random_bytes_in_whole_words(call: Call, reply: Reply, before: Estate) -> Reply:
    """Gives random bytes in words of four."""
    if not isinstance(reply, RandomBytes):
        return reply
    return RandomBytes(reply.value + bytes(-len(reply.value) % 4))


@wrong_reply("RNG-005")
def random_bytes_repeat(call: Call, reply: Reply, before: Estate) -> Reply:
    """Begins the same sequence of random bytes at every call."""
    if not isinstance(reply, RandomBytes):
        return reply
    return RandomBytes(hashlib.shake_256(b"seed").digest(len(reply.value)))


@wrong_reply("RNG-005")
def instances_share_their_randomness(call: Call, reply: Reply, before: Estate) -> Reply:
    """Gives the n-th random value of every instance alike."""
    request = call.request
    if not isinstance(reply, RandomBytes) or not isinstance(request, GetRandomBytes):
        return reply
    given = len(before.instances[call.host].drawn)
    return RandomBytes(hashlib.shake_256(b"%d" % given).digest(request.count))


@wrong_reply("RNG-203")
def random_bytes_fill_a_buffer(call: Call, reply: Reply, before: Estate) -> Reply:
    """Fills the answer with copies of eight random bytes."""
    if not isinstance(reply, RandomBytes):
        return reply
    count = len(reply.value)
    return RandomBytes((reply.value[:8] * count)[:count])


@wrong_reply("RNG-203")
def random_bytes_end_in_zeros(call: Call, reply: Reply, before: Estate) -> Reply:
    """Gives 16 random bytes, and zero bytes behind them."""
    if not isinstance(reply, RandomBytes):
        return reply
    count = len(reply.value)
    return RandomBytes(reply.value[:16].ljust(count, b"\0"))


@wrong_reply("RNG-005")
def random_bytes_of_a_block(call: Call, reply: Reply, before: Estate) -> Reply:
    """Gives the same 32 random bytes again and again where more are asked for."""
    if not isinstance(reply, RandomBytes):
        return reply
    count = len(reply.value)
    return RandomBytes((reply.value[:32] * 4)[:count])


@wrong_reply("RNG-203")
def random_bytes_are_zero(call: Call, reply: Reply, before: Estate) -> Reply:
    """Gives zero bytes."""
    return RandomBytes(bytes(len(reply.value))) if isinstance(reply, RandomBytes) else reply
