"""WIRE clauses about JSON bodies: members, their form, and the error envelope."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from mhsm_model.base64url import is_base64url
from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import (
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    ListDeletedKeys,
    NoOperation,
    Unmodelled,
)
from mhsm_model.findings import HELD, VACUOUS, Finding, Mismatch, expect
from mhsm_model.revisions import in_force
from mhsm_model.sources import (
    RECORDED_CLI,
    RECORDED_GO,
    RECORDED_JS,
    RECORDED_PYTHON,
    REST,
)
from mhsm_model.wire.exchange import WireExchange
from mhsm_model.wire.headers import UUID
from mhsm_model.wire.reply_codec import ACTIVITY, error_of, without_activity
from mhsm_model.wire.rules import WireRule, wire_rule

__all__ = ["BODY_RULES"]

_RECORDED: Final = (RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO, RECORDED_JS)
_BINARY: Final = frozenset({"n", "e", "x", "y", "iv", "tag", "aad", "data"})
_NOT_FOUND = re.compile(r"Key not found: https://[^/\s]+/(?:keys|deletedkeys)/([^/\s]+)")
_TIMES: Final = frozenset({"created", "updated", "nbf", "exp", "deletedDate", "scheduledPurgeDate"})
_BUNDLE: Final = frozenset({"attributes", "key", "release_policy", "tags"})
_DELETION: Final = frozenset({"deletedDate", "recoveryId", "scheduledPurgeDate"})
_ATTRIBUTES: Final = frozenset(
    {
        "created",
        "enabled",
        "exp",
        "exportable",
        "nbf",
        "recoverableDays",
        "recoveryLevel",
        "updated",
    }
)
_LATER_ATTRIBUTES: Final = {
    "hsmPlatform": "7.5-preview.1",
    "attestation": "7.6-preview.2",
    "external_key": "2026-01-01-preview",
    "key_size": "2026-01-01-preview",
}
"""Attributes with the api-version that brought them. Source: REST specification, KeyAttributes."""

_KEY_COMMON: Final = frozenset({"kid", "kty", "key_ops"})
_KEY: Final = {
    "RSA-HSM": _KEY_COMMON | {"n", "e"},
    "EC-HSM": _KEY_COMMON | {"crv", "x", "y"},
    "oct-HSM": _KEY_COMMON,
    "OKP-HSM": _KEY_COMMON | {"crv", "x"},
}
_ITEM: Final = frozenset({"attributes", "kid", "tags"})
_POLICY: Final = frozenset({"contentType", "data", "immutable"})
_RESULT_COMMON: Final = frozenset({"alg", "kid", "value"})
_RESULT: Final = _RESULT_COMMON | {"aad", "iv", "tag"}
_APART: Final = (NoOperation, Unmodelled)
_DELETED: Final = (DeleteKey, GetDeletedKey, ListDeletedKeys)


def _success(exchange: WireExchange) -> dict[str, Any] | None:
    """The JSON object of a success of a modelled operation, or None."""
    if exchange.answered.status >= 400 or isinstance(exchange.request, _APART):
        return None
    document = exchange.document
    return cast("dict[str, Any]", document) if isinstance(document, dict) else None


def _pairs(document: Any) -> Iterator[tuple[str, Any]]:
    """Every (name, value) in the document, but for the tags, whose names clients choose."""
    # A stack of our own: a hostile reply nests deeper than the interpreter's.
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for name, member in cast("dict[str, Any]", value).items():
                yield name, member
                if name != "tags":
                    waiting.append(member)
        elif isinstance(value, list):
            waiting.extend(cast("Sequence[Any]", value))


@wire_rule("WIRE-205", level=Level.MUST, basis=Basis.DOCUMENTED, sources=(REST,))
def body_is_utf_8(exchange: WireExchange) -> Finding:
    """Write bodies in UTF-8 without a byte order mark."""
    body = exchange.answered.body
    if not body:
        return VACUOUS
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return Mismatch("UTF-8", f"{body[:8]!r}")
    # JSON in another encoding may be UTF-8 by chance, with a null after or before each letter.
    return expect(text[0] != "\ufeff" and "\0" not in text, "UTF-8", f"{body[:8]!r}")


@wire_rule("API-004", level=Level.MUST, basis=Basis.DOCUMENTED, sources=(REST, *_RECORDED))
def binary_is_base64url(exchange: WireExchange) -> Finding:
    """Write binary members as base64url without padding."""
    document = _success(exchange)
    if document is None:
        return VACUOUS
    tested = False
    for name, value in _pairs(document):
        binary = name in _BINARY or (name == "value" and isinstance(value, str))
        if not binary or value is None:
            continue
        tested = True
        if not isinstance(value, str) or not is_base64url(value):
            # The value itself may be a plaintext.
            return Mismatch(f"{name} as base64url without padding", f"{len(str(value))} characters")
    return HELD if tested else VACUOUS


@wire_rule("API-005", level=Level.MUST, basis=Basis.DOCUMENTED, sources=(REST, *_RECORDED))
def times_are_integers(exchange: WireExchange) -> Finding:
    """Write times as JSON integers, in seconds since 1970-01-01T00:00:00Z."""
    document = _success(exchange)
    if document is None:
        return VACUOUS
    tested = False
    for name, value in _pairs(document):
        if name not in _TIMES:
            continue
        tested = True
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 40:
            return Mismatch(f"{name} as an integer of seconds", f"{value!r}")
    return HELD if tested else VACUOUS


@wire_rule("WIRE-201", sources=_RECORDED)
def absent_members_are_left_out(exchange: WireExchange) -> Finding:
    """Leave out members that have no value, and write none as null."""
    document = _success(exchange)
    if document is None:
        return VACUOUS
    nulls = [name for name, value in _pairs(document) if value is None]
    return expect(not nulls, "no member that is null", ", ".join(nulls))


@wire_rule("WIRE-202", sources=(REST, *_RECORDED))
def members_are_those_of_the_schema(exchange: WireExchange) -> Finding:
    """Write no member that the schema of the reply lacks."""
    document = _success(exchange)
    if document is None:
        return VACUOUS
    strange = list(_strange(exchange, document))
    return expect(not strange, "only members of the schema", f"member {', '.join(strange)}")


def _strange(exchange: WireExchange, document: dict[str, Any]) -> Iterator[str]:
    request, revision = exchange.request, exchange.sent.query.get("api-version")
    deletion = _DELETION if isinstance(request, _DELETED) else frozenset[str]()
    if isinstance(document.get("value"), list):
        yield from sorted(document.keys() - {"value", "nextLink"})
        for item in cast("Sequence[Any]", document["value"]):
            if isinstance(item, dict):
                listed = cast("dict[str, Any]", item)
                yield from sorted(listed.keys() - _ITEM - deletion)
                yield from _strange_attributes(listed, revision)
    elif "key" in document:
        yield from sorted(document.keys() - _BUNDLE - deletion)
        policy = document.get("release_policy")
        if isinstance(policy, dict):
            yield from sorted(cast("dict[str, Any]", policy).keys() - _POLICY)
        yield from _strange_attributes(document, revision)
        key = document["key"]
        if isinstance(key, dict):
            jwk = cast("dict[str, Any]", key)
            yield from sorted(jwk.keys() - _KEY.get(str(jwk.get("kty")), jwk.keys()))
    else:
        shown = _RESULT if isinstance(request, Encrypt) else _RESULT_COMMON
        yield from sorted(document.keys() - shown)


def _strange_attributes(document: dict[str, Any], revision: str | None) -> Iterator[str]:
    attributes = document.get("attributes")
    if not isinstance(attributes, dict):
        return
    for name in sorted(cast("dict[str, Any]", attributes).keys() - _ATTRIBUTES):
        since = _LATER_ATTRIBUTES.get(name)
        if since is None or in_force(revision, since=since) is False:
            yield name


@wire_rule("ERR-101", level=Level.MUST, sources=_RECORDED)
def error_has_code_and_message(exchange: WireExchange) -> Finding:
    """Write an error other than 401 as {"error":{"code":…,"message":…}} and nothing else."""
    status = exchange.answered.status
    if status < 400 or status == 401 or isinstance(exchange.request, NoOperation):
        return VACUOUS
    error = error_of(exchange.document)
    if error is None:
        return Mismatch("an object with the member error", f"{exchange.answered.body[:60]!r}")
    if isinstance(exchange.request, _APART):
        return VACUOUS
    document = cast("dict[str, Any]", exchange.document)
    texts = isinstance(error.get("code"), str) and isinstance(error.get("message"), str)
    good = texts and error.keys() == {"code", "message"} and document.keys() == {"error"}
    return expect(good, "members code and message, both strings", f"members {', '.join(error)}")


@wire_rule("ERR-203", sources=_RECORDED)
def not_found_names_the_key(exchange: WireExchange) -> Finding:
    """Answer 404 with the code KeyNotFound and a message that names the key asked for."""
    status, error = exchange.answered.status, error_of(exchange.document)
    if status != 404 or error is None or isinstance(exchange.request, _APART):
        return VACUOUS
    if error.get("code") != "KeyNotFound":
        return Mismatch("404 with KeyNotFound", str(error.get("code")))
    name = getattr(exchange.request, "name", None)
    if not isinstance(name, str):
        return HELD
    shown = without_activity(str(error.get("message")))
    named = _NOT_FOUND.fullmatch(shown)
    good = named is not None and named.group(1) == name
    return expect(good, f"Key not found: https://<host>/<collection>/{name}", shown)


@wire_rule("ERR-100", level=Level.MUST, sources=_RECORDED)
def error_names_its_activity(exchange: WireExchange) -> Finding:
    """End an error's message with the request's id, as in x-ms-request-id: (Activity ID: …)."""
    status = exchange.answered.status
    error = error_of(exchange.document)
    if status < 400 or status == 401 or error is None or isinstance(exchange.request, _APART):
        return VACUOUS
    match = ACTIVITY.search(str(error.get("message")))
    if match is None or UUID.fullmatch(match.group(1)) is None:
        return Mismatch("a message that ends with (Activity ID: <uuid>)", str(error.get("message")))
    request_id = exchange.answered.headers.get("x-ms-request-id")
    if request_id is None:
        return HELD
    good = match.group(1).lower() == request_id.lower()
    return expect(good, f"Activity ID {request_id}", f"Activity ID {match.group(1)}")


@wire_rule("ERR-204", sources=_RECORDED)
def activity_is_of_version_1(exchange: WireExchange) -> Finding:
    """Give an error's activity the time at which it began: a UUID of version 1."""
    error = error_of(exchange.document)
    if error is None or isinstance(exchange.request, _APART):
        return VACUOUS
    match = ACTIVITY.search(str(error.get("message")))
    if match is None or UUID.fullmatch(match.group(1)) is None:
        return VACUOUS
    return expect(match.group(1)[14] == "1", "a UUID of version 1", match.group(1))


