"""A case as lines for a shell with curl, for a server of `mhsm serve` or any other HSM."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from shlex import quote
from typing import Any, Final

from mhsm_conformance.cases.case import Asked, Case, CaseStep, Message, sources, terms_of
from mhsm_conformance.cases.request_kinds import KINDS
from mhsm_conformance.cases.runs import runs
from mhsm_conformance.cases.terms import (
    Clock,
    Joined,
    LeftOut,
    Made,
    Piece,
    SampleMember,
    Taken,
    Term,
    leaves,
)
from mhsm_conformance.session import JSON
from mhsm_conformance.steps import Lapse, Loss
from mhsm_model.base64url import encoded
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Credential
from mhsm_model.wire.http import HttpRequest
from mhsm_model.wire.request_encoding import encode_request
from mhsm_targets.server.options import configuration_to_json

__all__ = ["curl_lines"]

_LONGEST_WORD: Final = 120_000
"""What a word of a command line may come to, in bytes; Linux takes no more than 131071."""

_CONTROLS: Final = "MHSM_CONTROLS"
_AS_JSON: Final = f"-H 'Content-Type: {JSON}'"

_TAKEN: Final = """\
replies=$(mktemp -d)
taken() {  # FORM PIECE...: values from earlier replies, as text, url (quoted) or base64url
"${MHSM_PYTHON:-python3}" - "$replies" "$@" <<'PYTHON'
import base64, json, sys, urllib.parse

def member(step, name):
    with open(f"{folder}/{step}") as file:
        reply = json.load(file)
    if name in ("continuation", "next_target"):
        link = urllib.parse.urlsplit(reply["nextLink"])
        tokens = urllib.parse.parse_qs(link.query).get("$skiptoken", [""])
        return tokens[0] if name == "continuation" else f"{link.path}?{link.query}"
    if name.endswith("kid.version"):
        first, *rest = name.split(".")
        shown = reply["value"][int(rest[0])] if first == "items" else reply.get("key", reply)
        return shown["kid"].rpartition("/")[2]
    return base64.urlsafe_b64decode(reply["value" if name == "blob" else name] + "===")

def piece(told):
    kind, first, *rest = told.split("|")
    if kind == "hex":
        return bytes.fromhex(first)
    if kind == "sample":
        from mhsm_conformance.vectors.sample_keys import sample_key
        serial, name, *rest = rest
        value = getattr(sample_key(first, int(serial)), name)
    else:
        name, *rest = rest
        value = member(first, name)
    cut, flips = rest
    start, stop = (int(end) if end else None for end in cut.split(":"))
    value = value[start:stop]
    for flip in flips.split():
        place, mask = map(int, flip.split("^"))
        value = bytearray(value)
        value[place] ^= mask
    return value

folder, form, *told = sys.argv[1:]
values = [piece(one) for one in told]
if form == "base64url":
    print(base64.urlsafe_b64encode(b"".join(values)).rstrip(b"=").decode(), end="")
else:
    text = "".join(values)
    print(urllib.parse.quote(text, safe="") if form == "url" else text, end="")
PYTHON
}
"""
"""A function of the shell that takes values from replies, as the links of the case say."""


class _Spliced:
    """What stands in a message for values that only the shell will know."""

    def __init__(self, ahead: int) -> None:
        self._ahead = ahead
        self._words: dict[str, tuple[str, str]] = {}

    def value(self, term: Term, name: str = "") -> Any:
        """The value of a term, with a mark in the place of what is not known yet."""
        match term:
            case Made(kind, members):
                made = KINDS[kind]
                return made(**{n: self.value(member, n) for n, member in members})
            case Clock(offset):
                moment = 7_770_000_000 + len(self._words)
                told = f"$(( $(date +%s) + {self._ahead + offset} ))"
                self._words[str(moment)] = (told, told)
                return moment
            case Taken() | Joined():
                return self._marked(term, name)
            case LeftOut():
                return b""
            case _:
                return term

    def _marked(self, term: Taken | Joined, name: str) -> str | bytes:
        pieces = term.pieces if isinstance(term, Joined) else (term,)
        told = " ".join(quote(_piece_word(piece)) for piece in pieces)
        number = len(self._words)
        if name in ("version", "continuation", "name"):
            mark = f"{0xC0FFEE << 64 | number:032x}"
            self._words[mark] = (f"$(taken url {told})", f"$(taken text {told})")
            return mark
        octets = b"mhsm case mark at: %06d" % number + b"."
        expression = f"$(taken base64url {told})"
        self._words[encoded(octets)] = (expression, expression)
        return octets

    def text(self, term: Term) -> str:
        """A text made by hand, with marks."""
        pieces = term.pieces if isinstance(term, Joined) else (term,)
        return "".join(self._text_piece(piece) for piece in pieces)

    def _text_piece(self, piece: Term) -> str:
        if isinstance(piece, str):
            return piece
        if not isinstance(piece, Taken):
            return ""
        mark = f"{0xC0FFEE << 64 | len(self._words):032x}"
        form = "base64url" if piece.as_text else "text"
        expression = f"$(taken {form} {quote(_piece_word(piece))})"
        self._words[mark] = (expression, expression)
        return mark

    def word(self, text: str, *, in_target: bool = False) -> str:
        """The text as a word of the shell, with what it is to compute in the place of marks."""
        if not self._words:
            return quote(text)
        split = re.split("(" + "|".join(map(re.escape, self._words)) + ")", text)
        parts = (
            f'"{self._words[part][0 if in_target else 1]}"' if part in self._words else quote(part)
            for part in split
            if part
        )
        return "".join(parts) or "''"


def _piece_word(piece: Piece) -> str:
    if not isinstance(piece, Taken):
        return f"hex|{piece.hex() if isinstance(piece, bytes) else piece.encode().hex()}"
    source = piece.source
    start, stop = ("" if end is None else end for end in (piece.start, piece.stop))
    flips = " ".join(f"{place}^{mask}" for place, mask in piece.flips)
    if isinstance(source, SampleMember):
        told = f"sample|{source.kind}|{source.serial}|{source.member}"
    else:
        told = f"reply|{source.step}|{source.member}"
    return f"{told}|{start}:{stop}|{flips}"


def curl_lines(case: Case) -> str:
    """The case as a script for a shell: see its first lines for the variables that it takes."""
    urls = {host: "$MHSM_URL" + (f"_{n}" if n > 1 else "") for n, host in _numbered(case)}
    lines = list(_head(case, urls))
    if _takes(case):
        lines += ["", *_TAKEN.splitlines()]
    lines.append("")
    if case.left_out is not None:
        lines.append(f"echo {quote(case.left_out)} >&2; exit 2")
    lines += [f': "${{{name}:?is not set}}"' for name in _variables(case, urls)]
    lines += _configured(case)
    needed = {source.step for step in case.steps for source in sources(step)}
    ahead = 0
    for number, step in enumerate(case.steps, 1):
        lines += _step_lines(step, urls, number, ahead, kept=number in needed)
        ahead += step.seconds if isinstance(step, Lapse) else 0
    return "\n".join(lines) + "\n"


def _numbered(case: Case) -> Iterator[tuple[int, str]]:
    return enumerate(case.instances, 1)


def _takes(case: Case) -> bool:
    return any(isinstance(leaf, Taken) for leaf in _leaves(case))


def _leaves(case: Case) -> Iterator[Term]:
    for step in case.steps:
        for term in terms_of(step):
            yield from leaves(term)


def _head(case: Case, urls: Mapping[str, str]) -> Iterator[str]:
    variables = [name for name in _variables(case, urls) if name != _CONTROLS]
    yield f"# {case.title}"
    yield f"# Takes {', '.join(variables)}: base URLs, CA file, token."
    if _controlled(case):
        yield "# Takes MHSM_CONTROLS too: the URL of the controls of `mhsm serve --controls`."
    if any(
        isinstance(leaf, Taken) and isinstance(leaf.source, SampleMember) for leaf in _leaves(case)
    ):
        yield "# MHSM_PYTHON is a Python that has mhsm-conformance: it makes the keys to import."


def _variables(case: Case, urls: Mapping[str, str]) -> Iterator[str]:
    """What the script takes from its environment, and cannot do without."""
    used = {step.host for step in case.steps if isinstance(step, Asked | Message)}
    yield from (urls[host].removeprefix("$") for host in urls if host in used)
    yield from ("MHSM_CA", "MHSM_TOKEN")
    if _controlled(case):
        yield _CONTROLS


def _controlled(case: Case) -> bool:
    steps = any(isinstance(step, Lapse | Loss) for step in case.steps)
    return steps or any(_configured(case))


def _configured(case: Case) -> Iterator[str]:
    told = {
        host.partition(".")[0]: configuration_to_json(configuration)
        for host, configuration in case.instances.items()
        if configuration != Configuration()
    }
    if told:
        yield _control("reset", {"configurations": told})


def _control(order: str, document: Mapping[str, Any]) -> str:
    body = quote(json.dumps(document))
    return f'curl -sS -o /dev/null "$MHSM_CONTROLS"/{order} {_AS_JSON} -d {body}'


def _step_lines(
    step: CaseStep, urls: Mapping[str, str], number: int, ahead: int, *, kept: bool
) -> Iterator[str]:
    match step:
        case Lapse(seconds):
            yield f"# {number}. {seconds} seconds pass"
            yield _control("clock", {"advance": seconds})
        case Loss(after_effect):
            kind = "reset-after" if after_effect else "reset-before"
            yield f"# {number}. the next reply is lost"
            yield _control("faults", {"kind": kind})
        case Asked(host, request, _, api_version):
            yield f"# {number}. {request.kind}"
            spliced = _Spliced(ahead)
            sent = encode_request(spliced.value(request), host, api_version, None)
            yield from _sent_lines(step, sent, spliced, urls[host], number, kept=kept)
        case Message():
            yield f"# {number}. {step.method}, made by hand"
            yield from _by_hand(step, _Spliced(ahead), urls[step.host], number, kept=kept)


def _by_hand(
    step: Message, spliced: _Spliced, url: str, number: int, *, kept: bool
) -> Iterator[str]:
    target = spliced.text(step.target)
    body = step.body if isinstance(step.body, bytes) else spliced.text(step.body).encode()
    headers = {"content-type": step.content_type or JSON, **step.headers}
    sent = HttpRequest(step.method, step.host, target, headers, body)
    yield from _sent_lines(step, sent, spliced, url, number, kept=kept)


def _sent_lines(
    step: Asked | Message,
    sent: HttpRequest,
    spliced: _Spliced,
    url: str,
    number: int,
    *,
    kept: bool,
) -> Iterator[str]:
    token = {Credential.TOKEN: '"Authorization: Bearer $MHSM_TOKEN"'}.get(step.credential)
    if step.credential is Credential.INVALID:
        token = "'Authorization: Bearer not-a-token'"
    method = "--head" if sent.method == "HEAD" else f"-X {quote(sent.method)}"
    words = [f'curl -gsS --path-as-is --cacert "$MHSM_CA" {method}']
    words.append(f'"{url}"{spliced.word(sent.target, in_target=True)}')
    headers = [f"{name}: {value}" for name, value in sent.headers.items() if name != "accept"]
    words += [f"-H {word}" for word in ([] if token is None else [token])]
    words += [f"-H {quote(header)}" for header in headers if sent.body or "content" not in header]
    piped = ""
    if sent.body:
        text = _text_of(sent.body)
        if text is None:
            piped = f'"${{MHSM_PYTHON:-python3}}" -c {quote(_printing(sent.body))} | '
            words.append("--data-binary @-")
        else:
            words.append(f"--data-raw {spliced.word(text)}")
    words.append(f'-o "$replies"/{number}' if kept else "")
    words.append("-w '%{http_code}\\n'" if kept else "-w '\\n%{http_code}\\n'")
    line = piped + " \\\n  ".join(word for word in words if word)
    if any(len(word) > _LONGEST_WORD for word in words):
        line = "# (it is longer than a command line may be)"
    yield line


def _text_of(body: bytes) -> str | None:
    """The body as text for a command line, or None where it is none or too long for one."""
    if len(body) > _LONGEST_WORD // 2 or b"\0" in body:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _printing(body: bytes) -> str:
    """A Python program that prints the body; bytes that are repeated are so in it."""
    told = " + ".join(
        repr(piece) if times == 1 else f"{piece!r} * {times}" for piece, times in runs(body)
    )
    return f"import sys; sys.stdout.buffer.write({told})"
