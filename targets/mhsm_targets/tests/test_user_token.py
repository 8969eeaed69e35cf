"""Target `pkcs11`: which token it takes, what it says where it cannot, and what it leaves alone."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from mhsm_model.configuration import Configuration
from mhsm_model.exchange import CreateKey, GetKey
from mhsm_targets.protocol import FindingFactory, ProvableFactory, TargetUnavailableError
from mhsm_targets.registry import UnknownTargetError, target_factory, use_module
from mhsm_targets.tests.in_token import in_token
from mhsm_targets.tests.token_instances import (
    HOST,
    OTHER,
    PIN,
    SOFTHSM,
    message,
    needs_softhsm,
    softhsm_opening,
)

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from mhsm_targets.pkcs11 import factory, target
from mhsm_targets.pkcs11.child import Child
from mhsm_targets.pkcs11.facts import module_facts
from mhsm_targets.pkcs11.facts_table import facts_table
from mhsm_targets.pkcs11.opening import Opening
from mhsm_targets.pkcs11.user_token import (
    FACTS,
    MODULE,
    PIN_FILE,
    TOKENS,
    UserToken,
    user_token,
)
from mhsm_targets.pkcs11.user_token import PIN as PIN_VARIABLE

BOTH: Final = {HOST: Configuration(), OTHER: Configuration()}


# --- what is told ---------------------------------------------------------------------------------


@pytest.fixture
def named(tmp_path: Path) -> dict[str, str]:
    module = tmp_path / "module.so"
    module.touch()
    return {MODULE: str(module), TOKENS: "one\ntwo", PIN_VARIABLE: "1234"}


def test_the_environment_names_module_tokens_and_pin(named: dict[str, str]) -> None:
    assert user_token(named) == UserToken(named[MODULE], ("one", "two"), "pkcs11", "1234")
    assert "1234" not in repr(user_token(named))


def test_a_pin_file_goes_before_a_pin(named: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "pin"
    path.write_bytes(b"5678\r\nsecond line\n")
    assert user_token({**named, PIN_FILE: str(path)}).pin == "5678"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({MODULE: ""}, "no PKCS#11 module is named: use --module, or set MHSM_PKCS11_MODULE"),
        ({MODULE: "/nowhere.so"}, "the PKCS#11 module /nowhere.so is not there"),
        ({TOKENS: "\n"}, "no token is named: use --token LABEL, or set MHSM_PKCS11_TOKENS"),
        ({PIN_VARIABLE: ""}, "there is no PIN: use --pin-file, or set MHSM_PKCS11_PIN"),
        ({PIN_FILE: "/nowhere"}, "cannot read the PIN file /nowhere: no such file or directory"),
        ({PIN_FILE: "/dev/null"}, "the PIN file /dev/null is empty"),
    ],
)
def test_what_lacks_is_told_in_one_sentence(
    named: dict[str, str], change: dict[str, str], sentence: str
) -> None:
    with pytest.raises(TargetUnavailableError) as caught:
        user_token({**named, **change})
    assert str(caught.value) == sentence


def test_a_profile_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FACTS, "nothing")
    with pytest.raises(UnknownTargetError, match="MHSM_PKCS11_FACTS names no profile: nothing"):
        target_factory("pkcs11")


def test_options_go_into_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (MODULE, TOKENS, PIN_FILE):
        monkeypatch.setenv(name, "before")
    use_module(None, (), None)
    assert [os.environ[name] for name in (MODULE, TOKENS, PIN_FILE)] == ["before"] * 3
    use_module("m.so", ("a", "b"), "file")
    assert [os.environ[name] for name in (MODULE, TOKENS, PIN_FILE)] == ["m.so", "a\nb", "file"]


def test_a_module_that_opens_no_instance_is_told_with_the_reason(
    named: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**named, FACTS: "nss"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TargetUnavailableError, match="no instance can be opened on the module nss"):
        target_factory("pkcs11").open(BOTH, 0)


# --- on a token of the user's ---------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A SoftHSM token with an object of its user's, named by the environment."""
    Child(softhsm_opening(tmp_path)).close()
    in_token(tmp_path, 'session.create_object({**DATA, Attribute.LABEL: "mine"})')
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    for name, value in {MODULE: SOFTHSM, TOKENS: "test", PIN_VARIABLE: PIN}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(FACTS, "softhsm")
    # Children have the environment of the nursery, which is of the time when it was begun.
    from mhsm_targets.pkcs11.child import NURSERY  # noqa: PLC0415

    NURSERY.close()
    yield tmp_path
    NURSERY.close()


LEFT: Final = """
labels = sorted(each[Attribute.LABEL] for each in session.get_objects({}))
assert labels == ["mine", "test/domain"], labels
"""


