"""Replay scripts: a failing sequence as a Python program that runs it again and judges it.

Values that the service chose (version identifiers, signatures, ciphertexts) are taken from the
earlier reply that showed them, so that the script also means the same on another target. Imported
keys are named where they are samples, and never shown.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final

from mhsm_conformance.faults import ConformanceFailure
from mhsm_conformance.session import JSON, Session
from mhsm_conformance.steps import Lapse, Loss, Sent, Step
from mhsm_conformance.vectors.sample_keys import sample_key, sample_like
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Call, Credential, Reply, Request, RestoreKey
from mhsm_model.judgement import Breach
from mhsm_model.jwk import PRIVATE_MEMBERS, JsonWebKey
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.wire.http import HttpRequest
from mhsm_targets.registry import target_factory

__all__ = ["Replay", "opened_hosts", "script_of", "statements_of"]

_CHOSEN: Final = (".version", ".value", ".blob", ".iv", ".tag")
_SHORTEST: Final = 8
"""Values shorter than this (bytes or characters) are too common to be told by where they stood."""

_RETURNED: Final = ("ciphertext", "signature", "blob")
"""Members that hold what an earlier reply gave, however short it is."""


class Replay:
    """A session for a script: opens the target, judges, prints each step, ends the process.

    Used as a context manager. Exit status 1 after an unlawful exchange, else 0.
    """

    def __init__(
        self, target: str, seed: int, hosts: Mapping[str, Configuration], *, strict: bool = True
    ) -> None:
        factory = target_factory(target)
        opened = factory.open(hosts, seed)
        self._session = Session(opened, factory.profile, hosts, strict=strict)

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if isinstance(error, ConformanceFailure):
            print(error)
            sys.exit(1)
        if kind is None:
            print("every exchange was lawful")

    def send(
        self,
        host: str,
        request: Request,
        credential: Credential = Credential.TOKEN,
        api_version: str | None = LATEST_RECORDED,
    ) -> Any:
        """Send a request and return the lawful reply."""
        reply: Reply = self._session.send(
            host, request, credential=credential, api_version=api_version
        )
        print(self._session.steps[-1])
        return reply

    def send_message(
        self,
        host: str,
        method: str,
        target: str,
        body: bytes,
        credential: Credential = Credential.TOKEN,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send an HTTP request made by hand and return the lawful reply."""
        reply: Reply = self._session.send_message(
            host,
            method,
            target,
            body,
            credential=credential,
            content_type=content_type,
            headers=headers,
        )
        print(self._session.steps[-1])
        return reply

    def advance(self, seconds: int) -> None:
        """Move the target's clock forward."""
        self._session.advance(seconds)

    def lose_next(self, *, after_effect: bool) -> None:
        """Lose the reply to the next request."""
        self._session.lose_next(after_effect=after_effect)


def script_of(
    steps: Sequence[Step],
    target: str,
    seed: int,
    hosts: Mapping[str, Configuration],
    breaches: Sequence[Breach] = (),
) -> str:
    """The program that sends the steps again, with what is expected to fail in its first lines."""
    told = "\n".join(f"{b.clause.identifier}: {b.clause.prose}" for b in breaches)
    lines = [
        f'"""Replays a sequence that {target} was judged by.\n\n{told}\n"""',
        "",
        "from dataclasses import replace",
        "",
        "from mhsm_conformance.replaying import Replay",
        "from mhsm_conformance.vectors.sample_keys import sample_key",
        "from mhsm_model.configuration import Configuration",
        "from mhsm_model.exchange import *",
        "from mhsm_model.jwk import JsonWebKey",
        "",
        f"HOSTS = {opened_hosts(hosts)}",
        "",
        f"with Replay({target!r}, seed={seed}, hosts=HOSTS) as hsm:",
    ]
    statements = [f"    {line}" for line in statements_of(steps)]
    return "\n".join([*lines, *(statements or ["    pass"])]) + "\n"


def opened_hosts(hosts: Mapping[str, Configuration]) -> str:
    """The instances and their configurations as a Python dictionary."""
    opened = ", ".join(f"{host!r}: {_written(told, {})}" for host, told in hosts.items())
    return f"{{{opened}}}"


