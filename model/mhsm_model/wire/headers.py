"""WIRE clauses about status lines and headers. Source: recorded responses."""

from __future__ import annotations

import re
from typing import Final

from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import Unmodelled
from mhsm_model.findings import HELD, VACUOUS, Finding, Mismatch, expect
from mhsm_model.sources import RECORDED_CLI, RECORDED_GO, RECORDED_PYTHON, REST
from mhsm_model.tables.clouds import PUBLIC, challenged_by
from mhsm_model.wire.challenge import challenge_header, parse_challenge
from mhsm_model.wire.exchange import WireExchange
from mhsm_model.wire.response_codec import CONTENT_TYPE, FIXED_HEADERS
from mhsm_model.wire.rules import WireRule, wire_rule

__all__ = ["HEADER_RULES", "UUID"]

_RECORDED: Final = (RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO)
_BUILD = re.compile(r"\d+\.\d+\.\d{8}-\d+-[0-9a-f]{8}", re.ASCII)
UUID: Final = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", re.ASCII)


def _header(exchange: WireExchange, name: str) -> str | None:
    return exchange.answered.headers.get(name)


def _lacks(exchange: WireExchange, name: str) -> Finding:
    """The finding for a header that is not there: a recording may have left it out."""
    if name in exchange.answered.dropped:
        return VACUOUS
    return Mismatch(f"a header {name}", "no such header")


@wire_rule("API-003", level=Level.MUST, sources=(REST, *_RECORDED))
def content_type_is_json(exchange: WireExchange) -> Finding:
    """Send every response, also one without a body, as application/json; charset=utf-8."""
    shown = _header(exchange, "content-type")
    if shown is None:
        return _lacks(exchange, "content-type")
    return expect(shown.lower() == CONTENT_TYPE, CONTENT_TYPE, shown)


@wire_rule("API-008", sources=_RECORDED)
def request_id_is_a_uuid(exchange: WireExchange) -> Finding:
    """Name every response by a UUID in x-ms-request-id."""
    shown = _header(exchange, "x-ms-request-id")
    if shown is None:
        return _lacks(exchange, "x-ms-request-id")
    return expect(UUID.fullmatch(shown) is not None, "a UUID", shown)


@wire_rule("API-209", sources=_RECORDED)
def request_id_is_new(exchange: WireExchange) -> Finding:
    """Name every response by an id that no other response has."""
    if exchange.repeats_id is None:
        return VACUOUS
    return expect(not exchange.repeats_id, "an id of its own", f"{exchange.request_id} once more")


@wire_rule("API-201", sources=_RECORDED)
def latency_is_whole_milliseconds(exchange: WireExchange) -> Finding:
    """Show the service's latency in whole milliseconds in x-ms-server-latency."""
    shown = _header(exchange, "x-ms-server-latency")
    if shown is None:
        return _lacks(exchange, "x-ms-server-latency")
    return expect(shown.isdecimal() and shown.isascii(), "a whole number", shown)


@wire_rule("API-202", sources=_RECORDED)
def success_names_region_and_network(exchange: WireExchange) -> Finding:
    """Show x-ms-keyvault-region and x-ms-keyvault-network-info on every success."""
    if exchange.answered.status >= 400:
        return VACUOUS
    for name in ("x-ms-keyvault-region", "x-ms-keyvault-network-info"):
        shown = _header(exchange, name)
        if shown is None:
            return _lacks(exchange, name)
        if not shown or (name.endswith("-info") and "addr=" not in shown):
            return Mismatch(f"a value of {name}", repr(shown))
    return HELD


@wire_rule("API-203", sources=_RECORDED)
def error_names_no_region(exchange: WireExchange) -> Finding:
    """Show neither x-ms-keyvault-region nor x-ms-keyvault-network-info on an error."""
    if exchange.answered.status < 400:
        return VACUOUS
    names = ("x-ms-keyvault-region", "x-ms-keyvault-network-info")
    shown = [name for name in names if _header(exchange, name) is not None]
    return expect(not shown, "neither header", f"{', '.join(shown)}")


