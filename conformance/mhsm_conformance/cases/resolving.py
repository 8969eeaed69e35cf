"""From terms to values: links are followed to what the target at hand has replied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from mhsm_conformance.cases.provenance import PAGE_MEMBERS
from mhsm_conformance.cases.request_kinds import KINDS
from mhsm_conformance.cases.terms import (
    Clock,
    Joined,
    LeftOut,
    Made,
    Shown,
    Taken,
    Term,
)
from mhsm_conformance.steps import summary
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.base64url import encoded
from mhsm_model.exchange import KeyPage, Reply

__all__ = ["LinkError", "resolved"]


class LinkError(Exception):
    """A value cannot be had: a reply does not show it, or the case does not hold it."""


def resolved(term: Term, replies: Mapping[int, Reply], now: int) -> Any:
    """The value of a term: `replies` are those so far by step, `now` the target's clock.

    Raises LinkError.
    """
    match term:
        case Made(kind, members):
            made = KINDS[kind]
            return made(**{name: resolved(member, replies, now) for name, member in members})
        case Taken():
            return _taken(term, replies)
        case Joined(pieces):
            parts = [_taken(p, replies) if isinstance(p, Taken) else p for p in pieces]
            if all(isinstance(part, str) for part in parts):
                return "".join(str(part) for part in parts)
            if any(isinstance(part, str) for part in parts):
                raise LinkError("some parts of it are text and some are bytes")
            return b"".join(bytes(part) for part in parts if isinstance(part, bytes))
        case Clock(offset):
            return now + offset
        case LeftOut(why):
            raise LinkError(f"the case does not hold {why}")
        case _:
            return term


def _taken(taken: Taken, replies: Mapping[int, Reply]) -> str | bytes:
    source = taken.source
    if isinstance(source, Shown):
        found = _shown(source, replies)
    else:
        found = getattr(sample_key(source.kind, source.serial), source.member)
        if found is None:
            raise LinkError(f"a sample {source.kind} has no member {source.member}")
    piece = found[taken.start : taken.stop]
    if taken.flips:
        piece = _flipped(piece, taken)
    if not taken.as_text:
        return piece
    if isinstance(piece, str):
        raise LinkError("it is text already, and not bytes")
    return encoded(piece)


def _flipped(piece: str | bytes, taken: Taken) -> bytes:
    if isinstance(piece, str):
        raise LinkError("a text has no bits to flip")
    changed = bytearray(piece)
    for place, mask in taken.flips:
        if not -len(changed) <= place < len(changed) or not 0 <= mask < 256:
            raise LinkError(f"there is no byte {place} in the {len(changed)} bytes of it")
        changed[place] ^= mask
    return bytes(changed)


def _shown(source: Shown, replies: Mapping[int, Reply]) -> str | bytes:
    reply = replies[source.step]
    found = _member(reply, source.member)
    if not isinstance(found, str | bytes):
        raise LinkError(f"the reply to step {source.step} has no {source.member}: {summary(reply)}")
    return found


def _member(reply: Reply, member: str) -> Any:
    if member in PAGE_MEMBERS:
        return PAGE_MEMBERS[member](reply) if isinstance(reply, KeyPage) else None
    value: Any = reply
    for name in member.split("."):
        if isinstance(value, tuple):
            items = cast("Sequence[Any]", value)
            value = items[int(name)] if int(name) < len(items) else None
        else:
            value = getattr(cast("object", value), name, None)
    return value
