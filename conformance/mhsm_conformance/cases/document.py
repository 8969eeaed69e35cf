"""A case as a JSON object, and back: the form `mhsm-case/2`, whose schema is published.

Text, numbers and lists stand for themselves; what JSON has no word for is an object with a member
that says what it is: `bytes`, `parts`, `reply`, `sample`, `clock` or `left_out`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, Final, cast

from mhsm_conformance.cases.case import (
    Asked,
    Case,
    CaseStep,
    Message,
    TargetContext,
    sources,
)
from mhsm_conformance.cases.request_kinds import PARTS, REQUESTS
from mhsm_conformance.cases.runs import runs
from mhsm_conformance.cases.terms import (
    Clock,
    Joined,
    LeftOut,
    Made,
    Piece,
    SampleMember,
    Shown,
    Taken,
    Term,
    joined,
)
from mhsm_conformance.steps import Lapse, Loss
from mhsm_model.base64url import decoded, encoded
from mhsm_model.catalogue import catalogue
from mhsm_model.exchange import Credential
from mhsm_model.unknown import UNKNOWN
from mhsm_targets.server.options import configuration_from_json, configuration_to_json

__all__ = ["CASE_FORMAT", "CaseError", "case_from_document", "case_to_document"]

CASE_FORMAT: Final = "mhsm-case/2"
_LARGEST: Final = 1 << 26
"""The most that the values of a case may come to, in bytes or letters."""

_AFTER, _BEFORE = "after its effect", "before its effect"


class CaseError(ValueError):
    """A JSON object that is no case, though it satisfies the schema; says where and what."""


def case_to_document(case: Case) -> dict[str, Any]:
    """The JSON object of a case."""
    return {
        "format": CASE_FORMAT,
        "clause": case.clause,
        "check": case.check,
        "seed": case.seed,
        "target": {
            "name": case.target.name,
            "evidence": case.target.evidence,
            "live": case.target.live,
            "staleness": case.target.staleness,
            "capabilities": list(case.target.capabilities),
        },
        "strict": case.strict,
        "instances": [
            {"host": host, "configuration": _without_unknown(configuration_to_json(told))}
            for host, told in case.instances.items()
        ],
        "steps": [_step_document(step) for step in case.steps],
        "shortened_from": case.shortened_from,
    }


def _without_unknown(told: dict[str, Any]) -> dict[str, Any]:
    # What nobody knows is opened as the service has it by itself.
    return {name: value for name, value in told.items() if value is not UNKNOWN and value != []}


def _step_document(step: CaseStep) -> dict[str, Any]:
    match step:
        case Asked(host, request, credential, api_version):
            return {
                "to": host,
                "credential": credential.value,
                "api_version": api_version,
                "request": request.kind,
                "members": _made_document(request),
            }
        case Message():
            return {
                "to": step.host,
                "credential": step.credential.value,
                "message": {
                    "method": step.method,
                    "target": _value(step.target),
                    "content_type": step.content_type,
                    "headers": dict(step.headers),
                    "body": _value(step.body),
                },
            }
        case Lapse(seconds):
            return {"lapse": seconds}
        case Loss(after_effect):
            return {"lose_next": _AFTER if after_effect else _BEFORE}


def _made_document(made: Made) -> dict[str, Any]:
    return {name: _value(term) for name, term in made.members}


def _value(term: Term) -> Any:
    match term:
        case bytes() | str():
            pieces = list(_pieces(term))
            return pieces[0] if len(pieces) == 1 else {"parts": pieces}
        case Taken():
            return _taken_document(term)
        case Joined(pieces):
            return {"parts": [part for piece in pieces for part in _part(piece)]}
        case Clock(offset):
            return {"clock": offset}
        case LeftOut(why):
            return {"left_out": why}
        case Made():
            return _made_document(term)
        case tuple():
            return list(term)
        case Mapping():
            return dict(term)
        case _:
            return term


def _part(piece: Piece) -> Iterator[Any]:
    if isinstance(piece, Taken):
        yield _taken_document(piece)
    else:
        yield from _pieces(piece)


def _pieces(value: str | bytes) -> Iterator[Any]:
    """The value as JSON, in pieces where a byte or a letter of it stands many times in a row."""
    if not value:
        yield _plain(value)
    for piece, times in runs(value):
        yield _plain(piece) if times == 1 else {"repeated": _plain(piece), "times": times}


def _plain(value: str | bytes) -> Any:
    return value if isinstance(value, str) else {"bytes": encoded(value)}


def _taken_document(taken: Taken) -> dict[str, Any]:
    source = taken.source
    told: dict[str, Any] = (
        {"reply": source.step, "member": source.member}
        if isinstance(source, Shown)
        else {"sample": source.kind, "serial": source.serial, "member": source.member}
    )
    told |= {n: v for n, v in (("start", taken.start), ("stop", taken.stop)) if v is not None}
    if taken.flips:
        told["flips"] = [list(flip) for flip in taken.flips]
    if taken.as_text:
        told["as"] = "base64url"
    return told


def case_from_document(document: Mapping[str, Any]) -> Case:
    """The case that a JSON object is, which satisfies the schema.

    Raises CaseError for what the schema cannot tell: a clause that there is none of, a member that
    a request has not, a link to a reply that comes later.
    """
    _check_size(document["steps"])
    target = document["target"]
    case = Case(
        clause=document["clause"],
        check=document["check"],
        seed=document["seed"],
        target=TargetContext(
            target["name"],
            target["evidence"],
            target["live"],
            target["staleness"],
            tuple(target["capabilities"]),
        ),
        strict=document["strict"],
        instances={told["host"]: _configuration(told) for told in document["instances"]},
        steps=tuple(_step(told, f"/steps/{place}") for place, told in enumerate(document["steps"])),
        shortened_from=document["shortened_from"],
    )
    if case.clause is not None and case.clause not in {clause.identifier for clause in catalogue()}:
        raise CaseError(f"at /clause: no clause is called {case.clause!a}")
    if len(case.instances) < len(document["instances"]):
        raise CaseError("at /instances: two of them have the same host")
    _check_links(case)
    return case


def _configuration(told: Mapping[str, Any]) -> Any:
    try:
        return configuration_from_json(told["configuration"])
    except (TypeError, ValueError) as error:
        raise CaseError(f"at /instances: {error}") from None


def _check_links(case: Case) -> None:
    answered: set[int] = set()
    for number, step in enumerate(case.steps, 1):
        where = f"at /steps/{number - 1}"
        if isinstance(step, Asked | Message):
            if step.host not in case.instances:
                raise CaseError(f"{where}/to: no instance has the host {step.host!a}")
            for source in sources(step):
                if source.step not in answered:
                    raise CaseError(f"{where}: no reply comes before it from step {source.step}")
            answered.add(number)


def _check_size(steps: Any) -> None:
    """A small file must not come to values that fill the memory."""
    room = _LARGEST
    waiting: list[Any] = [steps]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(cast("Sequence[Any]", value))
        elif isinstance(value, dict):
            told = cast("Mapping[str, Any]", value)
            waiting.extend(told.values())
            times = told.get("times", 0)
            room -= times if isinstance(times, int) else 0
    if room < 0:
        raise CaseError("at /steps: what they hold is too large to be sent")


def _step(told: Mapping[str, Any], where: str) -> CaseStep:
    if "lapse" in told:
        return Lapse(told["lapse"])
    if "lose_next" in told:
        return Loss(told["lose_next"] == _AFTER)
    credential = Credential(told["credential"])
    if "message" in told:
        message = told["message"]
        return Message(
            told["to"],
            message["method"],
            _target(message["target"], f"{where}/message/target"),
            _term(message["body"], f"{where}/message/body"),
            credential,
            message["content_type"],
            dict(message["headers"]),
        )
    request = _made(told["request"], REQUESTS[told["request"]], told["members"], f"{where}/members")
    return Asked(told["to"], request, credential, told["api_version"])


def _made(kind: str, made: type[Any], told: Mapping[str, Any], where: str) -> Made:
    known = {field.name: field for field in fields(made)}
    other = next((name for name in told if name not in known), None)
    if other is not None:
        raise CaseError(f"at {where}: {kind} has no member {other}")
    lacking = next(
        (n for n, field in known.items() if field.default is MISSING and n not in told), None
    )
    if lacking is not None:
        raise CaseError(f"at {where}: {kind} needs the member {lacking}")
    # In the order of the class, whatever that of the object is.
    members = tuple(
        (name, _member(name, told[name], f"{where}/{name}")) for name in known if name in told
    )
    return Made(kind, members)


def _member(name: str, value: Any, where: str) -> Term:
    if name in PARTS and isinstance(value, dict):
        kind = PARTS[name]
        return _made(kind.__name__, kind, cast("Mapping[str, Any]", value), where)
    if name == "tags" and isinstance(value, dict):
        return dict(cast("Mapping[str, str]", value))
    return _term(value, where)


def _target(value: Any, where: str) -> Term:
    term = _term(value, where)
    first = term.pieces[0] if isinstance(term, Joined) else term
    if isinstance(first, bytes) or (isinstance(first, str) and not first.startswith("/")):
        raise CaseError(f"at {where}: a path begins with a slash")
    return term


def _term(value: Any, where: str) -> Term:
    if isinstance(value, list):
        return tuple(cast("Sequence[str]", value))
    if not isinstance(value, dict):
        plain: Term = value
        return plain
    told = cast("Mapping[str, Any]", value)
    if "parts" in told:
        pieces = [_piece(part, where) for part in told["parts"]]
        kinds = {_is_text(piece) for piece in pieces} - {None}
        if len(kinds) > 1:
            raise CaseError(f"at {where}: some parts are text and some are bytes")
        return joined(pieces)
    if "clock" in told:
        return Clock(told["clock"])
    if "left_out" in told:
        return LeftOut(told["left_out"])
    return _piece(told, where)


def _is_text(piece: Piece) -> bool | None:
    """Whether the piece is text; None where only the reply can tell."""
    if isinstance(piece, Taken):
        return True if piece.as_text else None
    return isinstance(piece, str)


def _piece(told: Any, where: str) -> Piece:
    if isinstance(told, str):
        return told
    part = cast("Mapping[str, Any]", told)
    if "bytes" in part:
        try:
            return decoded(part["bytes"])
        except ValueError:
            raise CaseError(f"at {where}: {part['bytes']!a:.60} is not base64url") from None
    if "repeated" in part:
        one, times = _piece(part["repeated"], where), part["times"]
        if isinstance(one, Taken) or len(one) != 1:
            raise CaseError(f"at {where}: it is not one byte or letter that is repeated")
        many: str | bytes = one * times
        return many
    source = (
        Shown(part["reply"], part["member"])
        if "reply" in part
        else SampleMember(part["sample"], part["serial"], part["member"])
    )
    flips = tuple((place, mask) for place, mask in part.get("flips", ()))
    return Taken(source, part.get("start"), part.get("stop"), flips, part.get("as") is not None)