@wire_rule("API-204", sources=_RECORDED)
def build_is_shown_on_get_alone(exchange: WireExchange) -> Finding:
    """Show x-ms-build-version on every answer to GET and on no other."""
    shown = _header(exchange, "x-ms-build-version")
    if exchange.sent.method != "GET":
        return expect(shown is None, "no x-ms-build-version", shown)
    if shown is None:
        return _lacks(exchange, "x-ms-build-version")
    return expect(_BUILD.match(shown) is not None, "<n>.<n>.<yyyymmdd>-<n>-<hash>-…", shown)


@wire_rule("API-205", sources=_RECORDED)
def protective_headers_are_fixed(exchange: WireExchange) -> Finding:
    """Send the fixed headers for caching, content, transport security, sniffing and frames."""
    missing: list[str] = []
    for name, value in FIXED_HEADERS.items():
        shown = _header(exchange, name)
        if shown is None:
            missing.append(name)
        elif shown.lower() != value.lower():
            return Mismatch(f"{name}: {value}", shown)
    return _lacks(exchange, missing[0]) if missing else HELD


@wire_rule("API-207", sources=_RECORDED)
def server_and_date_are_not_shown(exchange: WireExchange) -> Finding:
    """Show neither Date nor Server on what the HSM itself answers."""
    if isinstance(exchange.request, Unmodelled) and exchange.answered.status != 401:
        # Backup and restore of the whole HSM are relayed, and have both.
        return VACUOUS
    shown = [name for name in ("date", "server") if _header(exchange, name) is not None]
    return expect(not shown, "neither header", ", ".join(shown))


@wire_rule("API-208", sources=_RECORDED)
def vault_version_is_not_shown(exchange: WireExchange) -> Finding:
    """Show no x-ms-keyvault-service-version, as vaults do."""
    shown = _header(exchange, "x-ms-keyvault-service-version")
    return expect(shown is None, "no x-ms-keyvault-service-version", shown)


@wire_rule("AUTH-002", sources=(RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO))
def challenge_body_is_no_error(exchange: WireExchange) -> Finding:
    """Answer 401 with the two letters OK as body to GET, and with no body to any other method."""
    if exchange.answered.status != 401:
        return VACUOUS
    wanted = b"OK" if exchange.sent.method == "GET" else b""
    shown = exchange.answered.body
    return expect(shown == wanted, repr(wanted.decode()), f"{shown[:40]!r}")


@wire_rule("AUTH-201", level=Level.MUST, sources=_RECORDED)
def challenge_names_authority_and_resource(exchange: WireExchange) -> Finding:
    """Challenge on 401 alone: Bearer, the tenant's authority, the resource of the HSM's cloud."""
    header = _header(exchange, "www-authenticate")
    if exchange.answered.status != 401:
        return VACUOUS if header is None else Mismatch("no challenge", header)
    if header is None:
        return Mismatch("a header www-authenticate", "no such header")
    challenge = parse_challenge(header)
    cloud = challenged_by(challenge.authority or "", challenge.resource or "")
    exact = challenge_header(challenge.authority or "", challenge.resource or "")
    good = cloud is not None and header == exact
    wanted = f'Bearer authorization="https://{PUBLIC.authority_host}/<tenant>", '
    return expect(good, f'{wanted}resource="{PUBLIC.resource}"', header)


@wire_rule("WIRE-203", level=Level.MUST, basis=Basis.DOCUMENTED, sources=(REST, *_RECORDED))
def no_content_has_no_body(exchange: WireExchange) -> Finding:
    """Send no body with 204."""
    if exchange.answered.status != 204:
        return VACUOUS
    shown = exchange.answered.body
    return expect(not shown, "no body", f"{len(shown)} bytes")


HEADER_RULES: Final[tuple[WireRule, ...]] = (
    content_type_is_json,
    request_id_is_a_uuid,
    request_id_is_new,
    latency_is_whole_milliseconds,
    success_names_region_and_network,
    error_names_no_region,
    build_is_shown_on_get_alone,
    protective_headers_are_fixed,
    server_and_date_are_not_shown,
    vault_version_is_not_shown,
    challenge_body_is_no_error,
    challenge_names_authority_and_resource,
    no_content_has_no_body,
)
