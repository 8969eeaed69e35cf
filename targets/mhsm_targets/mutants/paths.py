"""Mutants that take fewer paths than the service, or more."""

from __future__ import annotations

import json
from dataclasses import replace

from mhsm_model.exchange import Call, NoContent, NoOperation, Refused, Reply, Unauthenticated
from mhsm_model.state import Estate
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.mutants.mutant import wrong_bytes, wrong_reply

__all__: list[str] = []


def _refused(response: HttpResponse, status: int, code: str, message: str) -> HttpResponse:
    """An error in the place of a success."""
    if response.status >= 400:
        return response
    told = f"{message} (Activity ID: {response.headers['x-ms-request-id']})"
    headers = {n: v for n, v in response.headers.items() if not n.startswith("x-ms-keyvault-")}
    body = json.dumps({"error": {"code": code, "message": told}}).encode()
    return replace(response, status=status, headers=headers, body=body)


@wrong_bytes("API-009")
def slash_at_the_end_is_not_found(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Answers 404 to a path that ends with a slash."""
    if not sent.path.endswith("/"):
        return response
    return _refused(response, 404, "NotFound", "The resource does not exist")


@wrong_bytes("API-009")
def empty_version_is_a_name(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Takes an empty version for a part of the name."""
    if "//" not in sent.path:
        return response
    return _refused(response, 400, "BadParameter", "Invalid key identifier or name")


@wrong_bytes("API-009")
def capitals_are_no_operation(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Knows operations in small letters alone."""
    action = sent.path.rpartition("/")[2]
    if not action.isalpha() or action.islower():
        return response
    return _refused(response, 400, "NotSupported", f"action '{action}' not supported")


@wrong_bytes("API-206")
def next_link_needs_a_version(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Wants an api-version where a nextLink is followed, as a vault does."""
    if "skiptoken" not in sent.target or "api-version" in sent.query:
        return response
    return _refused(response, 400, "BadParameter", "api-version must be specified")


@wrong_bytes("WIRE-221")
def long_line_is_too_long(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Answers 414 to a line of more than 4 KiB."""
    if sent.line_length <= 1 << 12:
        return response
    return replace(response, status=414)


@wrong_reply("WIRE-204")
def no_operation_is_taken(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers with success to what is no operation."""
    if not isinstance(call.request, NoOperation) or isinstance(reply, Unauthenticated):
        return reply
    return NoContent()


@wrong_reply("WIRE-204")
def no_operation_is_a_fault(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers 501 to what is no operation."""
    if not isinstance(call.request, NoOperation) or isinstance(reply, Unauthenticated):
        return reply
    return Refused(501, "NotImplemented", "Not implemented")


@wrong_bytes("WIRE-206")
def strange_path_gets_a_page(sent: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Answers with a page to a path that is not found."""
    if b'"NotFound"' not in response.body:
        return response
    return replace(response, body=b"<html><body>Not found</body></html>")
