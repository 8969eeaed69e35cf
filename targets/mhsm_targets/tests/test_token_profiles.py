"""Who answers for a clause where keys live in a token, as the facts of the module have it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from mhsm_model.catalogue import catalogue
from mhsm_model.tables.algorithms import ALGORITHMS
from mhsm_model.tables.key_types import Family
from mhsm_targets import profiles
from mhsm_targets.profiles import profile, profile_with
from mhsm_targets.protocol import TargetProfile

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from mhsm_targets.pkcs11 import factory
from mhsm_targets.pkcs11.user_token import FACTS, UserToken

FOLDER: Final = Path(profiles.__file__).parent
KEY_WRAP: Final = ("KW-001", "KW-003", "KW-004", "KW-206")
GCM: Final = ("GCM-001", "GCM-005", "GCM-006", "GCM-007", "GCM-201", "GCM-202")
OAEP: Final = ("ALG-222", "ALG-230", "ALG-231", "ALG-232", "ALG-233")


def told(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def answers(claimed: TargetProfile, clauses: tuple[str, ...]) -> set[str | None]:
    return {claimed.answering(clause) for clause in clauses}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_no_profile_has_a_table_of_answers_of_its_own(path: Path) -> None:
    table = told(path).get("answered_by")
    if told(path)["capabilities"] and told(path)["evidence"] == "token":
        assert table == "tokens"
    else:
        assert table is None


def test_clauses_are_about_algorithms_and_key_types_that_there_are() -> None:
    clauses = {clause.identifier for clause in catalogue()}
    about = told(FOLDER / "answered_by" / "tokens.toml")["about"]
    assert about.keys() <= clauses
    for names in about.values():
        assert set(names) <= ALGORITHMS.keys() | set(Family)
        assert len(names) == len(set(names))


def test_both_answer_for_what_is_computed_outside_the_token() -> None:
    softhsm = profile("softhsm")
    assert answers(softhsm, OAEP) == {"both"}
    assert answers(softhsm, ("KW-003", "KW-004", "KW-206")) == {"both"}
    assert softhsm.answering("KW-001") == "token"
    assert answers(softhsm, GCM[1:]) == {"token"}


def test_the_adapter_answers_for_what_the_module_lacks() -> None:
    opencryptoki = profile("opencryptoki")
    assert answers(opencryptoki, KEY_WRAP) == {"both"}
    assert answers(opencryptoki, (*GCM, "ALG-007", "KEY-023")) == {"adapter"}
    assert answers(opencryptoki, (*OAEP, "ALG-005", "ALG-006", "CBC-205", "KEY-022")) == {"token"}
    assert opencryptoki.answering("KEY-001") == "adapter"


def test_a_lack_of_some_algorithms_of_a_clause_leaves_the_token_the_others() -> None:
    some = profile_with(
        "pkcs11", {"lacks": {"PS512": "why"}, "lacks_keys": {"EC-HSM P-521": "why"}}
    )
    assert some.answering("ALG-006") == "both"
    assert some.answering("ALG-007") == "token"


def test_a_module_that_was_asked_answers_for_what_it_computes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    facts: dict[str, Any] = {}

    def named() -> UserToken:
        return UserToken("/module.so", ("token",), "pkcs11", "1234")

    def asked(_: UserToken) -> dict[str, Any]:
        return facts

    monkeypatch.delenv(FACTS, raising=False)
    monkeypatch.setattr(factory, "user_token", named)
    monkeypatch.setattr(factory, "facts_of", asked)
    assert answers(factory.UserTokenFactory().profile, (*KEY_WRAP, *OAEP, *GCM[1:])) == {"token"}
    facts["outside"] = dict.fromkeys(("A128KW", "A192KW", "A256KW", "CKM_AES_KEY_WRAP"), "why")
    claimed = factory.UserTokenFactory().profile
    assert answers(claimed, KEY_WRAP) == {"both"}
    assert answers(claimed, OAEP) == {"token"}
    facts["lacks"] = dict.fromkeys(("A128GCM", "A192GCM", "A256GCM"), "there is no GCM")
    claimed = factory.UserTokenFactory().profile
    assert answers(claimed, GCM) == {"adapter"}
    assert "A128GCM (there is no GCM)" in claimed.expected_failures["ERR-201"]
