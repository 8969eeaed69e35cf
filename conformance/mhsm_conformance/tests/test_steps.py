"""Steps: short lines that tell what happened, and never a secret."""

from __future__ import annotations

from typing import Final

import pytest

from mhsm_conformance.steps import Lapse, Loss, Sent, described, summary
from mhsm_conformance.tests.tampering import HOST, Tampering, session_on
from mhsm_conformance.vectors.sample_keys import SAMPLE_KINDS, sample_key, sample_like
from mhsm_model.exchange import (
    Call,
    CreateKey,
    Credential,
    DeleteKey,
    Encrypt,
    GetKey,
    ImportKey,
    Indeterminate,
    ListKeys,
    NoContent,
    OperationResult,
    PurgeDeletedKey,
    Refused,
    Reply,
    Sign,
    Unauthenticated,
    Unreadable,
    Verification,
)
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.jwk import PRIVATE_MEMBERS

KID: Final = KeyIdentifier(HOST, "a", "0" * 32)


def spellings(secret: bytes) -> list[str]:
    """Ways in which a secret may have slipped into a text, each a piece of it."""
    piece = secret[:8]
    return [piece.hex(), repr(piece)[2:-1], str(int.from_bytes(secret))]


@pytest.mark.parametrize("kind", SAMPLE_KINDS)
def test_no_private_member_of_an_imported_key_is_in_a_step(kind: str) -> None:
    key = sample_key(kind)
    target = Tampering()
    session, hsm = session_on(target)
    hsm.send(ImportKey("a", key))
    (step,) = session.steps
    texts = [str(step), repr(step), described(ImportKey("a", key))]
    secrets = [getattr(key, name) for name in PRIVATE_MEMBERS if getattr(key, name) is not None]
    assert secrets
    for text in texts:
        for secret in secrets:
            assert not any(spelt in text for spelt in spellings(secret))
        assert target.token not in text


def test_no_plaintext_that_came_back_is_in_a_step() -> None:
    reply = OperationResult(KID, "A256GCM", b"a plaintext")
    text = str(Sent(Call(HOST, GetKey("a")), reply))
    assert "a plaintext" not in text
    assert "11 bytes" in text


def test_no_token_is_in_a_session_s_steps() -> None:
    target = Tampering()
    session, hsm = session_on(target)
    hsm.send(CreateKey("a", "EC"))
    hsm.send(GetKey("a"), credential=Credential.INVALID)
    for step in session.steps:
        assert target.token not in repr(step)
        assert "not-a-token" not in repr(step)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (NoContent(), "no content"),
        (Refused(404, "KeyNotFound", "told"), "404 KeyNotFound told"),
        (Refused(500, None, None), "500"),
        (Unauthenticated("a", "b"), "401 with a challenge"),
        (Indeterminate("the reply was lost"), "no reply (the reply was lost)"),
        (Unreadable(200, "no JSON"), "200, unreadable: no JSON"),
        (Verification(True), "true"),
        (OperationResult(KID, "ES256", bytes(64)), "ES256, 64 bytes"),
    ],
)
def test_a_reply_is_told_in_a_few_words(reply: Reply, words: str) -> None:
    assert summary(reply) == words


def test_every_reply_of_a_session_has_a_summary_of_one_line() -> None:
    session, hsm = session_on(Tampering())
    for request in (CreateKey("a", "EC"), ListKeys(), DeleteKey("a"), PurgeDeletedKey("a")):
        hsm.send(request)
    assert all("\n" not in str(step) for step in session.steps)


def test_a_step_shows_what_was_sent_and_long_values_by_their_length() -> None:
    request = Encrypt("a", None, "A256CBC", b"x" * 1000, bytes(16))
    text = str(Sent(Call(HOST, request), Refused(400, "BadParameter", "no")))
    assert "name='a'" in text
    assert "<1000 bytes" in text
    assert len(text) < 300
    assert "version" not in text


def test_clocks_and_losses_are_told() -> None:
    assert str(Lapse(60)) == "(the clock moves 60 s)"
    assert str(Loss(True)) == "(the next reply is lost after its effect)"
    assert str(Loss(False)) == "(the next reply is lost before its effect)"


@pytest.mark.parametrize("kind", SAMPLE_KINDS)
def test_a_sample_key_is_known_by_its_name(kind: str) -> None:
    assert sample_like(sample_key(kind, 1)) == (kind, 1)
    assert sample_key(kind, 0) != sample_key(kind, 1)


@pytest.mark.parametrize("kind", ["", "EC", "EC P-1", "DSA 1024"])
def test_there_is_no_sample_of_an_unknown_kind(kind: str) -> None:
    with pytest.raises(ValueError, match="there is no sample of kind"):
        sample_key(kind)


def test_requests_of_cryptography_are_told_with_their_algorithm() -> None:
    assert described(Sign("a", None, "ES256", b"12")) == (
        "Sign(name='a', algorithm='ES256', digest=<2 bytes 3132>)"
    )
