"""Random bytes from the HSM. POST /rng."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import GetRandomBytes, RandomBytes
from mhsm_model.findings import VACUOUS, Finding, expect
from mhsm_model.operations.access import ACCESS, caller_is_authenticated, is_older
from mhsm_model.operations.operation import Effect, Hand, Operation
from mhsm_model.relations.facts import digest
from mhsm_model.rules import Objection, Perhaps, guard, postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import RECORDED_CLI, RECORDED_GO, RECORDED_JS, RECORDED_PYTHON, REST
from mhsm_model.tables.errors import bad_parameter, unseen

__all__ = ["GET_RANDOM_BYTES"]

_MOST_BYTES: Final = 128
_TELLING_BYTES: Final = 16
"""From this length on two equal values are no chance."""

_LONGEST_PERIOD: Final = 8

_SINCE: Final = "7.3-preview"
_RECORDED: Final = (RECORDED_GO, RECORDED_PYTHON, RECORDED_JS, RECORDED_CLI)


@guard(
    "RNG-002",
    basis=Basis.OBSERVED,
    sources=(RECORDED_GO, REST),
    presupposes=(caller_is_authenticated,),
    since="7.3-preview",
)
def count_is_permitted(s: Situation[GetRandomBytes], /) -> Objection:
    """Refuse a count under 1 or over 128: 400 BadParameter."""
    if 1 <= s.request.count <= _MOST_BYTES:
        return None
    text = "GetRandomBytesRequest: count cannot be greater than 128 or less than 1"
    return bad_parameter(text)


@guard(
    "RNG-202",
    level=Level.OPEN,
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    presupposes=(caller_is_authenticated,),
)
def random_bytes_are_in_force(s: Situation[GetRandomBytes], /) -> Objection:
    """Refuse to give random bytes under an api-version older than 7.3."""
    if not is_older(s, _SINCE):
        return None
    return Perhaps(unseen(404, "NotFound", "The api-version has no random bytes"))


@postcondition("RNG-001", basis=Basis.OBSERVED, sources=(REST, *_RECORDED), since="7.3-preview")
def value_is_as_long_as_asked(s: Situation[GetRandomBytes], reply: RandomBytes, /) -> Finding:
    """Give just as many random bytes as the request counts."""
    wanted = s.request.count
    return expect(len(reply.value) == wanted, f"{wanted} bytes", f"{len(reply.value)} bytes")


def _pieces(value: bytes, step: int) -> Iterator[bytes]:
    """Pieces of the value that are too long to be equal by chance, one at every `step` bytes."""
    for start in range(0, len(value) - _TELLING_BYTES + 1, step):
        yield digest(value[start : start + _TELLING_BYTES])


@postcondition("RNG-005", basis=Basis.OBSERVED, sources=_RECORDED, since="7.3-preview")
def value_is_fresh(s: Situation[GetRandomBytes], reply: RandomBytes, /) -> Finding:
    """Give no 31 random bytes that any instance gave before, and no 16 twice in one answer."""
    given = list(_pieces(reply.value, 1))
    if not given:
        return VACUOUS
    drawn = [instance.drawn for instance in s.estate.instances.values()]
    before = any(piece in earlier for earlier in drawn for piece in given)
    fresh = not before and len(set(given)) == len(given)
    return expect(fresh, "bytes not given before", "those of an earlier answer, or of this one")


@postcondition("RNG-203", basis=Basis.OBSERVED, sources=_RECORDED, since="7.3-preview")
def value_is_no_pattern(s: Situation[GetRandomBytes], reply: RandomBytes, /) -> Finding:
    """Give random bytes in which no pattern of one to eight bytes goes on for eight more."""
    value = reply.value
    if len(value) < _TELLING_BYTES:
        return VACUOUS
    repeated = any(_repeats(value, period) for period in range(1, _LONGEST_PERIOD + 1))
    return expect(not repeated, "bytes without a pattern", "a repetition")


def _repeats(value: bytes, period: int) -> bool:
    """Whether eight bytes in a row are those that stand `period` bytes before them."""
    shifted = zip(value, value[period:], strict=False)
    told = "".join("=" if one == other else "." for one, other in shifted)
    return "=" * _LONGEST_PERIOD in told


def _answer(s: Situation[GetRandomBytes], hand: Hand, /) -> RandomBytes:
    return RandomBytes(hand.entropy.octets(s.request.count))


def _effect(s: Situation[GetRandomBytes], reply: RandomBytes, /) -> Effect:
    """Nothing changes; the bytes are remembered, as none may come twice."""
    drawn = s.instance.drawn.update(dict.fromkeys(_pieces(reply.value, _TELLING_BYTES)))
    return Effect(s.entry, instance=replace(s.instance, drawn=drawn))


GET_RANDOM_BYTES: Final[Operation[GetRandomBytes, RandomBytes]] = Operation(
    name="GetRandomBytes",
    request=GetRandomBytes,
    reply=RandomBytes,
    guards=(*ACCESS, count_is_permitted, random_bytes_are_in_force),
    ensures=(value_is_as_long_as_asked, value_is_fresh, value_is_no_pattern),
    answers=_answer,
    effect=_effect,
)