@needs_softhsm
def test_instances_on_one_token_know_nothing_of_each_other_and_leave_nothing(folder: Path) -> None:
    opened = target_factory("pkcs11").open(BOTH, 0)
    created = opened.exchange(message(CreateKey("a", "EC")))
    assert created is not None
    assert created.status == 200
    absent = opened.exchange(message(GetKey("a"), OTHER))
    assert absent is not None
    assert absent.status == 404
    opened.close()
    in_token(folder, LEFT)


@needs_softhsm
def test_a_module_that_is_asked_tells_the_facts_of_its_profile(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FACTS, "pkcs11")
    asked = module_facts(factory.facts_of(user_token()))
    written = module_facts(facts_table("softhsm"))
    assert asked.outside.keys() == written.outside.keys()
    # A profile gives better reasons.
    assert replace(asked, outside=written.outside) == written
    assert not target_factory("pkcs11").profile.expected_failures
    in_token(folder, LEFT)


@needs_softhsm
def test_what_the_module_lacks_is_a_declared_failure_and_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] = {**facts_table("softhsm"), "lacks_keys": {"EC-HSM": "no curves"}}
    monkeypatch.setenv(FACTS, "pkcs11")

    def asked(_: UserToken) -> dict[str, Any]:
        return told

    monkeypatch.setattr(factory, "facts_of", asked)
    claimed = target_factory("pkcs11")
    assert "EC-HSM (no curves)" in claimed.profile.expected_failures["ERR-201"]
    opened = claimed.open(BOTH, 0)
    refused = opened.exchange(message(CreateKey("a", "EC")))
    opened.close()
    assert refused is not None
    assert refused.status == 400
    assert b"no curves" in refused.body
    in_token(folder, LEFT)


@needs_softhsm
def test_two_processes_open_instances_on_one_token_at_the_same_time(folder: Path) -> None:
    def opened(_: int) -> None:
        for _ in range(5):
            child = Child(replace(softhsm_opening(folder), folder=None))
            child.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(opened, range(4)))


@needs_softhsm
def test_what_a_dead_child_made_is_cleared_too(folder: Path) -> None:
    opened: Any = target_factory("pkcs11").open(BOTH, 0)
    opened.exchange(message(CreateKey("a", "EC")))
    os.kill(opened.child(HOST).pid, signal.SIGKILL)
    opened.exchange(message(CreateKey("b", "EC")))
    os.kill(opened.child(HOST).pid, signal.SIGKILL)
    opened.close()
    in_token(folder, LEFT)


@needs_softhsm
def test_proving_leaves_nothing_and_tells_a_wrong_pin(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory = target_factory("pkcs11")
    assert isinstance(factory, ProvableFactory)
    factory.prove()
    in_token(folder, LEFT)
    monkeypatch.setenv(PIN_VARIABLE, "wrong-pin")
    with pytest.raises(TargetUnavailableError, match="the PIN of the token 'test' is wrong"):
        factory.prove()


@needs_softhsm
def test_a_wrong_pin_is_tried_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder.exists()
    born: list[str] = []

    def counted(opening: Opening, *further: Any) -> Child:
        born.append(opening.pin)
        return Child(opening, *further)

    monkeypatch.setattr(target, "Child", counted)
    monkeypatch.setenv(PIN_VARIABLE, "wrong-pin")
    proved = target_factory("pkcs11")
    assert isinstance(proved, ProvableFactory)
    with pytest.raises(TargetUnavailableError, match="the PIN of the token 'test' is wrong"):
        proved.prove()
    assert born == ["wrong-pin"]


@needs_softhsm
def test_ctrl_c_within_an_exchange_leaves_nothing(folder: Path) -> None:
    opened = target_factory("pkcs11").open(BOTH, 0)
    for number in range(20):
        opened.exchange(message(CreateKey(f"key-{number}", "oct", 256)))
    main_thread = threading.main_thread().ident or 0
    timer = threading.Timer(0.05, signal.pthread_kill, (main_thread, signal.SIGINT))
    big = [message(CreateKey(f"big-{number}", "RSA", 4096)) for number in range(20)]
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        list(map(opened.exchange, big))
    opened.close()
    in_token(folder, LEFT)


@needs_softhsm
def test_what_cannot_be_cleared_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: Any = target_factory("pkcs11").open(BOTH, 0)
    opened.exchange(message(CreateKey("a", "EC")))

    def deaf(asked: dict[str, Any]) -> dict[str, Any]:
        return {"left": 2, "reason": "SessionReadOnly"}

    monkeypatch.setattr(opened.child(HOST), "ask", deaf)
    with pytest.raises(TargetUnavailableError, match=r"2 objects labelled mhsm-.*SessionReadOnly"):
        opened.close()
    assert folder.exists()


@needs_softhsm
def test_findings_of_a_module_without_a_list_are_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FACTS, "pkcs11")
    factory = target_factory("pkcs11")
    assert isinstance(factory, FindingFactory)
    assert folder.exists()
    assert list(factory.findings()) == []
