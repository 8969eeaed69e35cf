"""Deleting and purging what a run made, and nothing else: names under the run's prefix."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.wire.http import HttpResponse
from mhsm_targets.https.authorizing import Authorizing
from mhsm_targets.https.lists import next_target
from mhsm_targets.https.retrying import Retrying
from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["Cleaner", "Cleared"]

_QUERY: Final = f"?api-version={LATEST_RECORDED}"
_SETTLE_SECONDS: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Waits before a purge is tried again: other replicas may not know of the deletion yet."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """What became of a run's keys on one instance: how many are gone, and the names that are not.

    `kept` are soft-deleted and go at their scheduled purge date; `left` could not be deleted.
    """

    gone: int = 0
    kept: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def __add__(self, other: Cleared) -> Cleared:
        return Cleared(self.gone + other.gone, self.kept + other.kept, self.left + other.left)


class Cleaner:
    """Clears names on one instance. `purges` is whether deleted keys are purged too."""

    def __init__(
        self,
        sender: Retrying,
        authorizing: Authorizing,
        *,
        purges: bool,
        paced: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sender = sender
        self._authorizing = authorizing
        self._purges = purges
        self._paced = paced
        self._sleep = sleep

    def clear(self, name: str) -> Cleared:
        """Delete the key, and purge it; a name that has none is well.

        Raises TargetUnavailableError.
        """
        segment = quote(name, safe="")
        deleted = self._asked("DELETE", f"/keys/{segment}")
        refused = deleted is None or (deleted.status >= 400 and deleted.status != 404)
        # A key that is deleted already may be refused instead of not being found.
        if refused and not self._is_deleted(segment):
            return Cleared(left=(name,))
        if not self._purges:
            return Cleared(kept=(name,)) if self._is_deleted(segment) else Cleared(gone=1)
        return self._purged(name, segment, known=deleted is not None and deleted.status == 200)

    def _purged(self, name: str, segment: str, *, known: bool) -> Cleared:
        for wait in _SETTLE_SECONDS:
            if wait:
                self._sleep(wait)
            purged = self._asked("DELETE", f"/deletedkeys/{segment}")
            if purged is not None and purged.status < 400:
                return Cleared(gone=1)
            if purged is not None and purged.status == 404 and not known:
                return Cleared(gone=1)
            if purged is not None and purged.status == 403:
                break
        return Cleared(kept=(name,)) if self._is_deleted(segment) else Cleared(gone=1)

    def _is_deleted(self, segment: str) -> bool:
        shown = self._asked("GET", f"/deletedkeys/{segment}")
        return shown is None or shown.status != 404

    def under(self, prefix: str) -> Iterator[str]:
        """The names with the prefix, in use or soft-deleted, as the instance lists them."""
        seen: set[str] = set()
        for path in ("/keys", "/deletedkeys"):
            for name in self._listed(path):
                if name.startswith(prefix) and name not in seen:
                    seen.add(name)
                    yield name

    def count(self) -> int:
        """How many keys the instance holds, in use and soft-deleted, whosever they are."""
        return sum(1 for path in ("/keys", "/deletedkeys") for _ in self._listed(path))

    def _listed(self, path: str) -> Iterator[str]:
        target: str | None = path + _QUERY
        while target is not None:
            page = self._asked("GET", target, whole=True)
            if page is None or page.status != 200:
                told = "no answer" if page is None else f"{page.status} {_code(page)}".strip()
                raise TargetUnavailableError(
                    f"{self._sender.connection.authority} does not list its keys: {told}"
                )
            # A page is read before anything on it is deleted.
            yield from list(_names_on(page))
            target = next_target(page, self._sender.connection.authority)

    def _asked(self, method: str, path: str, *, whole: bool = False) -> HttpResponse | None:
        if method == "DELETE":
            self._paced()
        headers = {"authorization": self._authorizing.header(), "accept": "application/json"}
        target = path if whole else path + _QUERY
        # Deleting or purging twice is as good as once.
        return self._sender.send(method, target, headers, changes=False)


def _names_on(page: HttpResponse) -> Iterator[str]:
    document: Any = page.document()
    items = cast("dict[str, Any]", document).get("value") if isinstance(document, dict) else None
    for item in list(cast("Sequence[Any]", items)) if isinstance(items, list) else []:
        kid = cast("dict[str, Any]", item).get("kid") if isinstance(item, dict) else None
        parts = urlsplit(kid).path.split("/") if isinstance(kid, str) else []
        if len(parts) >= 3:
            yield parts[2]


def _code(page: HttpResponse) -> str:
    try:
        return str(json.loads(page.body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""
