"""A case as Python: the calls that send its steps, and a test that a user can keep."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from mhsm_conformance.cases.case import Asked, Case, CaseStep, Message, sources
from mhsm_conformance.cases.request_kinds import KINDS
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
)
from mhsm_conformance.steps import Lapse
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Credential
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_reports.render.visible_text import visible_line

__all__ = ["function_of", "imports_of", "python_test", "statements", "written_configurations"]

_SAME: Final = 4
"""A value of more bytes or letters, all of them the same, is written as a product."""

_LINE: Final = 100
_NAMES: Final = {
    "mhsm_conformance.cases.provenance": ("next_target",),
    "mhsm_conformance.replaying": ("Replay",),
    "mhsm_conformance.vectors.altering": ("flipped",),
    "mhsm_conformance.vectors.sample_keys": ("sample_key",),
    "mhsm_model.base64url": ("encoded",),
    "mhsm_model.configuration": ("Configuration",),
    "mhsm_model.exchange": (
        "Credential",
        *(name for name in KINDS if name != "JsonWebKey"),
    ),
    "mhsm_model.jwk": ("JsonWebKey",),
    "mhsm_model.operations.paging": ("next_token",),
}
"""What the calls may need, by the module that has it."""


def python_test(*cases: Case) -> str:
    """The cases as pytest functions, with their imports; they use the plugin's `open_session`."""
    functions: dict[str, str] = {}
    for case in cases:
        first = name = f"test_{case.clause or 'sequence'}".lower().replace("-", "_")
        number = 1
        while name in functions:
            # Two cases of one clause: the second would take the place of the first.
            number += 1
            name = f"{first}_{number}"
        functions[name] = _function(case, name)
    code = "\n\n".join(functions.values())
    return "\n".join([*imports_of(code), "", "", code])


def _function(case: Case, name: str) -> str:
    strict = " --mhsm-strict" if case.strict else ""
    body = [
        *_docstring(
            case.title,
            "",
            f"{_found(case)} To try it:",
            f"pytest --mhsm-target TARGET{strict}",
        ),
    ]
    instances = written_configurations(case.instances)
    body.append(f"session = open_session({instances}, seed={case.seed})")
    body += statements(case, "session")
    return function_of(case, name, body)


def function_of(case: Case, name: str, body: Sequence[str]) -> str:
    """The function of a test of the case; one that the case does not hold all of is skipped."""
    lines = [f"def {name}(open_session):", *(f"    {line}" if line else "" for line in body), ""]
    if case.left_out is not None:
        lines.insert(0, f"@pytest.mark.skip(reason={'untested: ' + case.left_out!r})")
    return "\n".join(lines)


def _found(case: Case) -> str:
    where = f"on {visible_line(case.target.name)}"
    return f"Typed {where}." if case.check is None else f"Found by {case.check} {where}."


def _docstring(*lines: str) -> Iterator[str]:
    shown = [line.replace("\\", "\\\\").replace('"""', "'''") for line in lines]
    yield f'"""{shown[0]}'
    yield from shown[1:]
    yield '"""'


def imports_of(code: str, replies: Collection[str] = ()) -> Iterator[str]:
    """The lines that import what the code calls, and the types of replies that it names."""
    if "replace(" in code:
        yield "from dataclasses import replace"
        yield ""
    if "pytest.mark." in code:
        yield "import pytest"
        yield ""
    for module, names in _NAMES.items():
        needed = sorted(name for name in names if re.search(rf"\b{name}\b[(.]", code))
        if module == "mhsm_model.exchange":
            needed = sorted({*needed, *replies})
        if not needed:
            continue
        line = f"from {module} import {', '.join(needed)}"
        if len(line) <= _LINE:
            yield line
        else:
            yield f"from {module} import ("
            yield from (f"    {name}," for name in needed)
            yield ")"


def written_configurations(instances: Mapping[str, Configuration]) -> str:
    """The instances as the Python source of a dictionary."""
    rows = (f"{host!r}: {_written_configuration(told)}" for host, told in instances.items())
    return f"{{{', '.join(rows)}}}"


def _written_configuration(told: Configuration) -> str:
    plain = Configuration()
    changed = (
        f"{field.name}={getattr(told, field.name)!r}"
        for field in fields(told)
        if getattr(told, field.name) != getattr(plain, field.name)
    )
    return f"Configuration({', '.join(changed)})"


def statements(case: Case, session: str, named: Collection[int] = ()) -> list[str]:
    """The calls on the name `session`, one a step.

    A reply that is needed later, or whose step is among `named`, gets the name r and its step's
    number.
    """
    needed = {*named, *(source.step for step in case.steps for source in sources(step))}
    return [
        f"r{number} = {call}" if number in needed else call
        for number, step in enumerate(case.steps, 1)
        for call in (_call(step, session),)
    ]


