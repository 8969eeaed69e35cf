"""Who may call at all: the credential and the api-version, asked before anything else."""

from __future__ import annotations

from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import Credential, ListDeletedKeys, ListKeys, ListKeyVersions, Request
from mhsm_model.rules import Guard, Objection, Perhaps, guard
from mhsm_model.situation import Situation
from mhsm_model.sources import AUTHENTICATION, RECORDED_CLI, RECORDED_PYTHON
from mhsm_model.tables.errors import UNAUTHENTICATED, unseen
from mhsm_model.unknown import UNKNOWN

__all__ = ["ACCESS", "api_version_is_present", "api_version_is_served", "caller_is_authenticated"]


@guard("AUTH-001", basis=Basis.OBSERVED, sources=(RECORDED_CLI, RECORDED_PYTHON))
def caller_is_authenticated(s: Situation[Request], /) -> Objection:
    """Answer 401 with a challenge to a caller without a good bearer token, before anything else."""
    if s.call.credential is UNKNOWN:
        return Perhaps(UNAUTHENTICATED)
    return None if s.call.credential is Credential.TOKEN else UNAUTHENTICATED


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


ACCESS: tuple[Guard[Request], ...] = (
    caller_is_authenticated,
    api_version_is_present,
    api_version_is_served,
)
