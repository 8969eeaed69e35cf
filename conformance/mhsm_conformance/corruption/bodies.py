"""Operators on the bytes of a body: none, too many, cut short, or in another alphabet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, cast

from mhsm_conformance.corruption.absences import at_path
from mhsm_conformance.corruption.operator import (
    Alteration,
    Operator,
    Seen,
    altered,
    corrupting,
)
from mhsm_conformance.corruption.session import Place
from mhsm_conformance.corruption.sightings import member_at

__all__ = ["BODIES"]

_SCHEMA: Final = ("WIRE-001", "ERR-101")
_BINARY: Final = ("value", "iv", "tag", "aad", "n", "e", "x", "y", "data")


def _rewritten(name: str, sentence: str, change: Callable[[bytes], bytes]) -> Operator:
    """The operator that changes the bytes of a JSON body."""

    def corrupts(place: Place) -> Alteration | None:
        if place.shown is None or place.status == 401:
            return None
        body = change(place.answered.body)
        return altered(place, replace(place.answered, body=body), Seen(_SCHEMA))

    return Operator(name, sentence, corrupts)


@corrupting("no-content-with-body")
def no_content_with_body(place: Place) -> Alteration | None:
    """Send a body with 204."""
    if place.status != 204:
        return None
    return altered(place, replace(place.answered, body=b"{}"), Seen(("WIRE-203",)))


def _reencoded(name: str, sentence: str, change: Callable[[str], str]) -> Operator:
    """The operator that writes one binary member of a success in another form."""

    def corrupts(place: Place) -> Alteration | None:
        if not place.succeeded or place.shown is None:
            return None
        document = place.document()
        paths = [path for path in _binary(document) if change(at_path(document, path)) != ""]
        if not paths:
            return None
        path = paths[place.draw(name, len(paths))]
        at_path(document, path[:-1])[path[-1]] = change(at_path(document, path))
        return altered(place, place.with_document(document), Seen(("API-004", "WIRE-001")))

    return Operator(name, sentence, corrupts)


def _binary(document: Any) -> list[tuple[str, ...]]:
    """The paths of binary members: of a result, of a key, of a release policy."""
    found: list[tuple[str, ...]] = []
    for parent in ((), ("key",), ("release_policy",)):
        holder = member_at(document, parent)
        if isinstance(holder, dict):
            members = cast("dict[str, Any]", holder)
            found += [
                (*parent, name)
                for name in _BINARY
                if isinstance(members.get(name), str) and members[name]
            ]
    return found


def _padded(value: str) -> str:
    return value + "=" * (-len(value) % 4) if len(value) % 4 else ""


def _standard(value: str) -> str:
    made = value.replace("-", "+").replace("_", "/")
    return made if made != value else ""


def _uneven(value: str) -> str:
    """The text with characters cut off until its length is none that bytes encode to."""
    kept = len(value) - (len(value) - 1) % 4
    return value[:kept] if 0 < kept < len(value) else f"{value}A" if len(value) % 4 == 0 else ""


BODIES: Final[tuple[Operator, ...]] = (
    _rewritten("body-empty", "Send no body where there is one.", lambda body: b""),
    _rewritten("body-cut", "Cut the body in half.", lambda body: body[: len(body) // 2]),
    _rewritten("body-trailing", "Write garbage after the JSON.", lambda body: body + b"}"),
    _rewritten("body-twice", "Write the JSON twice.", lambda body: body + body),
    _rewritten("body-in-list", "Write the object into a list.", lambda body: b"[" + body + b"]"),
    _rewritten("body-null", "Write null.", lambda body: b"null"),
    _rewritten("body-empty-object", "Write an empty object.", lambda body: b"{}"),
    _rewritten("body-not-utf-8", "Write bytes that are no UTF-8.", lambda body: b"\xff" + body),
    no_content_with_body,
    _reencoded("binary-padded", "Write a binary member with padding.", _padded),
    _reencoded("binary-standard", "Write a binary member with + and /.", _standard),
    _reencoded("binary-uneven", "Write a binary member of a length bytes lack.", _uneven),
    _reencoded(
        "binary-broken-line",
        "Write a binary member in two lines.",
        lambda value: f"{value[:4]}\n{value[4:]}",
    ),
)
