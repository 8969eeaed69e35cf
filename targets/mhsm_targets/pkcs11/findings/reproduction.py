"""Findings of a module, each tried again by its script."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

from mhsm_model.configuration import Configuration
from mhsm_targets.pkcs11.child import Child
from mhsm_targets.pkcs11.facts_table import facts_table
from mhsm_targets.pkcs11.opening import Opening
from mhsm_targets.pkcs11.user_token import UserToken
from mhsm_targets.protocol import Finding, FindingState

__all__ = ["softhsm_findings", "user_token_findings"]

_FOLDER: Final = files(__package__ or "mhsm_targets.pkcs11.findings")
_SOFTHSM: Final[str] = facts_table("softhsm")["library"]
_LABEL: Final = "findings"
_PATIENCE_SECONDS: Final = 120
_STATES: Final = {0: FindingState.SEEN, 1: FindingState.NOT_SEEN}
"""What the exit status of a script means; any other is that it could not be tried."""

_NO_OWN_TOKEN: Final = "it makes objects of the token: only on one that nobody needs"


def softhsm_findings() -> Iterator[Finding]:
    """The findings of SoftHSM; raises TargetUnavailableError where it is not there."""
    with _own_token() as named:
        for row in _listed("softhsm"):
            yield _tried("softhsm", row, named)


def user_token_findings(told: UserToken) -> Iterator[Finding]:
    """The findings of a module of the user's, tried with session objects on the first token.

    What makes objects of the token is tried on a token of our own, where the module is SoftHSM
    itself: only there one can be made. There are no findings where the profile of the module has no
    list. Raises TargetUnavailableError.
    """
    named = _named(told.module, told.labels[0], told.pin)
    for row in _listed(told.facts):
        if not row.get("makes_token_objects", False):
            yield _tried(told.facts, row, named)
        elif _is_softhsm(told.module):
            with _own_token() as own:
                yield _tried(told.facts, row, own)
        else:
            with _script(told.facts, row) as script:
                yield _found(row, script, FindingState.UNTRIED, _NO_OWN_TOKEN)


def _listed(name: str) -> list[dict[str, Any]]:
    listed = _FOLDER.joinpath(f"{name}.toml")
    if not listed.is_file():
        return []
    rows: list[dict[str, Any]] = tomllib.loads(listed.read_text("utf-8"))["finding"]
    return rows


def _named(library: str, label: str, pin: str) -> dict[str, str]:
    return {"PKCS11_MODULE": library, "PKCS11_TOKEN": label, "PKCS11_PIN": pin}


def _is_softhsm(module: str) -> bool:
    """Whether the module is that very file: nothing else is ever asked to initialise a token."""
    return all(map(os.path.isfile, (_SOFTHSM, module))) and os.path.samefile(_SOFTHSM, module)


@contextmanager
def _own_token() -> Generator[dict[str, str], None, None]:
    """The environment that names a SoftHSM token in a temporary folder."""
    pin = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="mhsm-findings-") as place:
        _prepare(place, _SOFTHSM, pin)
        configured = {"SOFTHSM2_CONF": str(Path(place) / "softhsm2.conf")}
        yield {**configured, **_named(_SOFTHSM, _LABEL, pin)}


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


def _script(module: str, row: dict[str, Any]) -> AbstractContextManager[Path]:
    return as_file(_FOLDER.joinpath(module, f"{row['script']}.py"))


def _tried(module: str, row: dict[str, Any], named: dict[str, str]) -> Finding:
    with _script(module, row) as script:
        return _found(row, script, *_ran(script, {**os.environ, **named}))


def _ran(script: Path, environment: dict[str, str]) -> tuple[FindingState, str]:
    """What came of the script, and the last line that it told."""
    try:
        done = subprocess.run(
            [sys.executable, str(script)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return FindingState.UNTRIED, f"no end within {_PATIENCE_SECONDS} seconds"
    told = done.stdout.strip()
    lines = (told or done.stderr.strip() or f"it ended with status {done.returncode}").splitlines()
    # Without a word it is not the script that gave this status, but Python.
    state = _STATES.get(done.returncode) if told else None
    return state or FindingState.UNTRIED, lines[-1]


def _found(row: dict[str, Any], script: Path, state: FindingState, observed: str) -> Finding:
    return Finding(
        identifier=row["identifier"],
        title=row["title"],
        standard=row["standard"],
        expected=row["expected"],
        observed=observed,
        state=state,
        steps=tuple(row["steps"]),
        clauses=tuple(row["clauses"]),
        handled=row["handled"],
        reproduction=str(script),
    )
