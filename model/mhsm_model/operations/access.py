"""Who may call at all: the credential and the api-version, asked before anything else."""

from __future__ import annotations

from typing import Any

from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import Credential, ListDeletedKeys, ListKeys, ListKeyVersions, Request
from mhsm_model.rules import Guard, Objection, Perhaps, guard
from mhsm_model.situation import Situation
from mhsm_model.sources import AUTHENTICATION, RECORDED_CLI, RECORDED_PYTHON
from mhsm_model.tables.errors import UNAUTHENTICATED, seen, unseen
from mhsm_model.unknown import UNKNOWN

__all__ = [
    "ACCESS",
    "api_version_is_present",
    "api_version_is_served",
    "caller_is_authenticated",
    "is_older",
]


@guard("AUTH-001", basis=Basis.OBSERVED, sources=(RECORDED_CLI, RECORDED_PYTHON))
def caller_is_authenticated(s: Situation[Request], /) -> Objection:
    """Answer 401 with a challenge to a caller without a good bearer token, before anything else."""
    if s.call.credential is UNKNOWN:
        return Perhaps(UNAUTHENTICATED)
    return None if s.call.credential is Credential.TOKEN else UNAUTHENTICATED


def is_older(s: Situation[Any], since: str) -> bool:
    """Whether the call's api-version is known to be one from before `since`, of those served."""
    version, served = s.call.api_version, s.configuration.api_versions
    if not isinstance(version, str) or version not in served or since not in served:
        return False
    return served.index(version) < served.index(since)


def _continues(request: Request) -> bool:
    lists = (ListKeys, ListKeyVersions, ListDeletedKeys)
    return isinstance(request, lists) and request.continuation is not None


@guard(
    "API-001",
    level=Level.OPEN,
    basis=Basis.DOCUMENTED,
    sources=(AUTHENTICATION,),
    presupposes=(caller_is_authenticated,),
)
def api_version_is_present(s: Situation[Request], /) -> Objection:
    """Refuse a request without an api-version, unless it follows a nextLink."""
    if s.call.api_version is not None or _continues(s.request):
        return None
    return Perhaps(unseen(400, "BadParameter", "api-version must be specified"), emulated=True)


@guard(
    "API-002",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(AUTHENTICATION,),
    presupposes=(caller_is_authenticated,),
)
def api_version_is_served(s: Situation[Request], /) -> Objection:
    """Refuse an api-version that the instance does not serve."""
    version = s.call.api_version
    if version is None or version is UNKNOWN or version in s.configuration.api_versions:
        return None
    return Perhaps(unseen(400, "BadParameter", "The api-version is not supported"), emulated=True)


@guard(
    "BKP-201",
    level=Level.MAY,
    basis=Basis.OBSERVED,
    sources=(RECORDED_PYTHON,),
    presupposes=(caller_is_authenticated,),
)
def no_restore_is_running(s: Situation[Request], /) -> Objection:
    """Refuse a call with 409 Conflict while a restore of the whole HSM is running."""
    if s.instance.restoring is False:
        return None
    message = "User triggered Restore operation is in progress. Retry after the restore operation"
    return Perhaps(seen(409, "Conflict", message))


ACCESS: tuple[Guard[Request], ...] = (
    caller_is_authenticated,
    api_version_is_present,
    api_version_is_served,
    no_restore_is_running,
)