@wire_rule("WIRE-206", level=Level.MUST, basis=Basis.INFERRED, sources=(REST,))
def what_is_no_operation_gets_an_error(exchange: WireExchange) -> Finding:
    """Write the answer to what is no operation as any error is written."""
    status = exchange.answered.status
    if not isinstance(exchange.request, NoOperation) or exchange.sent.method == "HEAD":
        return VACUOUS
    if status < 400 or status == 401:
        return VACUOUS
    error = error_of(exchange.document)
    good = error is not None and isinstance(error.get("code"), str)
    good = good and error is not None and ACTIVITY.search(str(error.get("message"))) is not None
    wanted = '{"error":{"code":…,"message":"… (Activity ID: …)"}}'
    return expect(good, wanted, f"{exchange.answered.body[:60]!r}")


@wire_rule("KEY-215", sources=_RECORDED)
def version_is_named_as_no_other(exchange: WireExchange) -> Finding:
    """Name every new version by an identifier that no version of another key has."""
    if exchange.repeats_version is None:
        return VACUOUS
    wanted = "a version identifier that no other key has had"
    return expect(not exchange.repeats_version, wanted, f"{exchange.new_version} once more")


BODY_RULES: Final[tuple[WireRule, ...]] = (
    body_is_utf_8,
    activity_is_of_version_1,
    what_is_no_operation_gets_an_error,
    binary_is_base64url,
    times_are_integers,
    absent_members_are_left_out,
    members_are_those_of_the_schema,
    error_has_code_and_message,
    error_names_its_activity,
    not_found_names_the_key,
    version_is_named_as_no_other,
)
