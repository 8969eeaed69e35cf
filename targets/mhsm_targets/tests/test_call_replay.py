"""Calls that are written down and made again: the same, on new keys, with no secret among them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    ImportKey,
    PurgeDeletedKey,
    Request,
    RestoreKey,
    Sign,
    Verify,
)
from mhsm_model.jwk import JsonWebKey
from mhsm_targets.protocol import CALL_JOURNALS, ReplayableFactory, TargetUnavailableError
from mhsm_targets.registry import target_factory
from mhsm_targets.tests.token_instances import (
    HOST,
    message,
    needs_softhsm,
    softhsm_opening,
)

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from mhsm_targets.pkcs11.call_journal import journals, read_journal
from mhsm_targets.pkcs11.call_replay import replayed, replayed_calls
from mhsm_targets.pkcs11.child import NURSERY
from mhsm_targets.pkcs11.target import Pkcs11Target

pytestmark = needs_softhsm

IMPORTED: Final = b"an imported AES key of 32 bytes."
DOMAIN: Final = b"a security domain's key, 32 byte"
PLAINTEXT: Final = b"a plaintext that is encrypted..."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that calls are written into."""
    made = tmp_path / "journals"
    made.mkdir()
    monkeypatch.setenv(CALL_JOURNALS, str(made))
    # Children have the environment of the nursery, which is of the time when it was begun.
    NURSERY.close()
    yield made
    NURSERY.close()


def ask(target: Pkcs11Target, request: Request) -> Any:
    response = target.exchange(message(request))
    assert response is not None
    assert response.status in (200, 204), response.body
    return json.loads(response.body) if response.body else None


def value(told: Any, member: str = "value") -> bytes:
    return base64.urlsafe_b64decode(told[member] + "==")


def used(tmp_path: Path) -> int:
    """Use a token in many ways; how many calls were counted."""
    opening = softhsm_opening(tmp_path / "token", secret=DOMAIN)
    target = Pkcs11Target({HOST: opening}, lambda usage: None, clears=False)
    ask(target, CreateKey("ec", "EC", crv="P-256"))
    signature = value(ask(target, Sign("ec", None, "ES256", bytes(32))))
    assert ask(target, Verify("ec", None, "ES256", bytes(32), signature))["value"]
    ask(target, CreateKey("rsa", "RSA", key_size=2048))
    sealed = ask(target, Encrypt("rsa", None, "RSA1_5", PLAINTEXT))
    assert value(ask(target, Decrypt("rsa", None, "RSA1_5", value(sealed)))) == PLAINTEXT
    ask(target, ImportKey("aes", JsonWebKey(kty="oct-HSM", k=IMPORTED)))
    sealed = ask(target, Encrypt("aes", None, "A256GCM", PLAINTEXT, aad=b"authenticated too"))
    iv, tag, aad = value(sealed, "iv"), value(sealed, "tag"), b"authenticated too"
    opened = ask(target, Decrypt("aes", None, "A256GCM", value(sealed), iv, aad, tag))
    assert value(opened) == PLAINTEXT
    wrong = message(Decrypt("aes", None, "A256GCM", value(sealed), iv, b"another", tag))
    refused = target.exchange(wrong)
    assert refused is not None
    assert refused.status == 400
    blob = value(ask(target, BackupKey("aes")))
    ask(target, DeleteKey("aes"))
    ask(target, PurgeDeletedKey("aes"))
    ask(target, RestoreKey(blob))
    target.close()
    return target.usage.calls


def test_the_calls_of_a_run_are_made_again(tmp_path: Path, folder: Path) -> None:
    counted = used(tmp_path)
    (journal,) = journals(folder)
    rows = read_journal(journal)
    methods = {row.method for row in rows}
    assert methods >= {"generate_keypair", "create_object", "copy", "sign", "decrypt", "wrap_key"}
    # A curve is no call of the module, but of python-pkcs11.
    assert len(rows) - sum(row.method == "create_domain_parameters" for row in rows) == counted
    factory = target_factory("softhsm")
    assert isinstance(factory, ReplayableFactory)
    replay = factory.replayed(folder)
    assert (replay.calls, replay.otherwise, replay.left_out) == (len(rows), 0, 0)
    assert replay.seconds > 0


def test_a_journal_holds_no_secret(tmp_path: Path, folder: Path) -> None:
    used(tmp_path)
    (journal,) = journals(folder)
    written = journal.read_bytes()
    for secret in (IMPORTED, DOMAIN, PLAINTEXT):
        for begun in range(0, len(secret) - 8):
            assert secret[begun : begun + 8] not in written


class Session:
    """A session that fails, or gives what the calls of the test's want."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def called(*_: object, **__: object) -> object:
            if self._error is not None:
                raise self._error
            return self

        return called


def test_calls_that_went_otherwise_are_told(tmp_path: Path, folder: Path) -> None:
    used(tmp_path)
    (journal,) = journals(folder)
    rows = read_journal(journal)
    failed = sum(row.error is not None for row in rows)
    assert failed == 1
    on_session = [row for row in rows if row.on is None]
    otherwise, left_out, seconds = replayed_calls(Session(RuntimeError()), rows)
    assert otherwise == len(on_session)
    assert left_out == len(rows) - len(on_session)
    assert seconds == pytest.approx(sum(row.seconds for row in rows if row.on is not None))


def test_a_journal_that_breaks_off_is_read_to_there(tmp_path: Path, folder: Path) -> None:
    used(tmp_path)
    (journal,) = journals(folder)
    rows = read_journal(journal)
    journal.write_bytes(journal.read_bytes()[:-3])
    assert read_journal(journal) == rows[:-1]


def test_a_folder_that_is_not_there_is_told(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.rmdir()
    target = Pkcs11Target(
        {HOST: softhsm_opening(tmp_path / "token")}, lambda usage: None, clears=False
    )
    with pytest.raises(TargetUnavailableError, match=r"cannot write the calls to .*: no such"):
        target.exchange(message(CreateKey("a", "EC")))
    target.close()


def test_a_replay_that_comes_to_no_end_is_told(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used(tmp_path)
    monkeypatch.setenv("TMPDIR", "/proc/self")
    with pytest.raises(TargetUnavailableError, match="the calls cannot be made again: "):
        replayed(folder)
