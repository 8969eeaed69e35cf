"""Operators on the status line: another status, with the body kept or with one that suits it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mhsm_conformance.corruption.life import Stage, may_have_lapsed, stages_before
from mhsm_conformance.corruption.operator import (
    Alteration,
    Blindness,
    Operator,
    Seen,
    Sight,
    Unseen,
    altered,
    corrupting,
)
from mhsm_conformance.corruption.session import Place
from mhsm_conformance.corruption.sightings import shows
from mhsm_model.exchange import (
    CreateKey,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    ImportKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Sign,
    UpdateKey,
)
from mhsm_model.wire.http import HttpResponse

__all__ = ["STATUSES", "may_refuse", "missing"]

_ACTIVITY: Final = "4aa7b5f2-0b52-11ec-9e4b-000d3a8b5c21"
_SUCCESS_HEADERS: Final = frozenset({"x-ms-keyvault-region", "x-ms-keyvault-network-info"})
_READS: Final = (GetKey, DeleteKey, GetDeletedKey, RecoverDeletedKey)
_LISTS: Final = (ListKeys, ListDeletedKeys, ListKeyVersions)
_ON_DELETED: Final = (GetDeletedKey, PurgeDeletedKey, RecoverDeletedKey)
_BIRTHS: Final = (CreateKey, ImportKey)
_USUAL_TYPES: Final = ("RSA", "RSA-HSM", "EC", "EC-HSM", "oct", "oct-HSM", "AES", "OKP", "OKP-HSM")


def _activity(place: Place) -> str:
    return place.answered.headers.get("x-ms-request-id", _ACTIVITY)


def _error_reply(place: Place, status: int, code: str, message: str) -> HttpResponse:
    """An error reply in the service's own form, with the other headers of the reply replaced."""
    told = f"{message} (Activity ID: {_activity(place)})"
    replied = place.with_document({"error": {"code": code, "message": told}})
    headers = {n: v for n, v in replied.headers.items() if n not in _SUCCESS_HEADERS}
    return replace(replied, status=status, headers=headers)


@corrupting("status-other-2xx")
def other_success(place: Place) -> Alteration | None:
    """Answer a success with another 2xx status, body and all."""
    if not place.succeeded:
        return None
    other = [status for status in (200, 201, 202) if status != place.status]
    status = other[place.draw("status-other-2xx", len(other))]
    return altered(place, replace(place.answered, status=status), Seen(("WIRE-001",)))


@corrupting("status-4xx-with-body")
def success_body_under_400(place: Place) -> Alteration | None:
    """Answer a success with 400 and keep the body of the success."""
    if not place.succeeded:
        return None
    return altered(place, replace(place.answered, status=400), Seen(("ERR-101", "ERR-201")))


@corrupting("refused-404")
def refused_not_found(place: Place) -> Alteration | None:
    """Answer a success with a well-formed 404 KeyNotFound for the key."""
    if not place.succeeded or place.name is None:
        return None
    collection = "deletedkeys" if isinstance(place.request, _ON_DELETED) else "keys"
    message = f"Key not found: https://{place.sent.host}/{collection}/{place.name}"
    return altered(place, _error_reply(place, 404, "KeyNotFound", message), missing(place))


def missing(place: Place) -> Sight:
    """Whether a clause sees that a success was answered with 404."""
    seen = Seen(("ERR-201",))
    if isinstance(place.request, (*_BIRTHS, ListKeyVersions)):
        return seen
    wanted = Stage.DELETED if isinstance(place.request, _ON_DELETED) else Stage.ACTIVE
    if stages_before(place) != frozenset({wanted}):
        return Unseen(Blindness.FIRST_SIGHT)
    if wanted is Stage.DELETED and may_have_lapsed(place):
        return Unseen(Blindness.UNRECORDED)
    if place.version is None or _version_is_known(place):
        return seen
    return Unseen(Blindness.FIRST_SIGHT)


def _version_is_known(place: Place) -> bool:
    for index in range(place.index):
        for show in shows(place.session, index):
            if (show.name, show.version) == (place.name, place.version):
                return True
    return False


@corrupting("refused-400")
def refused_bad_request(place: Place) -> Alteration | None:
    """Answer a success with a well-formed 400 BadParameter of a message nobody has seen."""
    if not place.succeeded:
        return None
    reply = _error_reply(place, 400, "BadParameter", "The request is not good")
    return altered(place, reply, _refusal(place))


@corrupting("refused-403")
def refused_forbidden(place: Place) -> Alteration | None:
    """Answer a success with a well-formed 403 Forbidden."""
    if not place.succeeded:
        return None
    reply = _error_reply(place, 403, "Forbidden", "Caller is not authorized")
    return altered(place, reply, _refusal(place))


def _refusal(place: Place) -> Sight:
    """Whether no clause leaves room for a refusal of any message.

    The recordings show no rights; where knowledge of the key lacks, a refusal may be right.
    """
    request = place.request
    if place.sent.query_recorded and "api-version" not in place.sent.query:
        continues = getattr(request, "continuation", None) is not None
        if not continues:
            return Unseen(Blindness.OPEN)
    if isinstance(request, _READS):
        return missing(place) if isinstance(request, GetKey) else Seen(("ERR-201",))
    if isinstance(request, _LISTS):
        size = request.maxresults
        lawful = size is None or 1 <= size <= 25
        return Seen(("ERR-201",)) if lawful else Unseen(Blindness.OPEN)
    if isinstance(request, UpdateKey):
        return Unseen(Blindness.OPEN) if may_refuse(place) else Seen(("ERR-201",))
    if isinstance(request, _BIRTHS):
        return Unseen(Blindness.OPEN) if _leaves_room(request) else Seen(("ERR-201",))
    if isinstance(request, Sign | Encrypt) and _is_usable(place):
        return Seen(("ERR-201",))
    return Unseen(Blindness.UNRECORDED)


