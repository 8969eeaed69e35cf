"""Load a module, find a token in it and log in. Every reason not to is one sentence."""

from __future__ import annotations

from typing import Any, Final

import pkcs11
from pkcs11 import TokenFlag
from pkcs11.exceptions import (
    NoSuchToken,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
    TokenWriteProtected,
    UserPinNotInitialized,
)

from mhsm_targets.pkcs11.call_journal import journalled
from mhsm_targets.pkcs11.token import PlainMapper
from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["loaded_module", "logged_in"]

_WRONG_PIN: Final = (PinIncorrect, PinInvalid, PinLenRange)


def loaded_module(library: str) -> Any:
    """The PKCS#11 module; raises TargetUnavailableError where it cannot be loaded."""
    try:
        return pkcs11.lib(library)
    except PKCS11Error as error:
        told = str(error).partition(": ")[2] or type(error).__name__
        raise TargetUnavailableError(f"cannot load the PKCS#11 module {library}: {told}") from None


def logged_in(library: str, label: str, pin: str) -> Any:
    """A read-write session with the user logged in. The PIN is tried once: a token may lock.

    Raises TargetUnavailableError.
    """
    module = loaded_module(library)
    try:
        token = module.get_token(token_label=label)
    except NoSuchToken:
        raise TargetUnavailableError(f"{library} has no token with the label {label!r}") from None
    except PKCS11Error as error:
        raise _unusable(label, error) from None
    if TokenFlag.USER_PIN_LOCKED in token.flags:
        raise TargetUnavailableError(f"the token {label!r} is locked: its PIN was wrong too often")
    if TokenFlag.WRITE_PROTECTED in token.flags:
        raise TargetUnavailableError(f"the token {label!r} is write-protected")
    try:
        return journalled(token.open(rw=True, user_pin=pin, attribute_mapper=PlainMapper()))
    except _WRONG_PIN:
        raise TargetUnavailableError(f"the PIN of the token {label!r} is wrong") from None
    except PinLocked:
        raise TargetUnavailableError(
            f"the token {label!r} is locked: its PIN was wrong too often"
        ) from None
    except UserPinNotInitialized:
        raise TargetUnavailableError(f"the token {label!r} has no user PIN yet") from None
    except TokenWriteProtected:
        raise TargetUnavailableError(f"the token {label!r} is write-protected") from None
    except PKCS11Error as error:
        raise _unusable(label, error) from None


def _unusable(label: str, error: PKCS11Error) -> TargetUnavailableError:
    told = f"{type(error).__name__} {error}".strip()
    return TargetUnavailableError(f"the token {label!r} cannot be used: {told}")
