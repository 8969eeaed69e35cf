"""Mutants that send wrong headers, a wrong challenge, or a body where there is none."""

from __future__ import annotations

from dataclasses import replace
from hashlib import md5
from uuid import UUID

from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.mutants.kinds import wrong_headers
from mhsm_targets.mutants.mutant import wrong_bytes

__all__: list[str] = []


@wrong_headers("API-003")
def content_type_without_charset(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Sends application/json without a charset."""
    headers["content-type"] = "application/json"


@wrong_bytes("API-003")
def content_type_only_with_a_body(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Sends no content type with an empty body."""
    if response.body:
        return response
    return replace(
        response, headers={n: v for n, v in response.headers.items() if n != "content-type"}
    )


@wrong_headers("API-008")
def request_id_is_a_number(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Names successes by a number."""
    if status < 400:
        headers["x-ms-request-id"] = "1"


@wrong_headers("API-008")
def request_id_left_out(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Does not name a response."""
    del headers["x-ms-request-id"]


@wrong_headers("API-209")
def successes_share_an_id(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Names all successes by one id."""
    if status < 400:
        headers["x-ms-request-id"] = _shared_id("success")


@wrong_bytes("API-209")
def equal_errors_share_an_id(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Names an error after what it answers, so that the same one has the same id again."""
    named = response.headers["x-ms-request-id"]
    if response.status < 400:
        return response
    shared = _shared_id(f"{response.status} {sent.method} {sent.target}")
    headers = {**response.headers, "x-ms-request-id": shared}
    body = response.body.replace(named.encode(), shared.encode())
    return replace(response, headers=headers, body=body)


def _shared_id(what: str) -> str:
    """A UUID of the service's form that is the same for the same."""
    digest = md5(what.encode(), usedforsecurity=False).digest()
    return str(UUID(bytes=digest, version=1))


@wrong_headers("API-201")
def latency_in_seconds(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Shows the latency as a fraction of a second."""
    headers["x-ms-server-latency"] = "0.012"


@wrong_headers("API-201")
def latency_left_out(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Does not show the latency."""
    del headers["x-ms-server-latency"]


@wrong_headers("API-202")
def region_left_out(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Does not name the region."""
    headers.pop("x-ms-keyvault-region", None)


@wrong_headers("API-202")
def network_left_out_of_delete(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Does not show the network in answers to DELETE."""
    if sent.method == "DELETE":
        headers.pop("x-ms-keyvault-network-info", None)


@wrong_headers("API-203")
def region_on_errors(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Names the region on errors too."""
    headers["x-ms-keyvault-region"] = "local"


@wrong_headers("API-204")
def build_on_every_answer(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Shows the build on every answer."""
    headers["x-ms-build-version"] = "1.0"


@wrong_headers("API-204")
def build_left_out_of_errors(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Does not show the build on errors."""
    if status >= 400:
        headers.pop("x-ms-build-version", None)


@wrong_headers("API-205")
def sniffing_is_permitted(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Leaves x-content-type-options out."""
    del headers["x-content-type-options"]


@wrong_headers("API-205")
def answers_may_be_cached(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Lets answers to GET be kept for a minute."""
    if sent.method == "GET":
        headers["cache-control"] = "max-age=60"


@wrong_headers("API-207")
def date_is_shown(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Shows the date, as servers do."""
    headers["date"] = "Fri, 01 Jan 2027 00:00:00 GMT"


@wrong_headers("API-207")
def server_is_shown_on_errors(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Names its server on errors."""
    if status >= 400:
        headers["server"] = "Kestrel"


@wrong_headers("API-208")
def version_of_a_vault_is_shown(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Shows the version of the service, as a vault does."""
    headers["x-ms-keyvault-service-version"] = "1.9.1924.1"


@wrong_bytes("AUTH-002")
def challenge_has_an_error(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Sends an error object with a challenge."""
    if response.status != 401:
        return response
    return replace(response, body=b'{"error":{"code":"Unauthorized","message":"Unauthorized"}}')


@wrong_bytes("AUTH-002")
def challenge_is_always_ok(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Sends the body OK with every challenge."""
    return replace(response, body=b"OK") if response.status == 401 else response


@wrong_headers("AUTH-201")
def challenge_left_out(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Answers 401 without a challenge."""
    headers.pop("www-authenticate", None)


@wrong_headers("AUTH-201")
def challenge_for_a_vault(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Asks for a token for key vaults."""
    challenge = headers.get("www-authenticate")
    if challenge is not None:
        headers["www-authenticate"] = challenge.replace("managedhsm.azure.net", "vault.azure.net")


@wrong_headers("AUTH-201")
def challenge_without_authority(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Asks for a token without saying whose."""
    if status == 401:
        headers["www-authenticate"] = 'Bearer resource="https://managedhsm.azure.net"'


@wrong_headers("AUTH-201")
def challenge_is_basic(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Asks for a password."""
    challenge = headers.get("www-authenticate")
    if challenge is not None:
        headers["www-authenticate"] = challenge.replace("Bearer", "Basic")


@wrong_bytes("WIRE-203")
def no_content_has_an_object(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Sends an empty object with 204."""
    return replace(response, body=b"{}") if response.status == 204 else response


@wrong_headers("AUTH-202")
def challenge_for_any_tenant(sent: HttpRequest, status: int, headers: dict[str, str]) -> None:
    """Sends callers who only read to the authority for any tenant."""
    challenge = headers.get("www-authenticate")
    if challenge is not None and sent.method == "GET":
        base = "https://login.microsoftonline.com/"
        tenant = challenge.partition(base)[2].partition('"')[0]
        headers["www-authenticate"] = challenge.replace(tenant, "organizations")
