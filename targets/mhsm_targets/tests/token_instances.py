"""Instances on SoftHSM tokens for tests: a folder that stays while children come and go."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Request
from mhsm_model.wire.http import HttpRequest
from mhsm_model.wire.request_encoding import encode_request

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from mhsm_targets.pkcs11.child import Child
from mhsm_targets.pkcs11.facts_table import facts_table
from mhsm_targets.pkcs11.opening import Opening
from mhsm_targets.pkcs11.service import BEARER_TOKEN
from mhsm_targets.protocol import TargetUnavailableError

__all__ = [
    "HOST",
    "OTHER",
    "PIN",
    "SOFTHSM",
    "message",
    "needs_softhsm",
    "sentence",
    "softhsm_opening",
]

HOST: Final = "hsm.managedhsm.azure.net"
OTHER: Final = "other.managedhsm.azure.net"
PIN: Final = "1234-5678"
SOFTHSM: Final = facts_table("softhsm")["library"]

needs_softhsm = pytest.mark.skipif(
    not Path(SOFTHSM).is_file(), reason=f"SoftHSM is not installed ({SOFTHSM})"
)


def softhsm_opening(
    folder: Path,
    host: str = HOST,
    configuration: Configuration | None = None,
    pin: str = PIN,
    secret: bytes | None = None,
) -> Opening:
    """The opening of an instance whose token is in the folder."""
    return Opening(
        host=host,
        facts=facts_table("softhsm"),
        library=SOFTHSM,
        token_label="test",
        prefix="test",
        pin=pin,
        configuration=configuration or Configuration(),
        folder=str(folder),
        secret=secret,
    )


def message(request: Request, host: str = HOST) -> HttpRequest:
    """The request on the wire, with a good token."""
    return encode_request(request, host, "2026-04-01", BEARER_TOKEN)


def sentence(opening: Opening) -> str:
    """Why no instance can be opened, in one sentence."""
    with pytest.raises(TargetUnavailableError) as caught:
        Child(opening)
    text = str(caught.value)
    assert "\n" not in text
    assert "Traceback" not in text
    return text
