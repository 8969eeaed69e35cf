"""What a server says on standard error when something in it went wrong and it went on."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["ServerFaultError", "complaint_in"]

_COMPLAINT: Final = re.compile(
    r"^(?:Traceback \(most recent call last\):|Exception ignored in|Fatal Python error:"
    r"|(?:Task|Future) exception was never retrieved|Task was destroyed but it is pending"
    r"|Exception in |ASGI callable |Unhandled |mhsm serve: \w+ at )",
    re.MULTILINE,
)
_MOST: Final = 4000


class ServerFaultError(Exception):
    """A server raised what nothing in it expects; the text is what it said."""


def complaint_in(errors: str) -> str | None:
    """What in the server's standard error tells of a fault of its own, at most 4000 characters.

    None where nothing does: sentences to the user are no faults.
    """
    found = _COMPLAINT.search(errors)
    return None if found is None else errors[found.start() :][:_MOST].rstrip()
