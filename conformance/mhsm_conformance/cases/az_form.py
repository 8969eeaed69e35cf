"""A case as commands of the Azure CLI, where there are such commands."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from shlex import quote
from typing import Final

from mhsm_conformance.cases.case import Asked, Case, CaseStep, Message, sources
from mhsm_conformance.cases.terms import Clock, Made, Shown, Taken, Term
from mhsm_conformance.steps import Lapse, Loss
from mhsm_model.exchange import Credential
from mhsm_model.revisions import LATEST_RECORDED

__all__ = ["az_commands"]

_KEY: Final = "az keyvault key"
_NO_COMMAND: Final = "no az command does this"
_KEY_TYPES: Final = ("EC", "EC-HSM", "RSA", "RSA-HSM", "oct", "oct-HSM")
_CURVES: Final = ("P-256", "P-256K", "P-384", "P-521")
_OPERATIONS: Final = (
    *("decrypt", "encrypt", "export", "import", "sign", "unwrapKey", "verify", "wrapKey"),
)
_SIGNING: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES256K", "ES384", "ES512", "HS256", "HS384", "HS512"),
)
_ENCRYPTING: Final = (
    *("RSA-OAEP", "RSA-OAEP-256", "RSA1_5"),
    *(f"A{bits}{mode}" for mode in ("CBC", "CBCPAD", "GCM") for bits in (128, 192, 256)),
)
_LATEST_MOMENT: Final = 253402300799

_NAMED: Final = {
    "GetKey": "show",
    "ListKeys": "list",
    "ListKeyVersions": "list-versions",
    "ListDeletedKeys": "list-deleted",
    "DeleteKey": "delete",
    "GetDeletedKey": "show-deleted",
    "RecoverDeletedKey": "recover",
    "PurgeDeletedKey": "purge",
    "GetRandomBytes": "random",
    "Sign": "sign",
    "Verify": "verify",
    "Encrypt": "encrypt",
    "Decrypt": "decrypt",
    "CreateKey": "create",
    "UpdateKey": "set-attributes",
    "BackupKey": "backup",
    "RestoreKey": "restore",
}
_SHOWN: Final = {
    "kid.version": '.key.kid | split("/")[-1]',
    "bundle.kid.version": '.key.kid | split("/")[-1]',
}
"""How jq finds a version in what `az` prints; other members are in `_of_result`."""

_OF_RESULT: Final = {
    ("Sign", "value"): ".signature",
    ("Encrypt", "value"): ".result",
    ("Decrypt", "value"): ".result",
    ("Encrypt", "iv"): ".iv",
    ("Encrypt", "tag"): ".tag",
}


class _NoCommandError(Exception):
    """`az` has no command or option for it; the text says what it lacks."""


def az_commands(case: Case) -> str | None:
    """The case as commands, or None where its last step, which broke the clause, has none.

    What has none before it is a comment, and so is what needs its reply.
    """
    if case.left_out is not None or not case.steps:
        return None
    names = {
        host: "$MHSM_NAME" + (f"_{number}" if number > 1 else "")
        for number, host in enumerate(case.instances, 1)
    }
    needed = {source.step for step in case.steps for source in sources(step)}
    lines = list(_head(case, names))
    told: dict[int, str] = {}
    for number, step in enumerate(case.steps, 1):
        try:
            command = _command(step, names, number, told)
        except _NoCommandError as lacking:
            if number == len(case.steps):
                return None
            lines.append(f"# {number}. {_titled(step)}: {lacking}")
            continue
        kind = _titled(step)
        told[number] = kind
        captured = number in needed and kind != "BackupKey"
        lines.append(f"r{number}=$({command})" if captured else command)
    return "\n".join(lines) + "\n"


def _head(case: Case, names: Mapping[str, str]) -> Iterator[str]:
    used = {step.host for step in case.steps if isinstance(step, Asked | Message)}
    variables = ", ".join(names[host].removeprefix("$") for host in names if host in used)
    yield f"# {case.title}"
    yield f"# Takes {variables}: the names of the HSMs. Values are taken from replies with jq."


def _titled(step: CaseStep) -> str:
    match step:
        case Asked(request=request):
            return request.kind
        case Message(method=method):
            return f"{method}, made by hand"
        case Lapse(seconds):
            return f"{seconds} seconds pass"
        case Loss():
            return "the next reply is lost"


def _command(step: CaseStep, names: Mapping[str, str], number: int, told: Mapping[int, str]) -> str:
    if not isinstance(step, Asked) or step.request.kind not in _NAMED:
        raise _NoCommandError(_NO_COMMAND)
    if step.credential is not Credential.TOKEN:
        raise _NoCommandError("az always sends its own token")
    if step.api_version != LATEST_RECORDED:
        raise _NoCommandError("az always sends its own api-version")
    words = [_KEY, _NAMED[step.request.kind], f'--hsm-name "{names[step.host]}"']
    words += _Options(step.request, number, told).words()
    return " ".join(words)


class _Options:
    """The options that say what a request says."""

    def __init__(self, request: Made, number: int, told: Mapping[int, str]) -> None:
        self._kind = request.kind
        self._members = dict(request.members)
        self._number = number
        self._told = told

    def words(self) -> Iterator[str]:
        """The options; raises _NoCommandError where a member has none."""
        if self._kind == "CreateKey" and self._members["kty"] is None:
            raise _NoCommandError("az always sends a key type")
        for name, term in self._members.items():
            if term is not None:
                yield from self._option(name, term)
        if self._kind == "BackupKey":
            yield f"--file case.{self._number}.backup"
        if self._kind in ("Encrypt", "Decrypt"):
            yield "--data-type base64"

    def _option(self, name: str, term: Term) -> Iterator[str]:
        match name, term:
            case "name", str():
                yield f"--name {_plain_name(term)}"
            case "version", _:
                yield f"--version {self._text(term)}"
            case "kty", str() if term in _KEY_TYPES:
                yield f"--kty {term}"
            case "crv", str() if term in _CURVES:
                yield f"--curve {term}"
            case "key_size", int():
                yield f"--size {term}"
            case "maxresults" | "count", int():
                yield f"--{name} {term}"
            case "key_ops", tuple() if term and set(term) <= set(_OPERATIONS):
                yield f"--ops {' '.join(term)}"
            case "tags", Mapping():
                yield " ".join(["--tags", *(quote(f"{n}={v}") for n, v in term.items())])
            case "attributes", Made():
                for member, value in term.members:
                    yield self._attribute(member, value)
            case "algorithm", str() if term in _algorithms(self._kind):
                yield f"--algorithm {term}"
            case "digest" | "signature", _:
                yield f"--{name} {self._bytes(term)}"
            case "plaintext" | "ciphertext", _:
                yield f"--value {self._bytes(term)}"
            case "iv" | "aad" | "tag", _:
                yield f"--{name} {self._hexadecimal(term)}"
            case "blob", Taken(source=Shown(step=step)) if term.is_whole and step in self._told:
                yield f"--file case.{step}.backup"
            case _:
                raise _NoCommandError(f"az has no option for this {name}")

    def _attribute(self, name: str, value: Term) -> str:
        match name, value:
            case "enabled", bool() if self._kind == "CreateKey":
                return f"--disabled {str(not value).lower()}"
            case "enabled", bool():
                return f"--enabled {str(value).lower()}"
            case "exportable", bool() if self._kind == "CreateKey":
                return f"--exportable {str(value).lower()}"
            case "not_before" | "expires", int() | Clock():
                option = "--not-before" if name == "not_before" else "--expires"
                return f"{option} {_moment(value)}"
            case _:
                raise _NoCommandError(f"az has no option for this {name}")

    def _text(self, term: Term) -> str:
        return quote(term) if isinstance(term, str) and term else self._shown(term)

    def _bytes(self, term: Term) -> str:
        if isinstance(term, bytes) and term:
            return quote(base64.b64encode(term).decode())
        return self._shown(term)

    def _hexadecimal(self, term: Term) -> str:
        return term.hex() if isinstance(term, bytes) and term else self._shown(term)

    def _shown(self, term: Term) -> str:
        if not isinstance(term, Taken) or not isinstance(term.source, Shown):
            raise _NoCommandError("az cannot be told this value")
        step, member = term.source.step, term.source.member
        found = _SHOWN.get(member) or _OF_RESULT.get((self._told.get(step, ""), member))
        if step not in self._told or not term.is_whole or found is None:
            raise _NoCommandError("it needs a value that az does not show")
        return f'"$(printf %s "$r{step}" | jq -r {quote(found)})"'


def _plain_name(name: str) -> str:
    if not name or name.startswith("-"):
        raise _NoCommandError("az has no way to say this name")
    return quote(name)


def _algorithms(kind: str) -> tuple[str, ...]:
    return _SIGNING if kind in ("Sign", "Verify") else _ENCRYPTING


def _moment(value: int | Clock) -> str:
    if isinstance(value, Clock):
        told = f"{value.offset:+d} seconds"
        return f'"$(date -u -d {quote(told)} +%Y-%m-%dT%H:%M:%SZ)"'
    if not 0 <= value <= _LATEST_MOMENT:
        raise _NoCommandError("az has no way to say this time")
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