def statements_of(steps: Sequence[Step]) -> Iterator[str]:
    """A statement for each step, which has the object `hsm` send it again; replies are r1, r2, ….

    `hsm` is a session or a Replay. A step that is no message has its number all the same.
    """
    known: dict[str | bytes, str] = {}
    for number, step in enumerate(steps, 1):
        match step:
            case Sent(call, _, HttpRequest(method=method, target=target, body=body) as sent):
                message = f"{method!r}, {target!r}, {_redacted(body, call.request)!r}"
                message += _message_options(call, sent)
                yield f"r{number} = hsm.send_message({call.host!r}, {message})"
            case Sent(call, reply):
                written = _written(call.request, known)
                yield f"r{number} = hsm.send({call.host!r}, {written}{_options(step)})"
                known.update(_shown(reply, f"r{number}"))
            case Lapse(seconds):
                yield f"hsm.advance({seconds})"
            case Loss(after_effect):
                yield f"hsm.lose_next(after_effect={after_effect})"


def _message_options(call: Call, message: HttpRequest) -> str:
    options = ""
    if call.credential is not Credential.TOKEN:
        options += f", credential={call.credential}"
    headers = dict(message.headers)
    announced = headers.pop("content-type", None)
    if announced is not None:
        options += f", content_type={announced!r}"
    return f"{options}, headers={headers!r}" if headers else options


def _options(step: Sent) -> str:
    options = ""
    if step.call.credential is not Credential.TOKEN:
        options += f", credential={step.call.credential}"
    if step.call.api_version != LATEST_RECORDED:
        options += f", api_version={step.call.api_version!r}"
    return options


def _written(value: Any, known: dict[str | bytes, str]) -> str:
    """The value as Python source."""
    if isinstance(value, JsonWebKey):
        return _written_key(value, known)
    if isinstance(value, str | bytes) and value in known and len(value) >= _SHORTEST:
        return known[value]
    if isinstance(value, RestoreKey) and value.blob not in known:
        # One that no earlier step made, or made of one that was: a blob is never shown.
        return f"RestoreKey(bytes({len(value.blob)}))"
    if is_dataclass(value):
        parts = [
            f"{field.name}={_member_written(field.name, getattr(value, field.name), known)}"
            for field in fields(value)
            if getattr(value, field.name) != field.default
        ]
        return f"{type(value).__name__}({', '.join(parts)})"
    if isinstance(value, bytes) and len(value) > 4 and len(set(value)) == 1:
        return f"bytes([{value[0]}]) * {len(value)}"
    return repr(value)


def _member_written(name: str, value: Any, known: dict[str | bytes, str]) -> str:
    shown = known.get(value) if name in _RETURNED else None
    return _written(value, known) if shown is None else shown


def _written_key(key: JsonWebKey, known: dict[str | bytes, str]) -> str:
    """An imported key as Python source: a sample by its name, else without its private members."""
    sample = sample_like(key)
    base = JsonWebKey() if sample is None else sample_key(*sample)
    changed = [
        f"{field.name}={_written(getattr(key, field.name), known)}"
        for field in fields(key)
        if getattr(key, field.name) != getattr(base, field.name)
        and (field.repr or getattr(key, field.name) is None)
    ]
    if sample is None:
        return f"JsonWebKey({', '.join(changed)})"
    named = f"sample_key({sample[0]!r}, {sample[1]})"
    return f"replace({named}, {', '.join(changed)})" if changed else named


def _redacted(body: bytes, request: Request) -> bytes:
    """A body made by hand, or a note in its place where it names private members of a key."""
    if isinstance(request, RestoreKey):
        return b"(a body with a backup blob, which is not shown)"
    named = any(f'"{name}"'.encode() in body for name in PRIVATE_MEMBERS)
    return b"(a body with private members, which are not shown)" if named else body


def _shown(reply: Reply, name: str) -> Iterator[tuple[str | bytes, str]]:
    """Values that a reply shows, with the expression that reads them from it."""
    yield from _walk(reply, name)


def _walk(value: Any, path: str) -> Iterator[tuple[str | bytes, str]]:
    if is_dataclass(value):
        for field in fields(value):
            yield from _walk(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, str | bytes) and path.endswith(_CHOSEN) and value:
        yield value, path
