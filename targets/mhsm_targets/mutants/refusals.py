"""Mutants that refuse what they should, and answer with a wrong status, code or message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from mhsm_model.alternatives import key_name
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Call, Malformed, NoContent, Refused, Reply, Unauthenticated
from mhsm_model.identifiers import is_name
from mhsm_model.state import Absent, Active, Deleted, Estate
from mhsm_targets.mutants.mutant import (
    Mutant,
    ReplyFault,
    register,
    wrong_configuration,
    wrong_reply,
)
from mhsm_targets.mutants.parts import entry_at

__all__: list[str] = []


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A refusal that was recorded, when it is given, and a plausible wrong wording of it."""

    clause: str
    given: Callable[[Call, Refused, Estate], bool]
    status: int
    code: str
    wording: Callable[[Call], str]


def _about(
    collection: str, kind: type[Absent] | type[Active] | type[Deleted]
) -> Callable[..., bool]:
    def given(call: Call, reply: Refused, before: Estate) -> bool:
        if reply.code != "KeyNotFound" or f"/{collection}/" not in (reply.message or ""):
            return False
        return isinstance(entry_at(before, call.host, key_name(call.request)), kind)

    return given


def _saying(message: str) -> Callable[..., bool]:
    def given(call: Call, reply: Refused, before: Estate) -> bool:
        return reply.message == message

    return given


def _bad_characters(call: Call, reply: Refused, before: Estate) -> bool:
    return not is_name(key_name(call.request))


def _constant(text: str) -> Callable[[Call], str]:
    return lambda call: text


def _vault_wording(call: Call) -> str:
    name = key_name(call.request)
    return f"A key with (name/id) {name} was not found in this key vault."


def _with_version(call: Call) -> str:
    version = getattr(call.request, "version", None)
    return f"Key not found: https://{call.host}/keys/{key_name(call.request)}/{version}"


def _under_keys(call: Call) -> str:
    return f"Key not found: https://{call.host}/keys/{key_name(call.request)}"


def _deleted_vault_wording(call: Call) -> str:
    return f"Deleted Key not found: {key_name(call.request)}"


_RECORDED: Final = (
    _Recorded("ERR-002", _about("keys", Absent), 400, "NotFound", _vault_wording),
    _Recorded("ERR-003", _about("deletedkeys", Absent), 410, "DeletedKeyNotFound", _under_keys),
    _Recorded("KEY-011", _about("keys", Active), 400, "KeyVersionNotFound", _with_version),
    _Recorded("LIFE-204", _about("deletedkeys", Deleted), 410, "KeyPurged", _deleted_vault_wording),
    _Recorded(
        "KEY-001",
        _bad_characters,
        404,
        "InvalidName",
        _constant("The request URI contains an invalid name"),
    ),
    _Recorded(
        "SKR-001",
        _saying("Exportable keys must have release policy"),
        403,
        "Forbidden",
        _constant("AKV.SKR.1003: exportable keys must have a release policy"),
    ),
    _Recorded(
        "SKR-002",
        _saying("Non-exportable keys must not have release policy"),
        403,
        "Forbidden",
        _constant("AKV.SKR.1004: only exportable keys may have a release policy"),
    ),
    _Recorded(
        "SKR-003",
        _saying("Key Release Policy: missing 'version' property"),
        422,
        "InvalidReleasePolicy",
        _constant("Key Release Policy is not valid"),
    ),
    _Recorded(
        "SKR-004",
        _saying("Immutable Release policy cannot be modified"),
        409,
        "Conflict",
        _constant("The release policy is immutable"),
    ),
    _Recorded(
        "IMP-201",
        _saying("JSON Web Key: kty is missing"),
        422,
        "InvalidKey",
        _constant("Property kty is required"),
    ),
    _Recorded(
        "KEY-027",
        _saying("JSON Web Key: k property of oct key is too large, maximum size is 64"),
        413,
        "KeyTooLarge",
        _constant("The key is too large"),
    ),
)


def _miswritten(row: _Recorded, change: Callable[[Call, Refused], Reply]) -> ReplyFault:
    def altered(call: Call, reply: Reply, before: Estate) -> Reply:
        if not isinstance(reply, Refused) or not row.given(call, reply, before):
            return reply
        return change(call, reply)

    return ReplyFault(altered)


def _with_status(row: _Recorded) -> ReplyFault:
    return _miswritten(row, lambda call, reply: replace(reply, status=row.status))


def _with_code(row: _Recorded) -> ReplyFault:
    return _miswritten(row, lambda call, reply: replace(reply, code=row.code))


def _with_message(row: _Recorded) -> ReplyFault:
    return _miswritten(row, lambda call, reply: replace(reply, message=row.wording(call)))


for _row in _RECORDED:
    _name = _row.clause.lower()
    for _word, _fault in (
        ("status", _with_status(_row)),
        ("code", _with_code(_row)),
        ("message", _with_message(_row)),
    ):
        _prose = f"Refuses as {_row.clause} says, with another {_word} than the one recorded."
        register(Mutant(f"{_name}-with-a-wrong-{_word}", _row.clause, _prose, _fault))


