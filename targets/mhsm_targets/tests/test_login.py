"""Logging in: what a module answers becomes one sentence, and the PIN is tried once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final

import pytest

from mhsm_targets.protocol import TargetUnavailableError

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from pkcs11 import TokenFlag
from pkcs11 import exceptions as answers

from mhsm_targets.pkcs11 import login

LOCKED: Final = "the token 't' is locked: its PIN was wrong too often"
READ_ONLY: Final = "the token 't' is write-protected"


class FakeToken:
    """A token, as far as logging in asks it."""

    def __init__(self, flags: TokenFlag, answer: Exception | None) -> None:
        self.flags = flags
        self.answer = answer
        self.tried: list[str] = []

    def open(self, *, rw: bool, user_pin: str, attribute_mapper: Any) -> str:
        assert rw
        self.tried.append(user_pin)
        if self.answer is not None:
            raise self.answer
        return "a session"


def logged_in(monkeypatch: pytest.MonkeyPatch, token: FakeToken) -> Any:
    def found(*, token_label: str) -> FakeToken:
        assert token_label == "t"
        return token

    def loaded(library: str) -> SimpleNamespace:
        assert library == "m.so"
        return SimpleNamespace(get_token=found)

    monkeypatch.setattr(login, "loaded_module", loaded)
    return login.logged_in("m.so", "t", "1234")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (answers.PinIncorrect(), "the PIN of the token 't' is wrong"),
        (answers.PinLenRange(), "the PIN of the token 't' is wrong"),
        (answers.PinLocked(), LOCKED),
        (answers.UserPinNotInitialized(), "the token 't' has no user PIN yet"),
        (answers.TokenWriteProtected(), READ_ONLY),
        (answers.DeviceError(), "the token 't' cannot be used: DeviceError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_refused_login_is_told_and_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, answer: Exception, told: str
) -> None:
    token = FakeToken(TokenFlag(0), answer)
    with pytest.raises(TargetUnavailableError) as caught:
        logged_in(monkeypatch, token)
    assert str(caught.value) == told
    assert token.tried == ["1234"]


@pytest.mark.parametrize(
    ("flag", "told"),
    [(TokenFlag.USER_PIN_LOCKED, LOCKED), (TokenFlag.WRITE_PROTECTED, READ_ONLY)],
    ids=["locked", "write-protected"],
)
def test_a_token_that_says_no_beforehand_is_not_tried(
    monkeypatch: pytest.MonkeyPatch, flag: TokenFlag, told: str
) -> None:
    token = FakeToken(flag, None)
    with pytest.raises(TargetUnavailableError) as caught:
        logged_in(monkeypatch, token)
    assert str(caught.value) == told
    assert token.tried == []


def test_a_right_pin_opens_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    token = FakeToken(TokenFlag(0), None)
    assert logged_in(monkeypatch, token) == "a session"
    assert token.tried == ["1234"]
