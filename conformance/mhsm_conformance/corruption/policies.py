"""Operators on the release policy of a bundle."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from mhsm_conformance.corruption.absences import at_path
from mhsm_conformance.corruption.attributes import BY_NAME
from mhsm_conformance.corruption.members import bound, chosen_show
from mhsm_conformance.corruption.operator import Alteration, Operator, altered
from mhsm_conformance.corruption.session import Place
from mhsm_conformance.corruption.sightings import ABSENT, member_at
from mhsm_model.base64url import decoded, encoded

__all__ = ["POLICIES"]


def _policy(name: str, sentence: str, part: str, change: Callable[[Any], Any]) -> Operator:
    def corrupts(place: Place) -> Alteration | None:
        show = chosen_show(place, name)
        if show is None:
            return None
        value = member_at(show.document, ("release_policy", part))
        made = ABSENT if value is ABSENT else change(value)
        if made is ABSENT:
            return None
        document = place.document()
        at_path(document, show.place)["release_policy"][part] = made
        sight = bound(place, show, BY_NAME["release_policy"], ("release_policy", part))
        return altered(place, place.with_document(document), sight)

    return Operator(name, sentence, corrupts)


def _other_text(data: str) -> Any:
    try:
        policy = json.loads(decoded(data))
    except ValueError:
        return ABSENT
    return encoded(json.dumps({**policy, "anyOf": []}).encode())


POLICIES: Final[tuple[Operator, ...]] = (
    _policy("policy-text", "Show a release policy without its conditions.", "data", _other_text),
    _policy(
        "policy-content-type",
        "Show another content type of a release policy.",
        "contentType",
        lambda value: "text/plain",
    ),
    _policy(
        "policy-immutable",
        "Show immutable of a release policy the other way.",
        "immutable",
        lambda value: not value,
    ),
)
