"""Replay scripts: a failing sequence as a Python program that runs it again and judges it.

Values that the service chose (version identifiers, signatures, ciphertexts) are taken from the
earlier reply that showed them, so that the script also means the same on another target. Imported
keys are named where they are samples, and never shown.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mhsm_conformance.cases.case import Case
from mhsm_conformance.cases.python_form import (
    imports_of,
    statements,
    written_configurations,
)
from mhsm_conformance.faults import ConformanceFailure
from mhsm_conformance.session import JSON, Session
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Credential, Reply, Request
from mhsm_model.judgement import Breach
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_targets.registry import target_factory

__all__ = ["Replay", "script_of"]


class Replay:
    """A session for a script: opens the target, judges, prints each step, ends the process.

    Used as a context manager. Exit status 1 after an unlawful exchange, 2 where the script leaves
    out what it needs, else 0.
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

    def now(self) -> int:
        """The target's clock, in seconds."""
        return self._session.now()

    def leave_out(self, why: str) -> None:
        """End with status 2: the script does not hold what its steps need, and so says nothing."""
        print(why)
        sys.exit(2)

    def advance(self, seconds: int) -> None:
        """Move the target's clock forward."""
        self._session.advance(seconds)

    def lose_next(self, *, after_effect: bool) -> None:
        """Lose the reply to the next request."""
        self._session.lose_next(after_effect=after_effect)


def script_of(case: Case, breaches: Sequence[Breach] = ()) -> str:
    """The program that does the steps of a case, with what is expected to fail in its first lines.

    It ends with status 2 where the case leaves out what they need.
    """
    told = "\n".join(f"{b.clause.identifier}: {b.clause.prose}" for b in breaches)
    target = case.target.name
    instances = written_configurations(case.instances)
    body = [] if case.left_out is None else [f"hsm.leave_out({case.left_out!r})"]
    body += statements(case, "hsm") or ["pass"]
    code = [
        f"HOSTS = {instances}",
        "",
        f"with Replay({target!r}, seed={case.seed}, hosts=HOSTS) as hsm:",
        *(f"    {line}" for line in body),
    ]
    lines = [
        f'"""Replays a sequence that {target} was judged by.\n\n{told}\n"""',
        "",
        *imports_of("\n".join(code)),
        "",
        *code,
    ]
    return "\n".join(lines) + "\n"
