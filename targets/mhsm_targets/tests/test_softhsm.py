"""Target `softhsm`: state in the token, keys that cannot leave, and modules that misbehave."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import pytest

from mhsm_model.base64url import encoded
from mhsm_model.catalogue import catalogue
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    Request,
    RestoreKey,
    Sign,
    UpdateKey,
    Verify,
)
from mhsm_model.wire.http import HttpResponse
from mhsm_targets.profiles import profile
from mhsm_targets.protocol import Capability, ClockTarget, LossyTarget, TargetUnavailableError
from mhsm_targets.registry import target_factory
from mhsm_targets.tests.in_token import in_token
from mhsm_targets.tests.token_instances import (
    HOST,
    OTHER,
    PIN,
    SOFTHSM,
    message,
    needs_softhsm,
    sentence,
    softhsm_opening,
)

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from mhsm_targets.pkcs11.child import Child, ended
from mhsm_targets.pkcs11.opening import Opening
from mhsm_targets.pkcs11.spare import SpareTokens
from mhsm_targets.pkcs11.target import Pkcs11Target

pytestmark = needs_softhsm


LOSING_KEYS: Final = """
for key in list(session.get_objects({Attribute.LABEL: "test/key"})):
    key.destroy()
"""


def opened(*openings: Opening, patience: float = 60.0) -> Pkcs11Target:
    by_host = {opening.host: opening for opening in openings}
    return Pkcs11Target(by_host, lambda usage: None, clears=False, patience=patience)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Pkcs11Target]:
    made = opened(softhsm_opening(tmp_path / "token"))
    yield made
    made.close()


def send(target: Pkcs11Target, request: Request, host: str = HOST) -> HttpResponse:
    response = target.exchange(message(request, host))
    assert response is not None
    return response


def document(target: Pkcs11Target, request: Request, host: str = HOST) -> Any:
    response = send(target, request, host)
    assert response.status == 200, response.body
    return json.loads(response.body)


def value(told: Any, member: str = "value") -> bytes:
    return base64.urlsafe_b64decode(told[member] + "==")


# --- the token is the state -----------------------------------------------------------------------


READS: Final = (
    GetKey("ec"),
    GetKey("symmetric"),
    ListKeyVersions("ec"),
    ListKeys(),
    GetDeletedKey("gone"),
)


def fill(target: Pkcs11Target) -> None:
    document(target, CreateKey("ec", "EC", tags={"a": "b"}))
    document(target, CreateKey("ec", "EC", crv="P-521"))
    document(target, CreateKey("symmetric", "oct", key_size=256))
    document(target, CreateKey("gone", "EC"))
    document(target, DeleteKey("gone"))


def test_a_new_process_finds_everything(tmp_path: Path) -> None:
    folder = tmp_path / "token"
    first = opened(softhsm_opening(folder))
    fill(first)
    sealed = document(first, Encrypt("symmetric", None, "A256GCM", b"text"))
    before = [send(first, read).body for read in READS]
    first.close()
    second = opened(softhsm_opening(folder))
    assert [send(second, read).body for read in READS] == before
    back = Decrypt(
        "symmetric", None, "A256GCM", value(sealed), value(sealed, "iv"), None, value(sealed, "tag")
    )
    assert value(document(second, back)) == b"text"
    second.close()


def test_a_copy_of_the_folder_is_the_instance(tmp_path: Path) -> None:
    first = opened(softhsm_opening(tmp_path / "one"))
    fill(first)
    before = [send(first, read).body for read in READS]
    first.close()
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    shutil.rmtree(tmp_path / "one")
    second = opened(softhsm_opening(tmp_path / "two"))
    assert [send(second, read).body for read in READS] == before
    signed = document(second, Sign("ec", None, "ES512", bytes(64)))
    verify = Verify("ec", None, "ES512", bytes(64), value(signed))
    assert document(second, verify)["value"] is True
    second.close()


def test_purged_keys_leave_nothing_in_the_token(tmp_path: Path) -> None:
    target = opened(softhsm_opening(tmp_path / "token"))
    document(target, CreateKey("stays", "EC"))
    (tokens,) = (tmp_path / "token" / "tokens").iterdir()
    before = {path.name for path in tokens.glob("*.object")}
    document(target, CreateKey("goes", "oct", key_size=128, key_ops=("sign", "verify")))
    document(target, CreateKey("goes", "EC"))
    document(target, UpdateKey("goes", None, tags={"a": "b"}))
    document(target, DeleteKey("goes"))
    assert send(target, PurgeDeletedKey("goes")).status == 204
    assert {path.name for path in tokens.glob("*.object")} == before
    target.close()


def test_the_folder_of_a_target_is_gone_after_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    factory = target_factory("softhsm")
    both = {HOST: Configuration(), OTHER: Configuration()}
    for hosts in ((), (HOST,), (OTHER,), (HOST, OTHER)):
        target = factory.open(both, 0)
        for host in hosts:
            assert target.exchange(message(GetKey("a"), host)) is not None
        target.close()
        target.close()
        # One is prepared for the next target.
        assert len(list(tmp_path.glob("*/*"))) == 1


def test_a_token_prepared_ahead_is_given_up_with_its_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    spares = SpareTokens()
    taken = spares.taken(SOFTHSM)
    assert len(list(tmp_path.glob("*/*"))) == 2
    assert taken.pin not in repr(taken)
    ended(taken.begun)
    taken.close()
    taken.close()
    assert len(list(tmp_path.glob("*/*"))) == 1
    spares.close()
    spares.close()
    assert list(tmp_path.iterdir()) == []


# --- keys cannot leave ----------------------------------------------------------------------------


def test_no_stored_key_can_be_read_or_wrapped(tmp_path: Path) -> None:
    target = opened(softhsm_opening(tmp_path / "token"))
    for kind, size in (("EC", None), ("RSA", 2048), ("oct", 256)):
        document(target, CreateKey("subject", kind, key_size=size))
    target.close()
    script = """
