"""Error answers: status, code and message for each reason the service gives.

A row whose `status` is None was never seen from a Managed HSM: any 4xx is then lawful, and the
`shown_*` values are only what the emulator answers, a choice and no claim. Source: recorded errors;
for the unseen ones the vault's answer is the representative.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from mhsm_model.exchange import NoOperation, Refused, Unauthenticated

__all__ = [
    "UNAUTHENTICATED",
    "Refusal",
    "bad_parameter",
    "key_not_found",
    "no_operation",
    "seen",
    "unseen",
]

_OTHER_MATTERS: Final = frozenset({401, 404, 405, 408, 429})
"""4xx that say something else: who calls, that nothing is there, the verb, the time, the load."""

_METHODS: Final = frozenset({"GET", "PUT", "POST", "PATCH", "DELETE"})
_LONGEST_SHOWN: Final = 127
_HOST = re.compile(r"https://[^/\s]+")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a guard demands of the error answer when it is the one that refuses.

    `status` None admits any 4xx; `code` or `message` None admits any text. `about` are words of
    which code and message must have one, in any case, where they have to speak of the matter.
    """

    status: int | None
    code: str | None
    message: str | None
    shown_status: int
    shown_code: str
    shown_message: str
    about: tuple[str, ...] = ()

    def speaking_of(self, *words: str) -> Refusal:
        """The refusal with a code or a message that has one of the words."""
        return replace(self, about=words)

    def admits(self, reply: Refused | Unauthenticated, *, host_masked: bool = False) -> bool:
        """Whether the error answer is one that this refusal allows."""
        if isinstance(reply, Unauthenticated):
            return self.status == 401
        if self.status is None:
            if not 400 <= reply.status <= 499:
                return False
            if reply.status in _OTHER_MATTERS and reply.status != self.shown_status:
                return False
        elif reply.status != self.status:
            return False
        if self.code is not None and reply.code != self.code:
            return False
        told = f"{reply.code} {reply.message}".lower()
        if self.about and not any(word in told for word in self.about):
            return False
        if self.message is None:
            return True
        if host_masked:
            return _unhosted(reply.message or "") == _unhosted(self.message)
        return reply.message == self.message

    def reply(self) -> Refused:
        """The error answer that the emulator gives."""
        return Refused(self.shown_status, self.shown_code, self.shown_message)

    def __str__(self) -> str:
        if self.status is None:
            matter = f" that speaks of {self.about[0]}" if self.about else ""
            return f"a 4xx answer{matter}"
        words = [str(self.status)]
        if self.code is not None:
            words.append(self.code)
        if self.message is not None:
            words.append(f'"{self.message}"')
        return " ".join(words)


def _unhosted(message: str) -> str:
    return _HOST.sub("https://", message)


def seen(status: int, code: str, message: str) -> Refusal:
    """A refusal that was recorded with this status, code and message."""
    return Refusal(status, code, message, status, code, message)


def bad_parameter(message: str) -> Refusal:
    """400 BadParameter with a recorded message."""
    return seen(400, "BadParameter", message)


@lru_cache(maxsize=512)
def unseen(status: int, code: str, message: str) -> Refusal:
    """A refusal nobody has recorded: any 4xx is lawful, the values are what the emulator shows."""
    # Guards name theirs before they know whether they refuse.
    return Refusal(None, None, None, status, code, message)


def key_not_found(host: str, collection: str, name: str) -> Refusal:
    """404 KeyNotFound; `collection` is `keys` or `deletedkeys`, and the URL ends at the name."""
    return seen(404, "KeyNotFound", f"Key not found: https://{host}/{collection}/{name}")


def no_operation(request: NoOperation) -> Refused:
    """What the emulator answers to a method and a path that are no operation's: a choice.

    Under a key it is what was recorded in 2021 for actions that came later.
    """
    if request.method not in _METHODS:
        return Refused(405, "MethodNotAllowed", "The method is not supported")
    collection, _, rest = request.path.strip("/").partition("/")
    if collection == "keys" and rest and request.method in ("POST", "PUT"):
        action = unquote(rest.rpartition("/")[2])[:_LONGEST_SHOWN]
        return Refused(400, "NotSupported", f"action '{action}' not supported")
    return Refused(404, "NotFound", "The resource does not exist")


UNAUTHENTICATED: Final = Refusal(401, None, None, 401, "Unauthorized", "")
"""The answer to a caller who shows no good token; its form is the wire's matter."""