def _leaves_room(request: CreateKey | ImportKey) -> bool:
    """Whether a new version is asked for in a way that may be refused by any answer.

    That an HSM is full or a name soft-deleted nobody can exclude; such a refusal says so.
    """
    if isinstance(request, ImportKey):
        return request.key.kty not in _USUAL_TYPES
    sizeless = request.key_size is None and str(request.kty).startswith("oct")
    return sizeless or request.kty not in _USUAL_TYPES


def may_refuse(place: Place) -> bool:
    """Whether an update asks for something that may be refused by any answer."""
    request = place.request
    return isinstance(request, UpdateKey) and request.attributes.exportable is not None


def _is_usable(place: Place) -> bool:
    """Whether an earlier reply shows that nothing is in the way of using the version."""
    algorithm = str(getattr(place.request, "algorithm", ""))
    if not algorithm.startswith(("RS2", "RS3", "RS5", "PS", "ES2", "ES3", "ES5", "RSA")):
        return False
    for index in range(place.index - 1, -1, -1):
        for show in shows(place.session, index):
            if show.is_item or (show.name, show.version) != (place.name, place.version):
                continue
            attributes = show.document.get("attributes", {})
            action = type(place.request).__name__.lower()
            free = attributes.get("enabled") is True and not {"nbf", "exp"} & attributes.keys()
            return free and action in show.document["key"].get("key_ops", ())
    return False


@corrupting("server-fault")
def server_fault(place: Place) -> Alteration | None:
    """Answer a success with a well-formed 500 UnknownError."""
    if not place.succeeded:
        return None
    reply = _error_reply(place, 500, "UnknownError", "Unknown error")
    request = place.request
    sizeless = isinstance(request, CreateKey) and request.key_size is None
    oct_key = isinstance(request, CreateKey) and str(request.kty).startswith("oct")
    sight: Sight = Unseen(Blindness.OPEN) if sizeless and oct_key else Seen(("ERR-202",))
    return altered(place, reply, sight)


@corrupting("overloaded")
def overloaded(place: Place) -> Alteration | None:
    """Answer a success with 429 TooManyRequests, as an overloaded service may."""
    if not place.succeeded:
        return None
    reply = _error_reply(place, 429, "TooManyRequests", "Too many requests")
    return altered(place, reply, Unseen(Blindness.OPEN))


@corrupting("refusal-carried-out")
def refusal_carried_out(place: Place) -> Alteration | None:
    """Answer a refusal with 200 and the body of the nearest success of the same operation."""
    if place.status < 400 or place.status in (401, 429, 503):
        return None
    neighbour = _neighbour(place)
    if neighbour is None:
        return None
    return altered(place, neighbour.answered, _carried_out(place, neighbour))


def _neighbour(place: Place) -> Place | None:
    """The nearest success of the same operation in the session."""
    others = [p for p in place.session.places if p.succeeded and p.operation == place.operation]
    return min(others, key=lambda p: abs(p.index - place.index), default=None)


def _carried_out(place: Place, neighbour: Place) -> Sight:
    if neighbour.name != place.name and neighbour.shown is not None:
        return Seen(("KEY-004", "ALG-012"))
    if place.status == 409:
        return Unseen(Blindness.OPEN)
    if place.status != 404:
        return Seen(("KEY-001", "SKR-001", "SKR-002", "SKR-003", "SKR-004", "IMP-201"))
    deleted = isinstance(place.request, _ON_DELETED)
    wanted = Stage.DELETED if deleted else Stage.ACTIVE
    possible = stages_before(place)
    if wanted not in possible:
        return Seen(("ERR-003",) if deleted else ("ERR-002",))
    lagging = possible == frozenset({Stage.ABSENT, Stage.DELETED})
    return Unseen(Blindness.LAG if lagging and deleted else Blindness.FIRST_SIGHT)


@corrupting("status-other-4xx")
def other_error(place: Place) -> Alteration | None:
    """Answer an error with another 4xx status and the same body."""
    if place.status < 400 or place.status == 401:
        return None
    status = 409 if place.status == 404 else 404
    reply = replace(place.answered, status=status)
    if status == 404 and place.status == 400:
        return altered(place, reply, Seen(("ERR-203", "KEY-001", "ERR-201")))
    if status == 404:
        return altered(place, reply, Seen(("ERR-203", "ERR-201")))
    free = may_refuse(place)
    free |= isinstance(place.request, (*_BIRTHS, PurgeDeletedKey, RecoverDeletedKey))
    sight: Sight = Unseen(Blindness.OPEN) if free else Seen(("ERR-002", "ERR-003", "ERR-201"))
    return altered(place, reply, sight)


STATUSES: Final[tuple[Operator, ...]] = (
    other_success,
    success_body_under_400,
    refused_not_found,
    refused_bad_request,
    refused_forbidden,
    server_fault,
    overloaded,
    refusal_carried_out,
    other_error,
)
