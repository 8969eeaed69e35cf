"""Mutants that write wrong JSON: members, their form, and errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, cast

from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.mutants.kinds import wrong_document
from mhsm_targets.mutants.mutant import wrong_bytes
from mhsm_targets.mutants.parts import document_changed

__all__: list[str] = []

_BINARY: Final = frozenset({"n", "e", "x", "y", "iv", "tag", "aad", "data"})
_TIMES: Final = frozenset({"created", "updated", "nbf", "exp", "deletedDate", "scheduledPurgeDate"})
_NO_ACTIVITY: Final = "00000000-0000-1000-8000-000000000000"


def _rewrite(document: Any, change: Callable[[str, Any], Any]) -> None:
    """Replace every member's value by what `change` makes of its name and value."""
    if isinstance(document, dict):
        written = cast("dict[str, Any]", document)
        for name, value in written.items():
            written[name] = change(name, value)
            _rewrite(value, change)
    elif isinstance(document, list):
        for item in cast("Sequence[Any]", document):
            _rewrite(item, change)


def _binary(name: str, value: Any) -> bool:
    return isinstance(value, str) and (name in _BINARY or name == "value")


def _time(name: str, value: Any) -> bool:
    return isinstance(value, int) and name in _TIMES


@wrong_document("API-004")
def base64url_with_padding(document: dict[str, Any]) -> None:
    """Pads base64url with equals signs."""
    _rewrite(document, lambda n, v: v + "=" * (-len(v) % 4) if _binary(n, v) else v)


@wrong_document("API-004")
def plain_base64(document: dict[str, Any]) -> None:
    """Writes binary members with the letters of plain base64."""
    _rewrite(document, lambda n, v: v.translate({45: 43, 95: 47}) if _binary(n, v) else v)


@wrong_document("API-005")
def times_in_milliseconds(document: dict[str, Any]) -> None:
    """Writes times in milliseconds."""
    _rewrite(document, lambda n, v: v * 1000 if _time(n, v) else v)


@wrong_document("API-005")
def times_as_text(document: dict[str, Any]) -> None:
    """Writes times as ISO 8601 has them."""
    _rewrite(
        document, lambda n, v: datetime.fromtimestamp(v, UTC).isoformat() if _time(n, v) else v
    )


@wrong_document("API-005")
def times_with_a_fraction(document: dict[str, Any]) -> None:
    """Writes times with a fraction of a second."""
    _rewrite(document, lambda n, v: v + 0.5 if _time(n, v) else v)


@wrong_document("WIRE-001")
def bundle_is_wrapped(document: dict[str, Any]) -> None:
    """Wraps key bundles in a member called data."""
    if "key" in document:
        wrapped = dict(document)
        document.clear()
        document["data"] = wrapped


@wrong_document("WIRE-001")
def attributes_left_out(document: dict[str, Any]) -> None:
    """Shows keys without their attributes."""
    document.pop("attributes", None)


@wrong_document("WIRE-001")
def enabled_as_text(document: dict[str, Any]) -> None:
    """Writes enabled as text."""
    attributes = document.get("attributes")
    if attributes is not None:
        attributes["enabled"] = str(attributes["enabled"]).lower()


@wrong_bytes("WIRE-001")
def created_is_201(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Answers 201 to create."""
    created = response.status == 200 and "/create" in sent.target
    return replace(response, status=201) if created else response


@wrong_bytes("WIRE-001")
def deletion_has_no_body(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Answers 204 to delete."""
    if sent.method != "DELETE" or response.status != 200:
        return response
    return replace(response, status=204, body=b"")


@wrong_bytes("WIRE-001")
def purge_is_200(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Answers 200 to purge."""
    return replace(response, status=200) if response.status == 204 else response


@wrong_document("WIRE-201")
def absent_members_are_null(document: dict[str, Any]) -> None:
    """Writes members without a value as null."""
    if "key" in document:
        document.setdefault("tags", None)
        document.setdefault("release_policy", None)


@wrong_document("WIRE-201")
def last_page_has_a_null_link(document: dict[str, Any]) -> None:
    """Writes the nextLink of a last page as null."""
    if isinstance(document.get("value"), list):
        document.setdefault("nextLink", None)


@wrong_document("WIRE-202")
def managed_is_shown(document: dict[str, Any]) -> None:
    """Says of every key whether a certificate manages it, as a vault does."""
    if "key" in document:
        document["managed"] = False


@wrong_document("WIRE-202")
def size_beside_the_key(document: dict[str, Any]) -> None:
    """Writes the key size into the JWK."""
    if "key" in document:
        document["key"]["key_size"] = 2048


@wrong_bytes("ERR-100")
def error_without_activity(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Writes error messages without the activity id."""

    def without(document: dict[str, Any]) -> None:
        if "error" in document:
            message = document["error"]["message"]
            document["error"]["message"] = message.partition(" (Activity ID")[0]

    return document_changed(response, without)


@wrong_bytes("ERR-100")
def activity_of_nothing(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Ends every error message with the same activity id."""
    request_id = response.headers["x-ms-request-id"]
    if response.status < 400:
        return response
    return replace(response, body=response.body.replace(request_id.encode(), _NO_ACTIVITY.encode()))


@wrong_bytes("ERR-100")
def activity_without_digits(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Ends error messages with an activity id that is no UUID, and names no request by one."""
    request_id = response.headers["x-ms-request-id"]
    if response.status < 400:
        return response
    headers = {name: v for name, v in response.headers.items() if name != "x-ms-request-id"}
    body = response.body.replace(request_id.encode(), b"-" * len(request_id))
    return replace(response, headers=headers, body=body)


@wrong_bytes("ERR-204")
def activity_is_drawn(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Draws the ids of activities: a UUID of version 4."""
    shown = response.headers["x-ms-request-id"]
    drawn = f"{shown[:14]}4{shown[15:]}"
    headers = {**response.headers, "x-ms-request-id": drawn}
    body = response.body.replace(shown.encode(), drawn.encode())
    return replace(response, headers=headers, body=body)


@wrong_bytes("WIRE-205")
def body_begins_with_a_mark(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Writes a byte order mark before every body that is an object."""
    if not response.body.startswith(b"{"):
        return response
    return replace(response, body=b"\xef\xbb\xbf" + response.body)


@wrong_bytes("WIRE-205")
def body_is_utf_16(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Writes bodies in UTF-16."""
    return replace(response, body=response.body.decode().encode("utf-16-le"))


@wrong_bytes("ERR-101")
def error_is_bare(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Writes code and message without the envelope."""
    document = response.document()
    if response.status < 400 or not isinstance(document, dict):
        return response
    return replace(response, body=json.dumps(document["error"]).encode())


@wrong_bytes("ERR-101")
def error_has_an_inner_one(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Writes an inner error, as a vault does."""

    def deeper(document: dict[str, Any]) -> None:
        if "error" in document:
            document["error"]["innererror"] = {"code": document["error"]["code"]}

    return document_changed(response, deeper)


@wrong_bytes("ERR-101")
def error_is_a_page(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Answers errors with a page of HTML."""
    if response.status < 400 or response.status == 401:
        return response
    return replace(response, body=b"<html><body>Error</body></html>")