def _vault_not_found(call: Call, reply: Refused) -> Reply:
    return replace(reply, message=_vault_wording(call))


register(
    Mutant(
        "version-not-found-in-this-key-vault",
        "KEY-011",
        "Words the refusal of an unknown version as a key vault does.",
        _miswritten(_RECORDED[2], _vault_not_found),
    )
)


# --- refusals of a whole kind ---------------------------------------------------------------------


@wrong_reply("AUTH-001")
def anonymous_is_forbidden(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers 403 to a caller without a good token, and no challenge."""
    if not isinstance(reply, Unauthenticated):
        return reply
    return Refused(403, "Forbidden", "The caller has no token")


@wrong_reply("AUTH-001")
def name_is_looked_at_first(call: Call, reply: Reply, before: Estate) -> Reply:
    """Refuses a bad name before it asks who is calling."""
    name = key_name(call.request)
    if not isinstance(reply, Unauthenticated) or not name or is_name(name):
        return reply
    return Refused(400, "BadParameter", "Invalid key identifier or name")


@wrong_reply("AUTH-001")
def absence_is_told_to_anyone(call: Call, reply: Reply, before: Estate) -> Reply:
    """Tells a caller without a token that there is no such key."""
    name = key_name(call.request)
    if not isinstance(reply, Unauthenticated) or not name:
        return reply
    if not isinstance(entry_at(before, call.host, name), Absent):
        return reply
    return Refused(404, "KeyNotFound", f"Key not found: https://{call.host}/keys/{name}")


@wrong_reply("ERR-202")
def absent_key_is_a_fault(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers 500 where there is no such key."""
    if not isinstance(reply, Refused) or reply.code != "KeyNotFound":
        return reply
    return Refused(500, "UnknownError", "Unknown error")


@wrong_reply("ERR-202")
def bad_parameter_is_a_fault(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers 500 to everything that has a bad parameter."""
    if not isinstance(reply, Refused) or reply.code != "BadParameter":
        return reply
    return Refused(500, "UnknownError", "Unknown error")


@wrong_reply("WIRE-002")
def malformed_body_is_a_fault(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers 500 to a body that it cannot read."""
    if not isinstance(call.request, Malformed) or isinstance(reply, Unauthenticated):
        return reply
    return Refused(500, "UnknownError", "Unknown error")


@wrong_reply("WIRE-002")
def malformed_body_is_taken(call: Call, reply: Reply, before: Estate) -> Reply:
    """Takes a body that it cannot read for an empty one, and answers with success."""
    if not isinstance(call.request, Malformed) or isinstance(reply, Unauthenticated):
        return reply
    return NoContent()


# --- limits ---------------------------------------------------------------------------------------


@wrong_configuration("KEY-007")
def one_version_too_many(configuration: Configuration) -> Configuration:
    """Takes one version more than the limit."""
    return replace(configuration, maximum_versions=configuration.maximum_versions + 1)


@wrong_configuration("LIM-002")
def one_key_too_many(configuration: Configuration) -> Configuration:
    """Takes one key more than the limit."""
    return replace(configuration, maximum_keys=configuration.maximum_keys + 1)


@wrong_configuration("ATTR-016")
def one_tag_too_many(configuration: Configuration) -> Configuration:
    """Takes one tag more than the limit."""
    return replace(configuration, maximum_tags=configuration.maximum_tags + 1)


@wrong_configuration("ERR-201")
def one_version_too_few(configuration: Configuration) -> Configuration:
    """Refuses the last version that the limit permits."""
    return replace(configuration, maximum_versions=configuration.maximum_versions - 1)


@wrong_configuration("ERR-201")
def one_key_too_few(configuration: Configuration) -> Configuration:
    """Refuses the last key that the limit permits."""
    return replace(configuration, maximum_keys=configuration.maximum_keys - 1)


@wrong_configuration("ERR-201")
def one_tag_too_few(configuration: Configuration) -> Configuration:
    """Refuses the last tag that the limit permits."""
    return replace(configuration, maximum_tags=configuration.maximum_tags - 1)


@wrong_reply("KEY-001")
def bad_parameter_is_called_bad_request(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers 400 with the code BadRequest."""
    if not isinstance(reply, Refused) or reply.status != 400:
        return reply
    return replace(reply, code="BadRequest")


@wrong_reply("ERR-203")
def not_found_under_another_code(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers 404 with the code NotFound."""
    if not isinstance(reply, Refused) or reply.status != 404:
        return reply
    return replace(reply, code="NotFound")


@wrong_reply("ERR-203")
def not_found_names_no_key(call: Call, reply: Reply, before: Estate) -> Reply:
    """Answers 404 without the name of the key."""
    if not isinstance(reply, Refused) or reply.status != 404:
        return reply
    return replace(reply, message="Key not found")
