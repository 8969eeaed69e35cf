"""Operators on the headers of a reply; where a recording dropped a header, nothing shows it."""

from __future__ import annotations

from typing import Final

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
from mhsm_model.wire.response_codec import FIXED_HEADERS

__all__ = ["HEADERS"]

_CONTENT: Final = "content-type"
_REGION: Final = "x-ms-keyvault-region"
_NETWORK: Final = "x-ms-keyvault-network-info"
_BUILD: Final = "x-ms-build-version"
_LATENCY: Final = "x-ms-server-latency"
_REQUEST: Final = "x-ms-request-id"


def _set(name: str, sentence: str, header: str, value: str, *clauses: str) -> Operator:
    """The operator that gives a header that is there another value."""

    def corrupts(place: Place) -> Alteration | None:
        if header not in place.answered.headers:
            return None
        return altered(place, place.with_header(header, value), Seen(clauses))

    return Operator(name, sentence, corrupts)


def _dropped(name: str, sentence: str, header: str, *clauses: str) -> Operator:
    """The operator that drops a header that is there."""

    def corrupts(place: Place) -> Alteration | None:
        if header not in place.answered.headers:
            return None
        kept = header not in place.answered.dropped
        sight: Sight = Seen(clauses) if kept else Unseen(Blindness.UNRECORDED)
        return altered(place, place.with_header(header, None), sight)

    return Operator(name, sentence, corrupts)


def _added(name: str, sentence: str, header: str, value: str, *clauses: str) -> Operator:
    """The operator that adds a header that is not there."""

    def corrupts(place: Place) -> Alteration | None:
        if header in place.answered.headers:
            return None
        return altered(place, place.with_header(header, value), Seen(clauses))

    return Operator(name, sentence, corrupts)


@corrupting("region-on-error")
def region_on_error(place: Place) -> Alteration | None:
    """Show the region on an error."""
    if place.status < 400:
        return None
    return altered(place, place.with_header(_REGION, "westeurope"), Seen(("API-203",)))


@corrupting("network-on-error")
def network_on_error(place: Place) -> Alteration | None:
    """Show the network on an error."""
    if place.status < 400:
        return None
    value = "conn_type=Ipv4;addr=192.0.2.1;act_addr_fam=Ipv4;"
    return altered(place, place.with_header(_NETWORK, value), Seen(("API-203",)))


@corrupting("build-on-other-verbs")
def build_on_other_verbs(place: Place) -> Alteration | None:
    """Show the build version on an answer to another method than GET."""
    if place.sent.method == "GET":
        return None
    value = "1.0.20210929-1-5b78c022-develop"
    return altered(place, place.with_header(_BUILD, value), Seen(("API-204",)))


@corrupting("challenge-on-other-status")
def challenge_on_other_status(place: Place) -> Alteration | None:
    """Send a challenge with another status than 401."""
    if place.status == 401:
        return None
    value = (
        'Bearer authorization="https://login.microsoftonline.com/'
        '00000000-0000-0000-0000-000000000000", resource="https://managedhsm.azure.net"'
    )
    return altered(place, place.with_header("www-authenticate", value), Seen(("AUTH-201",)))


HEADERS: Final[tuple[Operator, ...]] = (
    _set("content-type-html", "Send text/html.", _CONTENT, "text/html", "API-003"),
    _set("content-type-bare", "Send no charset.", _CONTENT, "application/json", "API-003"),
    _dropped("content-type-missing", "Leave out the content type.", _CONTENT, "API-003"),
    _set("network-without-address", "Name no address.", _NETWORK, "conn_type=Ipv4;", "API-202"),
    _dropped("region-missing", "Leave out the region.", _REGION, "API-202"),
    _dropped("network-missing", "Leave out the network.", _NETWORK, "API-202"),
    region_on_error,
    network_on_error,
    build_on_other_verbs,
    _set("build-without-date", "Show a build without a date.", _BUILD, "1.0", "API-204"),
    _dropped("build-missing", "Leave out the build version of a GET.", _BUILD, "API-204"),
    _set("latency-in-fractions", "Show a fraction of milliseconds.", _LATENCY, "1.5", "API-201"),
    _dropped("latency-missing", "Leave out the latency.", _LATENCY, "API-201"),
    _set("request-id-no-uuid", "Show a request id that is no UUID.", _REQUEST, "42", "API-008"),
    _dropped("request-id-missing", "Leave out the request id.", _REQUEST, "API-008"),
    *(
        _set(f"{header}-other", f"Send another value of {header}.", header, "none", "API-205")
        for header in FIXED_HEADERS
    ),
    challenge_on_other_status,
    _added("date-added", "Show the date.", "date", "Fri, 01 Jan 2027 00:00:00 GMT", "API-207"),
    _added("server-added", "Name the server.", "server", "Kestrel", "API-207"),
    _added(
        "vault-version-added",
        "Show the version of the service, as vaults do.",
        "x-ms-keyvault-service-version",
        "1.9.1924.1",
        "API-208",
    ),
)
