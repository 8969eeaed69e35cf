"""Operators on a 401: the challenge, its body, and what else it may be taken for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mhsm_conformance.corruption.operator import (
    Alteration,
    Blindness,
    Operator,
    Seen,
    Sight,
    Unseen,
    altered,
    corrupting,
)
from mhsm_conformance.corruption.session import Place

__all__ = ["CHALLENGES"]

_HEADER: Final = "www-authenticate"
_TENANT: Final = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
_FORM: Final = ("AUTH-201",)


def _challenged(place: Place) -> str | None:
    return place.answered.headers.get(_HEADER) if place.status == 401 else None


def _rewritten(
    name: str, sentence: str, change: Callable[[str], str | None], clauses: tuple[str, ...] = _FORM
) -> Operator:
    def corrupts(place: Place) -> Alteration | None:
        header = _challenged(place)
        if header is None or change(header) == header:
            return None
        return altered(place, place.with_header(_HEADER, change(header)), Seen(clauses))

    return Operator(name, sentence, corrupts)


@corrupting("challenge-other-tenant")
def other_tenant(place: Place) -> Alteration | None:
    """Name another tenant's authority in the challenge."""
    header = _challenged(place)
    if header is None or 'authorization="' not in header:
        return None
    before, _, after = header.partition('authorization="')
    authority, _, rest = after.partition('"')
    made = f'{before}authorization="{authority.rpartition("/")[0]}/{_TENANT}"{rest}'
    return altered(place, place.with_header(_HEADER, made), _another_challenge(place))


def _another_challenge(place: Place) -> Sight:
    indices = [*range(place.index), *range(place.index + 1, len(place.session.exchanges))]
    for index in indices:
        exchange = place.session.exchanges[index]
        same = exchange.sent.host == place.sent.host and exchange.plane == "data"
        if same and exchange.answered.status == 401 and _HEADER in exchange.answered.headers:
            return Seen(("AUTH-202",), later=index > place.index)
    return Unseen(Blindness.FIRST_SIGHT)


@corrupting("challenge-as-error")
def challenge_as_error(place: Place) -> Alteration | None:
    """Answer 401 with the JSON error of a vault as its body."""
    if place.status != 401:
        return None
    error = {"error": {"code": "Unauthorized", "message": "AKV10000: Request is missing a token"}}
    return altered(place, place.with_document(error), Seen(("AUTH-002",)))


@corrupting("challenge-body-of-other-verb")
def body_of_other_verb(place: Place) -> Alteration | None:
    """Answer 401 to GET without a body, and to another method with the body OK."""
    if place.status != 401:
        return None
    body = b"" if place.answered.body else b"OK"
    return altered(place, replace(place.answered, body=body), Seen(("AUTH-002",)))


@corrupting("challenge-as-403")
def challenge_as_forbidden(place: Place) -> Alteration | None:
    """Answer with 403 where 401 was due, body and challenge as they were."""
    if place.status != 401:
        return None
    return altered(place, replace(place.answered, status=403), Seen(("AUTH-201", "ERR-101")))


@corrupting("challenge-as-success")
def challenge_as_success(place: Place) -> Alteration | None:
    """Answer with 200 where 401 was due, without a body."""
    if place.status != 401:
        return None
    reply = replace(place.answered, status=200, body=b"")
    return altered(place, reply, Seen(("AUTH-201", "WIRE-001", "WIRE-002")))


@corrupting("success-challenged")
def success_challenged(place: Place) -> Alteration | None:
    """Challenge a caller whose token was good, with a challenge of the same session and method."""
    if not place.succeeded:
        return None
    for exchange in place.session.exchanges:
        same = (exchange.sent.host, exchange.sent.method) == (place.sent.host, place.sent.method)
        if same and exchange.plane == "data" and exchange.answered.status == 401:
            return altered(place, exchange.answered, Unseen(Blindness.UNRECORDED))
    return None


CHALLENGES: Final[tuple[Operator, ...]] = (
    _rewritten("challenge-missing", "Leave out the challenge of a 401.", lambda header: None),
    _rewritten(
        "challenge-basic",
        "Challenge with another scheme.",
        lambda header: header.replace("Bearer", "Basic", 1),
    ),
    _rewritten(
        "challenge-vault",
        "Name the resource of a standard vault in the challenge.",
        lambda header: header.replace("managedhsm.azure", "vault.azure"),
    ),
    _rewritten(
        "challenge-other-authority",
        "Name an authority on another host in the challenge.",
        lambda header: header.replace("https://login.", "https://sign-in.", 1),
    ),
    _rewritten(
        "challenge-without-resource",
        "Leave the resource out of the challenge.",
        lambda header: header.partition(", resource")[0],
    ),
    _rewritten(
        "challenge-unquoted",
        "Leave out the quotes in the challenge.",
        lambda header: header.replace('"', ""),
    ),
    other_tenant,
    challenge_as_error,
    body_of_other_verb,
    challenge_as_forbidden,
    challenge_as_success,
    success_challenged,
)
