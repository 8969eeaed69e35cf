"""Which host a session shows: some recordings mask it in requests and not in replies."""

from __future__ import annotations

from mhsm_conformance.corruption.operator import Blindness, Seen, Sight, Unseen
from mhsm_conformance.corruption.session import Place
from mhsm_conformance.corruption.sightings import Show, member_at, shows

__all__ = ["host_seen"]


def host_seen(place: Place, *clauses: str) -> Sight:
    """Whether a clause sees that a kid of the reply names another host.

    The first reply that shows a host tells which one is behind the mask; every other must show the
    same. Where the first itself is altered, the next one shows it, but for a session that masks
    nothing: there the next shows the host of the request, which is right by itself.
    """
    session, host = place.session, place.sent.host
    indices = [
        index
        for index in range(len(session.exchanges))
        if session.exchanges[index].sent.host == host and _shown(place, index) is not None
    ]
    if any(index < place.index for index in indices):
        return Seen(clauses)
    following = [index for index in indices if index > place.index]
    masked = _shown(place, place.index) != host
    if masked and following:
        return Seen(("KEY-004", "KEY-005", "KEY-205", "ALG-012"), later=True)
    return Unseen(Blindness.MASKED)


def _shown(place: Place, index: int) -> str | None:
    """The host in the first kid of a reply."""
    for show in shows(place.session, index):
        return _host(show)
    kid = member_at(place.session.documents[index], ("kid",))
    return kid.split("/")[2] if isinstance(kid, str) and kid.count("/") > 2 else None


def _host(show: Show) -> str:
    kid = show.document.get("kid") or member_at(show.document, ("key", "kid"))
    return str(kid).split("/")[2]
