"""Instances that cannot be opened on a SoftHSM token: every reason is one sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from mhsm_targets.pkcs11.child import Child
from mhsm_targets.tests.token_instances import needs_softhsm, sentence, softhsm_opening

pytestmark = needs_softhsm


def test_a_wrong_pin_is_told_in_one_sentence(tmp_path: Path) -> None:
    Child(softhsm_opening(tmp_path)).close()
    assert sentence(softhsm_opening(tmp_path, pin="4321-8765")) == (
        "the PIN of the token 'test' is wrong"
    )


def test_a_folder_that_cannot_be_made_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot make a token in" in sentence(softhsm_opening(tmp_path / "file" / "token"))


def test_a_missing_module_is_told_in_one_sentence(tmp_path: Path) -> None:
    missing = replace(softhsm_opening(tmp_path), library=str(tmp_path / "no.so"), folder=None)
    assert "cannot load the PKCS#11 module" in sentence(missing)


def test_a_token_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    Child(softhsm_opening(tmp_path)).close()
    other = replace(softhsm_opening(tmp_path), token_label="other")
    assert "no token with the label 'other'" in sentence(other)
