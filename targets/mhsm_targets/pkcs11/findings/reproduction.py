"""Findings of a module, each tried again on a token of its own."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

from mhsm_model.configuration import Configuration
from mhsm_targets.pkcs11.child import Child
from mhsm_targets.pkcs11.facts import facts_table
from mhsm_targets.pkcs11.opening import Opening
from mhsm_targets.pkcs11.user_token import UserToken
from mhsm_targets.protocol import Finding

__all__ = ["softhsm_findings", "user_token_findings"]

_LABEL: Final = "findings"
_PATIENCE_SECONDS: Final = 120


def softhsm_findings() -> Iterator[Finding]:
    """The findings of SoftHSM; raises TargetUnavailableError where it is not there."""
    library = facts_table("softhsm")["library"]
    pin = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="mhsm-findings-") as place:
        _prepare(place, library, pin)
        configured = {"SOFTHSM2_CONF": str(Path(place) / "softhsm2.conf")}
        yield from _all_tried("softhsm", {**configured, **_named(library, _LABEL, pin)})


def user_token_findings(told: UserToken) -> Iterator[Finding]:
    """The findings of a module of the user's, tried with session objects on the first token.

    There are none where the profile of the module has no list.
    """
    yield from _all_tried(told.facts, _named(told.module, told.labels[0], told.pin))


def _named(library: str, label: str, pin: str) -> dict[str, str]:
    return {"PKCS11_MODULE": library, "PKCS11_TOKEN": label, "PKCS11_PIN": pin}


def _all_tried(name: str, named: dict[str, str]) -> Iterator[Finding]:
    folder = files(__package__ or "mhsm_targets.pkcs11.findings")
    listed = folder.joinpath(f"{name}.toml")
    if not listed.is_file():
        return
    for document in tomllib.loads(listed.read_text("utf-8"))["finding"]:
        with as_file(folder.joinpath(name, f"{document['script']}.py")) as script:
            yield _tried(document, script, {**os.environ, **named})


def _prepare(place: str, library: str, pin: str) -> None:
    """Have a child make the token; the module is never loaded here."""
    opening = Opening(
        host=_LABEL,
        facts=facts_table("softhsm"),
        library=library,
        token_label=_LABEL,
        prefix=_LABEL,
        pin=pin,
        configuration=Configuration(),
        folder=place,
    )
    Child(opening).close()


def _tried(document: dict[str, Any], script: Path, environment: dict[str, str]) -> Finding:
    try:
        done = subprocess.run(
            [sys.executable, str(script)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        shown = done.returncode == 0
        observed = (done.stdout.strip() or done.stderr.strip() or "nothing").splitlines()[-1]
    except subprocess.TimeoutExpired:
        shown, observed = False, f"no end within {_PATIENCE_SECONDS} seconds"
    return Finding(
        identifier=document["identifier"],
        title=document["title"],
        standard=document["standard"],
        expected=document["expected"],
        observed=observed,
        shown=shown,
        steps=tuple(document["steps"]),
        clauses=tuple(document["clauses"]),
        handled=document["handled"],
        reproduction=str(script),
    )