def _call(step: CaseStep, session: str) -> str:
    match step:
        case Asked():
            words = [repr(step.host), _written(step.request, session), *_credential(step)]
            if step.api_version != LATEST_RECORDED:
                words.append(f"api_version={step.api_version!r}")
            return f"{session}.send({', '.join(words)})"
        case Message():
            words = [repr(step.host), repr(step.method), _written(step.target, session)]
            words += [_body(step.body, session), *_credential(step)]
            if step.content_type is not None:
                words.append(f"content_type={step.content_type!r}")
            if step.headers:
                words.append(f"headers={dict(step.headers)!r}")
            return f"{session}.send_message({', '.join(words)})"
        case Lapse(seconds):
            return f"{session}.advance({seconds})"
        case _:
            return f"{session}.lose_next(after_effect={step.after_effect})"


def _credential(step: Asked | Message) -> list[str]:
    return [] if step.credential is Credential.TOKEN else [f"credential={step.credential}"]


def _body(body: Term, session: str) -> str:
    if isinstance(body, str):
        return _written_plain(body.encode())
    if isinstance(body, Joined):
        return " + ".join(
            f"{_piece(piece)}.encode()" if isinstance(piece, Taken) else _as_bytes(piece)
            for piece in body.pieces
        )
    return _written(body, session)


def _as_bytes(piece: str | bytes) -> str:
    return _written_plain(piece.encode() if isinstance(piece, str) else piece)


def _written(term: Term, session: str) -> str:
    match term:
        case Made("JsonWebKey"):
            return _written_key(term, session)
        case Made(kind, members):
            told = (f"{name}={_written(member, session)}" for name, member in members)
            return f"{kind}({', '.join(told)})"
        case Taken():
            return _piece(term)
        case Joined(pieces):
            return " + ".join(_piece(piece) for piece in pieces)
        case Clock(offset):
            return f"{session}.now() {'-' if offset < 0 else '+'} {abs(offset)}"
        case LeftOut():
            return "b''"
        case str() | bytes():
            return _written_plain(term)
        case _:
            return repr(term)


def _written_plain(value: str | bytes) -> str:
    if len(value) > _SAME and len(set(value)) == 1:
        one = value[:1]
        return f"{one!r} * {len(value)}" if one != b"\0" else f"bytes({len(value)})"
    return " + ".join(_written_run(piece, times) for piece, times in runs(value)) or repr(value)


def _written_run(piece: str | bytes, times: int) -> str:
    return repr(piece) if times == 1 else f"{piece!r} * {times}"


def _piece(piece: Piece) -> str:
    if not isinstance(piece, Taken):
        # As a part of a sum a product needs no brackets.
        return _written_plain(piece)
    source = piece.source
    if isinstance(source, SampleMember):
        told = f"sample_key({source.kind!r}, {source.serial}).{source.member}"
    else:
        told = _shown(source)
    if piece.start is not None or piece.stop is not None:
        start, stop = ("" if end is None else end for end in (piece.start, piece.stop))
        told = f"{told}[{start}:{stop}]"
    for place, mask in piece.flips:
        told = f"flipped({told}, {place}{'' if mask == 1 else f', {mask}'})"
    return f"encoded({told})" if piece.as_text else told


def _shown(source: Shown) -> str:
    if source.member == "continuation":
        return f"next_token(r{source.step})"
    if source.member == "next_target":
        return f"next_target(r{source.step})"
    path = re.sub(r"\.([0-9]+)", r"[\1]", source.member)
    return f"r{source.step}.{path}"


def _written_key(made: Made, session: str) -> str:
    """An imported key: a sample by its name where most of it is one."""
    members = dict(made.members)
    base = _sample_of(made)
    if base is None:
        told = (f"{name}={_written(term, session)}" for name, term in made.members)
        return f"JsonWebKey({', '.join(told)})"
    sample = sample_key(*base)
    changed: list[str] = []
    for field in fields(sample):
        own: Any = getattr(sample, field.name)
        term = members.get(field.name)
        if term not in (own, Taken(SampleMember(*base, field.name))):
            changed.append(f"{field.name}={_written(term, session)}")
    named = f"sample_key({base[0]!r}, {base[1]})"
    return f"replace({named}, {', '.join(changed)})" if changed else named


def _sample_of(made: Made) -> tuple[str, int] | None:
    """The sample that has a secret of the key, or else something public of it."""
    members = dict(made.members)
    for name in ("d", "k", "x", "n"):
        term = members.get(name)
        if isinstance(term, Taken) and isinstance(term.source, SampleMember):
            return term.source.kind, term.source.serial
    return None
