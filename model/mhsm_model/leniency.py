"""Open questions about messages that clients do not send: each may be refused, or carried out.

What is carried out is judged like any other call; what is refused needs no other reason.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mhsm_model.belief import advanced
from mhsm_model.clauses import Basis, Clause, Kind, Level, Source, declare
from mhsm_model.exchange import Call, Refused, Reply, Unauthenticated
from mhsm_model.judgement import Judgement, shown
from mhsm_model.oddities import Oddity
from mhsm_model.sources import (
    AUTHENTICATION,
    HEADERS_TOO_LARGE,
    HTTP_1_1,
    HTTP_SEMANTICS,
    REST,
)
from mhsm_model.state import Estate

__all__ = ["LENIENCY", "with_leniency"]


def _question(
    identifier: str,
    prose: str,
    basis: Basis = Basis.DOCUMENTED,
    sources: tuple[Source, ...] = (REST, AUTHENTICATION),
) -> Clause:
    return declare(
        identifier, prose, level=Level.OPEN, basis=basis, sources=sources, kind=Kind.QUESTION
    )


LENIENCY: Final = {
    Oddity.BASE64: _question(
        "WIRE-210", "Refuse base64 with padding, white space or the letters of plain base64."
    ),
    Oddity.CONTENT_TYPE: _question("WIRE-211", "Refuse a body that is not announced as JSON."),
    Oddity.IDLE_BODY: _question("WIRE-212", "Refuse a body where the operation has none."),
    Oddity.NULL: _question("WIRE-213", "Refuse a member that is null."),
    Oddity.PATH: _question(
        "WIRE-214", "Refuse a path with segments of dots, needless escapes or slashes at its end."
    ),
    Oddity.QUERY: _question(
        "WIRE-215", "Refuse a query that has a member twice, or one that no operation knows."
    ),
    Oddity.REPEATED_MEMBER: _question("WIRE-216", "Refuse a body in which a member stands twice."),
    Oddity.STRANGE_MEMBER: _question(
        "WIRE-217", "Refuse a body with a member that the operation's schema lacks."
    ),
    Oddity.LARGE_BODY: _question(
        "WIRE-218", "Refuse a body of more than 1 MiB.", Basis.INFERRED, (HTTP_SEMANTICS,)
    ),
    Oddity.LONG_LINE: _question(
        "WIRE-219", "Refuse a request line of more than 8000 octets.", Basis.INFERRED, (HTTP_1_1,)
    ),
    Oddity.LONG_HEADERS: _question(
        "WIRE-220", "Refuse headers of more than 16 KiB.", Basis.INFERRED, (HEADERS_TOO_LARGE,)
    ),
    Oddity.METHOD: declare(
        "API-011",
        "Take POST with the header X-HTTP-METHOD for the method PUT, PATCH or DELETE in it.",
        level=Level.MAY,
        basis=Basis.DOCUMENTED,
        sources=(AUTHENTICATION,),
        kind=Kind.CHOICE,
    ),
}
"""The open question, or the lawful choice, about each oddity."""

_SIZES: Final = frozenset({Oddity.LARGE_BODY, Oddity.LONG_HEADERS, Oddity.LONG_LINE})
_SIZE_STATUSES: Final = (413, 414, 431)
"""Content, line and header fields that are too large. Source: RFC 9110, 15.5; RFC 6585, 5."""


def with_leniency(judgement: Judgement, estate: Estate, call: Call, reply: Reply) -> Judgement:
    """The judgement of an odd message, given the one that it would have if it were not odd.

    `estate` is what was known before the call.
    """
    large = call.oddities & _SIZES
    for_size = bool(large) and isinstance(reply, Refused) and reply.status in _SIZE_STATUSES
    reasons = large if for_size else call.oddities
    asked = sorted((LENIENCY[oddity] for oddity in reasons), key=lambda c: c.identifier)
    if isinstance(reply, Refused):
        if for_size or (judgement.breaches and 400 <= reply.status <= 499):
            told = tuple((clause, f"refused: {shown(reply)}") for clause in asked)
            return Judgement(advanced(estate), answers=told)
        return judgement
    if isinstance(reply, Unauthenticated):
        return judgement
    told = tuple((clause, "carried out") for clause in asked)
    return replace(judgement, answers=(*judgement.answers, *told))
