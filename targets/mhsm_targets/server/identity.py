"""The issuer's endpoints: its documents and keys, and the managed-identity forms of a token.

Over HTTPS at the issuer's host: discovery and keys. Over plain HTTP on a loopback port of its own,
as on a virtual machine: the form of the instance metadata service (header `Metadata: true`) and
that of App Service (header `X-IDENTITY-HEADER`). Source: documentation of managed identities.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mhsm_targets.server.controls import LOOPBACK_ONLY
from mhsm_targets.server.credential import DEFAULT_PRINCIPAL
from mhsm_targets.server.tokens import LIFETIME, Issuer

__all__ = ["APP_SERVICE_PATH", "IMDS_PATH", "identity_endpoint", "issuer_endpoint"]

IMDS_PATH: Final = "/metadata/identity/oauth2/token"
APP_SERVICE_PATH: Final = "/msi/token"


def issuer_endpoint(issuer: Issuer) -> Starlette:
    """The issuer's public documents."""

    async def keys(request: Request) -> Response:
        return JSONResponse(issuer.key_set())

    async def discovery(request: Request) -> Response:
        base = f"https://{request.headers['host']}/{issuer.tenant}"
        return JSONResponse(
            {
                "issuer": issuer.name,
                "jwks_uri": f"{base}/discovery/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["token"],
                "subject_types_supported": ["pairwise"],
            }
        )

    tenant = f"/{issuer.tenant}"
    return Starlette(
        routes=[
            Route(f"{tenant}/discovery/keys", keys),
            Route(f"{tenant}/.well-known/openid-configuration", discovery),
        ]
    )


def identity_endpoint(
    issuer: Issuer, secret: str, clock: Callable[[], float] = time.time
) -> Starlette:
    """Hands out tokens; `secret` is what the App Service form asks for in its header."""

    def token(request: Request) -> Response:
        resource = request.query_params.get("resource")
        if not resource:
            return _refused("invalid_request", "the query has no resource")
        principal = (
            request.query_params.get("principal")
            or request.query_params.get("client_id")
            or DEFAULT_PRINCIPAL
        )
        now = int(clock())
        return JSONResponse(
            {
                "access_token": issuer.mint(principal, resource.rstrip("/"), now),
                "expires_in": str(LIFETIME),
                "expires_on": str(now + LIFETIME),
                "not_before": str(now),
                "resource": resource,
                "token_type": "Bearer",
            }
        )

    async def metadata_service(request: Request) -> Response:
        if request.headers.get("metadata", "").lower() != "true":
            return _refused("invalid_request", "Required metadata header not specified")
        return token(request)

    async def app_service(request: Request) -> Response:
        shown = request.headers.get("x-identity-header", "")
        if not hmac.compare_digest(shown.encode(), secret.encode()):
            return _refused("unauthorized", "the header X-IDENTITY-HEADER is not right", 401)
        return token(request)

    return Starlette(
        routes=[Route(IMDS_PATH, metadata_service), Route(APP_SERVICE_PATH, app_service)],
        middleware=LOOPBACK_ONLY,
    )


def _refused(error: str, description: str, status: int = 400) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status)
