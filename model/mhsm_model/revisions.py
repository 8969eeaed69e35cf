"""The api-versions of the data plane, oldest first.

A clause says `since` and `until` which api-versions it holds; nothing is copied per version.
Source: the REST specification's folders, and the versions that recorded requests were sent with.
"""

from __future__ import annotations

from typing import Final

__all__ = ["LATEST_RECORDED", "REVISIONS", "in_force", "is_known"]

REVISIONS: Final[tuple[str, ...]] = (
    "7.0",
    "7.1",
    "7.2-preview",
    "7.2",
    "7.3-preview",
    "7.3",
    "7.4-preview.1",
    "7.4",
    "7.5-preview.1",
    "7.5",
    "7.6-preview.1",
    "7.6-preview.2",
    "7.6",
    "2025-06-01-preview",
    "2025-07-01-preview",
    "2025-07-01",
    "2026-01-01-preview",
    "2026-03-01-preview",
    "2026-04-01",
    "2026-05-01-preview",
    "2026-07-01-preview",
)

LATEST_RECORDED: Final = "7.5"
"""The newest version for which keys, reads, deletions and cryptography were all recorded."""

_ORDER: Final = {revision: place for place, revision in enumerate(REVISIONS)}


def is_known(revision: str) -> bool:
    """Whether the api-version is one that the specification has."""
    return revision in _ORDER


def in_force(
    revision: str | None, *, since: str | None = None, until: str | None = None
) -> bool | None:
    """Whether a rule that holds from `since` and before `until` holds at `revision`.

    None where the revision is not known to us (None, or a version that the table lacks): whatever
    depends on it is then untested. Raises KeyError for a `since` or `until` outside the table.
    """
    first = _ORDER[since] if since is not None else 0
    end = _ORDER[until] if until is not None else len(REVISIONS)
    if since is None and until is None:
        return True
    if revision is None or revision not in _ORDER:
        return None
    return first <= _ORDER[revision] < end
