"""Replay scripts: Python that sends a sequence again, and ends as the target deserves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from mhsm_conformance.cases.case import Case
from mhsm_conformance.cases.recording import context_of, recorded_case
from mhsm_conformance.faults import ConformanceFailure
from mhsm_conformance.guards.scenes import backed_up
from mhsm_conformance.opening import HOSTS
from mhsm_conformance.replaying import script_of
from mhsm_conformance.session import InstanceSession, Session
from mhsm_conformance.steps import Sent
from mhsm_conformance.vectors.sample_keys import SAMPLE_KINDS, sample_key
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    CreateKey,
    Credential,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetKey,
    GetRandomBytes,
    ImportKey,
    ListKeys,
    PurgeDeletedKey,
    ReleasePolicy,
    RequestedAttributes,
    RestoreKey,
    Sign,
    UnwrapKey,
    UpdateKey,
    Verify,
    WrapKey,
)
from mhsm_model.jwk import PRIVATE_MEMBERS, JsonWebKey
from mhsm_targets.registry import target_factory

SMALL: Final = Configuration(retention_days=7, page_size=1, maximum_tags=1)


def opened(target: str, configuration: Configuration = SMALL) -> Session:
    hosts = {HOSTS[0]: configuration, HOSTS[1]: Configuration()}
    factory = target_factory(target)
    return Session(factory.open(hosts, 5), factory.profile, hosts, strict=True)


def lawful(hsm: InstanceSession) -> None:
    made = hsm.created(CreateKey("a", "oct", 256, tags={"it's": 'a "tag"\n'}))
    version = made.kid.version
    sent = hsm.result(Encrypt("a", version, "A256GCM", b"plain\0text", None, b"aad"))
    hsm.send(Decrypt("a", version, "A256GCM", sent.value, sent.iv, b"aad", sent.tag))
    hsm.session.advance(10)
    hsm.session.lose_next(after_effect=True)
    hsm.send(CreateKey("b", "EC", attributes=RequestedAttributes(None, 5, None, True)))
    hsm.send(GetKey("b"))
    hsm.send(ImportKey("c", sample_key("EC P-256")))
    signature = hsm.result(Sign("c", None, "ES256", bytes(32))).value
    hsm.send(Verify("c", None, "ES256", bytes(32), signature))
    policy = ReleasePolicy(b'{"version":"1.0.0"}', None, True)
    hsm.send(CreateKey("d", "EC", release_policy=policy))
    hsm.send(UpdateKey("a", version, (), tags={"x": "y", "too": "many"}))
    hsm.send(ListKeys(1))
    hsm.send(GetKey("a"), credential=Credential.ANONYMOUS)
    hsm.send(GetKey("a"), api_version="7.4")
    hsm.session.send(HOSTS[1], GetKey("a"))
    wrapped = hsm.result(WrapKey("a", version, "A256KW", bytes(16)))
    hsm.send(UnwrapKey("a", version, "A256KW", wrapped.value))
    blob = backed_up(hsm, "c")
    hsm.send(DeleteKey("c"))
    hsm.send(PurgeDeletedKey("c"))
    hsm.send(RestoreKey(blob[:-1]))
    hsm.send(RestoreKey(blob))
    hsm.send(GetRandomBytes(16))


def run(tmp_path: Path, script: str) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "replay.py"
    path.write_text(script, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=False
    )


def script_for(session: Session, target: str) -> str:
    return script_of(case_of(session, target))


def case_of(session: Session, target: str) -> Case:
    context = context_of(target, session.profile)
    return recorded_case(
        session.steps, "ALG-004", "a check", 5, context, session.configurations, strict=True
    )


def test_a_lawful_sequence_ends_with_status_0(tmp_path: Path) -> None:
    session = opened("model")
    lawful(session.at(HOSTS[0]))
    done = run(tmp_path, script_for(session, "model"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "every exchange was lawful"
    steps = [str(step) for step in session.steps if isinstance(step, Sent)]
    shown = done.stdout.splitlines()[:-1]
    # Signatures are random where the library makes them: the step that sends one is told otherwise.
    assert [told for told in shown if "Verify" not in told] == [
        told for told in steps if "Verify" not in told
    ]
    assert len(shown) == len(steps)


def test_a_failing_sequence_ends_with_status_1_and_says_why(tmp_path: Path) -> None:
    target = "mutant:unguarded-alg-004"
    session = opened(target)
    hsm = session.at(HOSTS[0])
    hsm.send(CreateKey("a", "EC"))
    with pytest.raises(ConformanceFailure) as caught:
        hsm.send(Sign("a", None, "ES256", bytes(31)))
    script = script_of(case_of(session, target), caught.value.breaches)
    assert "ALG-004: Refuse a digest" in script
    done = run(tmp_path, script)
    assert (done.returncode, done.stderr) == (1, "")
    assert str(caught.value) in done.stdout


def test_a_sequence_that_failed_once_ends_with_status_0_on_a_target_that_is_right(
    tmp_path: Path,
) -> None:
    session = opened("mutant:unguarded-alg-004")
    hsm = session.at(HOSTS[0])
    hsm.send(CreateKey("a", "EC"))
    with pytest.raises(ConformanceFailure):
        hsm.send(Sign("a", None, "ES256", bytes(31)))
    assert run(tmp_path, script_for(session, "model")).returncode == 0


def test_values_that_the_service_chose_are_taken_from_replies() -> None:
    session = opened("model")
    hsm = session.at(HOSTS[0])
    made = hsm.created(CreateKey("a", "oct", 256))
    sent = hsm.result(Encrypt("a", made.kid.version, "A256GCM", b"x"))
    hsm.send(Decrypt("a", made.kid.version, "A256GCM", sent.value, sent.iv, None, sent.tag))
    script = script_for(session, "model")
    assert made.kid.version is not None
    assert made.kid.version not in script
    assert "version=r1.kid.version" in script
    assert "iv=r2.iv" in script
    assert "tag=r2.tag" in script


@pytest.mark.parametrize("kind", SAMPLE_KINDS)
def test_an_imported_key_is_named_and_never_shown(kind: str) -> None:
    session = opened("model")
    key = sample_key(kind)
    session.at(HOSTS[0]).send(ImportKey("a", key))
    script = script_for(session, "model")
    compile(script, "replay", "exec")
    assert f"sample_key({kind!r}, 0)" in script
    for name in PRIVATE_MEMBERS:
        secret: bytes | None = getattr(key, name)
        if secret is not None:
            assert repr(secret)[2:-1] not in script
            assert secret.hex() not in script


def test_an_imported_key_that_is_no_sample_loses_its_private_members() -> None:
    session = opened("model")
    secret = b"sixteen secrets!"
    session.at(HOSTS[0]).send(ImportKey("a", JsonWebKey("oct", k=secret)))
    script = script_for(session, "model")
    compile(script, "replay", "exec")
    assert "secrets" not in script


@pytest.mark.parametrize(
    "name",
    ["plain", "it's", 'a "quote"', "a\\slash", "a\nline", '"""', "é", "{brace}", "\0", "%s"],
)
def test_every_script_is_python(name: str) -> None:
    session = opened("model")
    hsm = session.at(HOSTS[0])
    hsm.send(CreateKey("a", "EC", tags={name: name[:1]}))
    hsm.send(GetKey(f"k{name}"))
    compile(script_for(session, "model"), "replay", "exec")


def test_a_script_without_steps_is_python() -> None:
    compile(script_for(opened("model"), "model"), "replay", "exec")


def test_a_script_opens_the_configurations_of_the_session(tmp_path: Path) -> None:
    session = opened("model", Configuration(maximum_keys=1))
    hsm = session.at(HOSTS[0])
    hsm.send(CreateKey("a", "EC"))
    hsm.send(CreateKey("b", "EC"))
    hsm.send(DeleteKey("a"))
    done = run(tmp_path, script_for(session, "model"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "maximum_keys=1" in script_for(session, "model")


def test_a_message_made_by_hand_is_replayed_too(tmp_path: Path) -> None:
    session = opened("model")
    session.at(HOSTS[0]).send_message("POST", "/keys/a/create?api-version=7.5", b"{")
    done = run(tmp_path, script_for(session, "model"))
    assert (done.returncode, done.stderr) == (0, "")
