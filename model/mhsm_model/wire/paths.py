"""WIRE clauses about paths and queries: the spellings that the service takes."""

from __future__ import annotations

from typing import Final

from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import (
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    Malformed,
    NoOperation,
    Unmodelled,
)
from mhsm_model.findings import HELD, VACUOUS, Finding, Mismatch
from mhsm_model.identifiers import NAME_LENGTH, is_name
from mhsm_model.sources import HTTP_1_1, RECORDED_CLI, RECORDED_GO, RECORDED_PYTHON
from mhsm_model.wire.exchange import WireExchange
from mhsm_model.wire.http import LONGEST_LINE
from mhsm_model.wire.rules import WireRule, wire_rule

__all__ = ["PATH_RULES"]

_RECORDED: Final = (RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO)
_LISTS: Final = (ListKeys, ListKeyVersions, ListDeletedKeys)


@wire_rule("API-009", sources=_RECORDED)
def path_is_taken_in_every_spelling(exchange: WireExchange) -> Finding:
    """Take a path with a slash at its end, an empty version, or another case of the operation."""
    if isinstance(exchange.request, Malformed | NoOperation | Unmodelled):
        return VACUOUS
    if not _is_spelt_otherwise(exchange.sent.path):
        return VACUOUS
    status, told = exchange.answered.status, getattr(exchange.reply, "code", None)
    if status < 400:
        return HELD
    not_found = status in (404, 405) and told != "KeyNotFound"
    not_known = status == 400 and (told == "NotSupported" or _is_named_for_nothing(exchange))
    if not_found or not_known:
        return Mismatch("the answer to the path without", f"{status} {told}")
    return VACUOUS


def _is_spelt_otherwise(path: str) -> bool:
    action = path.rpartition("/")[2]
    return path.endswith("/") or "//" in path or (action.isalpha() and action.lower() != action)


def _is_named_for_nothing(exchange: WireExchange) -> bool:
    """Whether a lawful name is refused as if it were none."""
    name = getattr(exchange.request, "name", "")
    refused = getattr(exchange.reply, "message", None) == "Invalid key identifier or name"
    return refused and is_name(name) and len(name) <= NAME_LENGTH


@wire_rule("API-206", level=Level.MUST, sources=_RECORDED)
def next_link_needs_no_version(exchange: WireExchange) -> Finding:
    """Carry out a request that follows a nextLink, which has no api-version, without one."""
    request, sent = exchange.request, exchange.sent
    if not isinstance(request, _LISTS) or request.continuation is None:
        return VACUOUS
    if not sent.query_recorded or "api-version" in sent.query:
        return VACUOUS
    if exchange.answered.status < 400:
        return HELD
    told = str(getattr(exchange.reply, "message", None))
    return Mismatch("a page", told) if "version" in told else VACUOUS


@wire_rule("WIRE-221", basis=Basis.STANDARD, sources=(HTTP_1_1,))
def usual_line_is_taken(exchange: WireExchange) -> Finding:
    """Take a request line of up to 8000 octets."""
    length = exchange.sent.line_length
    if length > LONGEST_LINE:
        return VACUOUS
    if exchange.answered.status == 414:
        return Mismatch("another answer than 414", f"414 to a line of {length} octets")
    return HELD if length > LONGEST_LINE // 2 else VACUOUS


PATH_RULES: Final[tuple[WireRule, ...]] = (
    path_is_taken_in_every_spelling,
    next_link_needs_no_version,
    usual_line_is_taken,
)