domain = next(iter(session.get_objects({Attribute.LABEL: "test/domain"})))
stored = [*session.get_objects({Attribute.LABEL: "test/key"}), domain]
kinds = sorted(key[Attribute.KEY_TYPE] for key in stored)
assert kinds == sorted([KeyType.EC, KeyType.RSA, KeyType.AES, KeyType.AES]), kinds
for key in stored:
    assert key[Attribute.SENSITIVE] and not key[Attribute.EXTRACTABLE]
    # Attributes that there are: SoftHSM answers CKR_ATTRIBUTE_TYPE_INVALID for all others.
    rsa = key[Attribute.KEY_TYPE] == KeyType.RSA
    try:
        key[Attribute.PRIVATE_EXPONENT if rsa else Attribute.VALUE]
        sys.exit("a key was read")
    except AttributeSensitive:
        pass
    try:
        domain.wrap_key(key, mechanism=Mechanism.AES_KEY_WRAP)
        sys.exit("a key was wrapped")
    except KeyUnextractable:
        pass
"""
    in_token(tmp_path / "token", script)


# --- backups --------------------------------------------------------------------------------------


def test_a_backup_is_restored_within_the_domain_and_nowhere_else(tmp_path: Path) -> None:
    third = "third.managedhsm.azure.net"
    target = opened(
        softhsm_opening(tmp_path / "a", HOST, secret=bytes(range(32))),
        softhsm_opening(tmp_path / "b", OTHER, secret=bytes(range(32))),
        softhsm_opening(tmp_path / "c", third),
    )
    for kind, size in (("EC", None), ("RSA", 2048), ("oct", 256)):
        document(target, CreateKey("subject", kind, key_size=size))
    sealed = document(target, Encrypt("subject", None, "A256GCM", b"text"))
    blob = value(document(target, BackupKey("subject")))
    assert send(target, RestoreKey(blob), third).status == 400
    altered = blob[:-1] + (b"A" if blob[-1:] != b"A" else b"B")
    assert send(target, RestoreKey(altered), OTHER).status == 400
    document(target, RestoreKey(blob), OTHER)
    back = Decrypt(
        "subject", None, "A256GCM", value(sealed), value(sealed, "iv"), None, value(sealed, "tag")
    )
    assert value(document(target, back, OTHER)) == b"text"
    assert send(target, RestoreKey(blob), OTHER).status == 409
    target.close()


# --- modules that misbehave -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "told"), [(signal.SIGABRT, "SIGABRT"), (signal.SIGSEGV, "SIGSEGV")]
)
def test_a_module_that_aborts_fails_one_exchange(
    target: Pkcs11Target, number: signal.Signals, told: str
) -> None:
    document(target, CreateKey("a", "EC"))
    os.kill(target.child(HOST).pid, number)
    failed = send(target, GetKey("a"))
    assert failed.status == 500
    assert told in failed.body.decode()
    document(target, GetKey("a"))


def test_a_module_that_hangs_fails_one_exchange(tmp_path: Path) -> None:
    target = opened(softhsm_opening(tmp_path), patience=2.0)
    document(target, CreateKey("a", "EC"))
    os.kill(target.child(HOST).pid, signal.SIGSTOP)
    failed = send(target, GetKey("a"))
    assert (failed.status, b"the module hung for 2 seconds" in failed.body) == (500, True)
    document(target, GetKey("a"))
    target.close()


def test_an_object_that_the_token_lost_is_a_failure_and_no_refusal(tmp_path: Path) -> None:
    target = opened(softhsm_opening(tmp_path))
    document(target, CreateKey("a", "EC"))
    target.close()
    in_token(tmp_path, LOSING_KEYS)
    target = opened(softhsm_opening(tmp_path))
    document(target, GetKey("a"))
    failed = send(target, Sign("a", None, "ES256", bytes(32)))
    assert (failed.status, b"the token has lost an object" in failed.body) == (500, True)
    document(target, GetKey("a"))
    target.close()


def test_a_failing_module_fails_one_exchange_alone(tmp_path: Path) -> None:
    target = opened(softhsm_opening(tmp_path))
    for name in ("a", "b"):
        document(target, CreateKey(name, "EC"))
        document(target, Sign(name, None, "ES256", bytes(32)))
    in_token(tmp_path, LOSING_KEYS)
    asked = (Sign("a", None, "ES256", bytes(32)), GetKey("a"), GetKey("b"))
    assert [send(target, request).status for request in asked] == [500, 200, 200]
    target.close()


def test_a_token_whose_file_was_cut_short_by_a_kill_is_mended(tmp_path: Path) -> None:
    target = opened(softhsm_opening(tmp_path))
    document(target, CreateKey("a", "EC"))
    (path,) = (tmp_path / "tokens").glob("*/token.object")
    for length in (0, path.stat().st_size // 2):
        target.restart()
        os.truncate(path, length)
        document(target, Sign("a", None, "ES256", bytes(32)))
    target.close()


HALF_A_DOMAIN: Final = """
from pkcs11 import KeyType
for key in list(session.get_objects({Attribute.LABEL: "test/domain"})):
    key.destroy()
