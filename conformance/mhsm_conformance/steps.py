"""Steps: what was sent and what came back, as a failure tells it."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Final

from mhsm_model.exchange import (
    Call,
    DeletedKeyBundle,
    Indeterminate,
    KeyBackup,
    KeyBundle,
    KeyPage,
    NoContent,
    OperationResult,
    RandomBytes,
    Refused,
    Reply,
    Unauthenticated,
    Unreadable,
    Verification,
)
from mhsm_model.wire.http import HttpRequest

__all__ = ["Lapse", "Loss", "Sent", "Step", "described", "summary"]

_SHOWN_BYTES: Final = 8
_SHOWN_TEXT: Final = 120


def summary(reply: Reply) -> str:
    """A reply in a few words; values that may be secret are shown by their length."""
    match reply:
        case KeyBundle(kid=kid, kty=kty):
            return f"{kty} {kid.name}/{kid.version}"
        case DeletedKeyBundle(bundle=bundle, deleted_date=date):
            return f"deleted {bundle.kid.name}/{bundle.kid.version} at {date}"
        case KeyPage(items, next_link):
            return f"{len(items)} items" + (", more to come" if next_link is not None else "")
        case OperationResult(algorithm=algorithm, value=value):
            return f"{algorithm}, {len(value)} bytes"
        case Verification(valid):
            return str(valid).lower()
        case KeyBackup(blob):
            return f"a blob of {len(blob)} bytes"
        case RandomBytes(value):
            return f"{len(value)} random bytes"
        case NoContent():
            return "no content"
        case Refused(status, code, message):
            return " ".join(str(word) for word in (status, code, message) if word is not None)
        case Unauthenticated():
            return "401 with a challenge"
        case Indeterminate(reason):
            return f"no reply ({reason})"
        case Unreadable(status, problem):
            return f"{status}, unreadable: {problem}"


def described(value: object) -> str:
    """A request in a few words: members that were sent, long values by their length."""
    if isinstance(value, bytes):
        shown = value[:_SHOWN_BYTES].hex()
        return f"<{len(value)} bytes {shown}{'…' if len(value) > _SHOWN_BYTES else ''}>"
    if is_dataclass(value):
        parts = [
            f"{field.name}={described(getattr(value, field.name))}"
            for field in fields(value)
            if field.repr and getattr(value, field.name) not in (None, field.default)
        ]
        return f"{type(value).__name__}({', '.join(parts)})"
    text = repr(value)
    return text if len(text) <= _SHOWN_TEXT else f"{text[:_SHOWN_TEXT]}…"


@dataclass(frozen=True, slots=True)
class Sent:
    """One exchange of a session; `message` is there where it was made by hand."""

    call: Call
    reply: Reply
    message: HttpRequest | None = None

    def __str__(self) -> str:
        host = self.call.host.partition(".")[0]
        return f"{host}: {described(self.call.request)} -> {summary(self.reply)}"


@dataclass(frozen=True, slots=True)
class Lapse:
    """The clock was moved forward by some seconds."""

    seconds: int

    def __str__(self) -> str:
        return f"(the clock moves {self.seconds} s)"


@dataclass(frozen=True, slots=True)
class Loss:
    """The reply to the next request is to be lost, after its effect or instead of it."""

    after_effect: bool

    def __str__(self) -> str:
        return f"(the next reply is lost {'after' if self.after_effect else 'before'} its effect)"


Step = Sent | Lapse | Loss
