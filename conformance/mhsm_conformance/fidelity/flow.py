"""The flow of values: what a reply produced and a later request uses, here as in the recording.

A value that the service chose (a version, a ciphertext, a skip token) stands in the recording for
the one that the target chose in its place. A value that the client chose stands for itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, cast
from urllib.parse import parse_qsl, quote, unquote, urlencode

from mhsm_model.base64url import is_base64url
from mhsm_model.identifiers import parse_key_identifier
from mhsm_model.wire.http import HttpRequest

__all__ = ["Flow"]

_SHORTEST: Final = 16
"""Shorter values (characters) may be the same by chance, and stand for nothing."""

_TIMES: Final = frozenset({"nbf", "exp"})


class Flow:
    """What stands for what, recorded and here; `shift` is from recorded times to ours, in s."""

    def __init__(self, shift: int = 0) -> None:
        self.shift: Final = shift
        self._ours: dict[str, str] = {}
        self._asked: set[str] = set()

    def knows(self, recorded: str) -> bool:
        """Whether the target has a value of its own for a recorded one."""
        return recorded in self._ours

    def ours(self, recorded: str) -> str:
        """What stands here for a recorded value: the target's own, else the same."""
        return self._ours.get(recorded, recorded)

    def agree(self, recorded: str, ours: str) -> bool:
        """Whether our value may stand for the recorded one; from then on it does.

        It may where it did before, or where it is new, the client never sent the recorded one, and
        both are of one form: the same length, and both base64url or both not.
        """
        if recorded in self._ours or recorded in self._asked:
            return ours == self.ours(recorded)
        # Also what is not alike stands for it from now on: the difference is told once.
        self.learn(recorded, ours)
        return len(recorded) == len(ours) and is_base64url(recorded) == is_base64url(ours)

    def learn(self, recorded: str, ours: str) -> None:
        """Let our value stand for the recorded one, where it is long enough to be told apart."""
        if len(recorded) >= _SHORTEST:
            self._ours[recorded] = ours

    def asked(self, message: HttpRequest, host: str, headers: dict[str, str]) -> HttpRequest:
        """The recorded request as it is sent here, to our host and with our headers."""
        path, _, query = message.target.partition("?")
        segments = [self._segment(segment) for segment in path.split("/")]
        pairs = [(n, self.ours(v)) for n, v in parse_qsl(query, keep_blank_values=True)]
        target = "/".join(segments) + (f"?{urlencode(pairs, safe='$')}" if query else "")
        document = message.document()
        body = message.body
        if isinstance(document, dict):
            self._asked.update(_texts(document))
            body = json.dumps(self._written(document, ""), separators=(",", ":")).encode()
        return replace(message, host=host, target=target, headers=headers, body=body)

    def _segment(self, segment: str) -> str:
        recorded = unquote(segment)
        ours = self.ours(recorded)
        return segment if ours == recorded else quote(ours, safe="")

    def _written(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            told = cast("dict[str, Any]", value)
            return {member: self._written(one, member) for member, one in told.items()}
        if isinstance(value, list):
            return [self._written(one, name) for one in cast("Sequence[Any]", value)]
        if isinstance(value, str):
            return self._identifier(value)
        if name in _TIMES and isinstance(value, int) and not isinstance(value, bool):
            return value + self.shift
        return value

    def _identifier(self, value: str) -> str:
        """The value here; of a key identifier the version is looked up."""
        found = parse_key_identifier(value)
        if found is None or found.version is None:
            return self.ours(value)
        return str(replace(found, version=self.ours(found.version)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in cast("dict[str, Any]", value).values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in cast("Sequence[Any]", value):
            yield from _texts(one)
    elif isinstance(value, str):
        yield value
