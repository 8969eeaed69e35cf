"""Which token of the user's to use, from the environment; the PIN is never on a command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mhsm_targets.pkcs11.facts_table import facts_table
from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["FACTS", "MODULE", "PIN", "PIN_FILE", "TOKENS", "UserToken", "facts_name", "user_token"]

MODULE: Final = "MHSM_PKCS11_MODULE"
"""Path of the PKCS#11 module; the profile with its facts may tell a usual one."""

TOKENS: Final = "MHSM_PKCS11_TOKENS"
"""Labels of tokens, with newlines between; the instances are spread over them."""

PIN_FILE: Final = "MHSM_PKCS11_PIN_FILE"
"""A file that has the user's PIN in its first line; it goes before MHSM_PKCS11_PIN."""

PIN: Final = "MHSM_PKCS11_PIN"
"""The user's PIN."""

FACTS: Final = "MHSM_PKCS11_FACTS"
"""The profile that tells what the module does beside its standard; `pkcs11` where it is not set."""

_DEFAULT_FACTS: Final = "pkcs11"


@dataclass(frozen=True, slots=True)
class UserToken:
    """A module, the labels of its tokens, their PIN, and the profile with the module's facts."""

    module: str
    labels: tuple[str, ...]
    facts: str
    pin: str = field(repr=False)


def facts_name(environment: Mapping[str, str] = os.environ) -> str:
    """The profile with the facts of the module."""
    return environment.get(FACTS) or _DEFAULT_FACTS


def user_token(environment: Mapping[str, str] = os.environ) -> UserToken:
    """What the environment names; raises TargetUnavailableError for what it lacks."""
    module = environment.get(MODULE) or facts_table(facts_name(environment)).get("library")
    if not module:
        raise TargetUnavailableError(f"no PKCS#11 module is named: use --module, or set {MODULE}")
    if not Path(module).is_file():
        raise TargetUnavailableError(f"the PKCS#11 module {module} is not there")
    labels = tuple(label for label in environment.get(TOKENS, "").split("\n") if label)
    if not labels:
        raise TargetUnavailableError(f"no token is named: use --token LABEL, or set {TOKENS}")
    return UserToken(module, labels, facts_name(environment), _pin(environment))


def _pin(environment: Mapping[str, str]) -> str:
    path = environment.get(PIN_FILE)
    if path:
        try:
            pin = Path(path).read_text("utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            told = error.strerror if isinstance(error, OSError) else "it is no text"
            raise TargetUnavailableError(
                f"cannot read the PIN file {path}: {(told or '').lower()}"
            ) from None
        if not pin:
            raise TargetUnavailableError(f"the PIN file {path} is empty")
        return pin
    pin = environment.get(PIN, "")
    if not pin:
        raise TargetUnavailableError(f"there is no PIN: use --pin-file, or set {PIN}")
    return pin
