"""SoftHSM's instances in a folder of the user's: closed and opened again, they are the same."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from mhsm_model.base64url import decoded
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import BackupKey, CreateKey, GetKey, Request, RestoreKey
from mhsm_model.wire.http import HttpResponse
from mhsm_model.wire.request_encoding import encode_request
from mhsm_targets.pkcs11.factory import SoftHsmFactory
from mhsm_targets.pkcs11.target import Pkcs11Target
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.tests.token_instances import needs_softhsm

HOSTS = {
    "one.invalid": Configuration(domain="a/b"),
    "two.invalid": Configuration(domain="a/b"),
    "three.invalid": Configuration(),
}


def sent(target: Pkcs11Target, host: str, request: Request) -> HttpResponse:
    answered = target.exchange(encode_request(request, host, "7.6", target.token))
    assert answered is not None
    return answered


@needs_softhsm
def test_instances_are_the_same_after_they_were_closed(tmp_path: Path) -> None:
    factory = SoftHsmFactory()
    target = factory.open_kept(HOSTS, tmp_path)
    made = sent(target, "one.invalid", CreateKey("k", "EC")).document()
    blob = sent(target, "one.invalid", BackupKey("k")).document()["value"]
    target.close()
    target = factory.open_kept(HOSTS, tmp_path)
    assert sent(target, "one.invalid", GetKey("k")).document() == made
    # The security domain that two of them share is kept too, and the third is not of it.
    restored = RestoreKey(decoded(blob))
    assert sent(target, "two.invalid", restored).document()["key"]["x"] == made["key"]["x"]
    assert sent(target, "three.invalid", restored).status == 400
    target.close()
    secret = next(path for path in tmp_path.rglob("pin"))
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


@needs_softhsm
def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TargetUnavailableError, match="cannot keep tokens in"):
        SoftHsmFactory().open_kept(HOSTS, tmp_path / "file")
