"""A SoftHSM token of our own in a folder of its own. The system's tokens are never touched."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
from pathlib import Path
from typing import Final

from mhsm_targets.protocol import TargetUnavailableError

__all__ = ["prepared_token"]

_CONFIGURATION: Final = "softhsm2.conf"
_TOKENS: Final = "tokens"
_READY: Final = "ready"
_SPARE: Final = "token.object"
_LABEL_BYTES: Final = 32
_RW_SESSION: Final = 0x6  # CKF_RW_SESSION | CKF_SERIAL_SESSION
_SECURITY_OFFICER: Final = 0  # CKU_SO


def prepared_token(folder: Path, library: str, label: str, pin: str) -> None:
    """Make SoftHSM use the folder, and initialise a token there unless one is ready.

    Sets SOFTHSM2_CONF for this process. Raises TargetUnavailableError where it cannot be done.
    """
    try:
        _written(folder)
        os.environ["SOFTHSM2_CONF"] = str(folder / _CONFIGURATION)
        ready = folder / _READY
        if ready.exists():
            _mend(folder)
            return
        # What a process that died left of an initialisation is begun anew.
        shutil.rmtree(folder / _TOKENS)
        (folder / _TOKENS).mkdir(mode=0o700)
        _initialise(library, label.encode(), pin.encode())
        shutil.copyfile(_token_file(folder), folder / _SPARE)
        ready.touch()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TargetUnavailableError(f"cannot make a token in {folder}: {reason}") from None


def _written(folder: Path) -> None:
    tokens, path = folder / _TOKENS, folder / _CONFIGURATION
    tokens.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = {
        "directories.tokendir": str(tokens),
        "objectstore.backend": "file",
        "log.level": "ERROR",
        "slots.removable": "false",
    }
    text = "".join(f"{name} = {value}\n" for name, value in settings.items())
    # A copy of the folder is the instance too, so the path in it may be another one's.
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


def _token_file(folder: Path) -> Path:
    """The file of the token itself: its label, PINs and flags."""
    (path,) = (folder / _TOKENS).glob("*/token.object")
    return path


def _mend(folder: Path) -> None:
    """Put the token's file back where a process was killed while it logged in (SOFTHSM-12).

    SoftHSM writes it anew at every login, and it is cut short then. But for flags it never changes.
    """
    path, spare = _token_file(folder), folder / _SPARE
    if path.stat().st_size < spare.stat().st_size:
        made = path.with_suffix(".mended")
        shutil.copyfile(spare, made)
        made.replace(path)


def _initialise(library: str, label: bytes, pin: bytes) -> None:
    """C_InitToken and C_InitPIN, which python-pkcs11 lacks the first of.

    The security officer's PIN is drawn and forgotten: nothing needs it again.
    """
    module = ctypes.CDLL(library)
    officer = secrets.token_hex(16).encode()
    session = ctypes.c_ulong()
    slot = ctypes.c_ulong(_first_slot(module))
    steps = (
        ("C_InitToken", slot, officer, ctypes.c_ulong(len(officer)), label.ljust(_LABEL_BYTES)),
        ("C_OpenSession", slot, ctypes.c_ulong(_RW_SESSION), None, None, ctypes.byref(session)),
        (
            "C_Login",
            session,
            ctypes.c_ulong(_SECURITY_OFFICER),
            officer,
            ctypes.c_ulong(len(officer)),
        ),
        ("C_InitPIN", session, pin, ctypes.c_ulong(len(pin))),
        ("C_Finalize", None),
    )
    for name, *arguments in steps:
        _called(module, name, *arguments)


def _first_slot(module: ctypes.CDLL) -> int:
    _called(module, "C_Initialize", None)
    count = ctypes.c_ulong()
    _called(module, "C_GetSlotList", ctypes.c_ubyte(0), None, ctypes.byref(count))
    slots = (ctypes.c_ulong * count.value)()
    _called(module, "C_GetSlotList", ctypes.c_ubyte(0), slots, ctypes.byref(count))
    return int(slots[0])


def _called(module: ctypes.CDLL, name: str, *arguments: object) -> None:
    result = getattr(module, name)(*arguments) & 0xFFFFFFFF
    if result != 0:
        raise TargetUnavailableError(
            f"SoftHSM cannot initialise a token: {name} answers {result:#x}"
        )