session.create_object({
    Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES,
    Attribute.LABEL: "test/domain", Attribute.TOKEN: True, Attribute.WRAP: True,
    Attribute.UNWRAP: False, Attribute.VALUE: bytes(32),
})
"""


def test_a_domain_key_that_was_not_finished_is_made_anew(tmp_path: Path) -> None:
    Child(softhsm_opening(tmp_path)).close()
    in_token(tmp_path, HALF_A_DOMAIN)
    target = opened(softhsm_opening(tmp_path))
    document(target, CreateKey("a", "oct", 256))
    document(target, BackupKey("a"))
    target.close()
    # One that a record needs is not replaced: what it wrapped would be lost.
    in_token(tmp_path, HALF_A_DOMAIN)
    assert "cannot hold an instance" in sentence(softhsm_opening(tmp_path))


# --- what cannot go on ----------------------------------------------------------------------------


def test_a_full_disk_is_nobodys_failure(
    target: Pkcs11Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    document(target, CreateKey("a", "EC"))
    full = shutil.disk_usage("/")._replace(free=1000)

    def usage(path: Path) -> object:
        return full

    monkeypatch.setattr(shutil, "disk_usage", usage)
    document(target, GetKey("a"))
    os.kill(target.child(HOST).pid, signal.SIGKILL)
    with pytest.raises(TargetUnavailableError, match="no space is left for the tokens in"):
        send(target, GetKey("a"))


# --- what it claims -------------------------------------------------------------------------------


def test_the_target_has_the_capabilities_that_it_claims(target: Pkcs11Target) -> None:
    factory = target_factory("softhsm")
    assert factory.profile.capabilities == frozenset(Capability)
    assert isinstance(target, ClockTarget)
    assert isinstance(target, LossyTarget)


@pytest.mark.parametrize("name", ["softhsm", "pkcs11", "opencryptoki"])
def test_somebody_answers_for_every_clause_and_every_pattern_is_of_some_clause(name: str) -> None:
    claimed = profile(name)
    clauses = [clause.identifier for clause in catalogue()]
    assert {claimed.answering(clause) for clause in clauses} == {"token", "adapter", "both"}
    for pattern in claimed.answered_by:
        assert any(fnmatchcase(clause, pattern) for clause in clauses), pattern
    assert profile("model").answering("KEY-001") is None


def test_a_loss_is_of_one_reply_and_of_the_effect_only_where_asked(target: Pkcs11Target) -> None:
    for after_effect, status in ((False, 404), (True, 200)):
        target.lose_next(after_effect=after_effect)
        assert target.exchange(message(CreateKey("a", "EC"))) is None
        assert send(target, GetKey("a")).status == status


def test_the_pin_never_prints(tmp_path: Path) -> None:
    opening = softhsm_opening(tmp_path, secret=b"the domain key of 32 bytes......")
    assert PIN not in repr(opening)
    assert "domain key" not in repr(opening)
    assert encoded(b"the domain key") not in repr(opening)
