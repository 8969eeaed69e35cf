"""Replies that were lost without being asked for: what they leave in doubt until the check ends."""

from __future__ import annotations

from mhsm_model.alternatives import key_name
from mhsm_model.exchange import Call, ListDeletedKeys, ListKeys, RestoreKey

__all__ = ["Doubt"]


class Doubt:
    """A request whose reply was lost may still be carried out, at any later time.

    The belief about its key admits that it was, or was not; it does not admit that it will be. So
    what is unlawful at a name in doubt proves nothing.
    """

    def __init__(self) -> None:
        self.lost = 0
        """How many replies were lost."""

        self._names: set[tuple[str, str]] = set()

    def lose(self, call: Call) -> None:
        """The reply to the call was lost."""
        self.lost += 1
        name = "" if isinstance(call.request, RestoreKey) else key_name(call.request)
        self._names.add((call.host, name))

    def reaches(self, call: Call) -> bool:
        """Whether what is answered to the call may depend on a request that is in doubt."""
        at_host = {name for host, name in self._names if host == call.host}
        if not at_host:
            return False
        # What names no key shows all, and a lost restore may have been of any name.
        every = isinstance(call.request, ListKeys | ListDeletedKeys | RestoreKey)
        return every or "" in at_host or key_name(call.request) in at_host
