"""What is explained is what the catalogue, the tables and the suites say, and all of it."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any, Final

import pytest

from mhsm_conformance.explaining import life_picture as picture
from mhsm_conformance.explaining.accounts import account_of, breach_counts_as, in_force_text
from mhsm_conformance.explaining.algorithm_table import algorithm_rows, key_type_rows
from mhsm_conformance.explaining.areas import AREAS
from mhsm_conformance.explaining.choosing import (
    UnknownNameError,
    chosen_clauses,
    chosen_operation,
)
from mhsm_conformance.explaining.error_answers import answers_of_clause, error_answers
from mhsm_conformance.explaining.error_table import error_rows
from mhsm_conformance.explaining.http_forms import http_form
from mhsm_conformance.explaining.life_table import edges, life_rows
from mhsm_conformance.explaining.open_questions import open_questions
from mhsm_conformance.explaining.operation_accounts import operation_account
from mhsm_conformance.explaining.operation_examples import operation_examples
from mhsm_conformance.explaining.places import places, reach
from mhsm_conformance.explaining.searching import search
from mhsm_conformance.explaining.suite_checks import suite_checks
from mhsm_conformance.explaining.text.life_text import life_diagram
from mhsm_model.catalogue import catalogue, clause
from mhsm_model.clauses import Clause, Kind, Level
from mhsm_model.operations import OPERATIONS
from mhsm_model.operations.operation import Operation
from mhsm_model.tables.algorithms import ALGORITHMS
from mhsm_model.tables.data_actions import DATA_ACTIONS, PREFIX
from mhsm_model.tables.key_operations import KEY_OPERATIONS
from mhsm_model.tables.lifecycle import LAPSES, TRANSITIONS, Stage
from mhsm_model.wire.routes import route

each_operation: Final = pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name)


def test_every_clause_stands_somewhere_and_its_area_has_a_name() -> None:
    for row in catalogue():
        assert (row.identifier in places()) == (reach(row) is None)
    assert AREAS.keys() == {row.area for row in catalogue()}


def test_the_places_of_a_clause_are_the_rows_of_the_operations() -> None:
    for row in OPERATIONS:
        for order, guard in enumerate(row.guards, 1):
            found = [p for p in places()[guard.clause.identifier] if p.operation == row.name]
            assert [(p.part, p.order, p.rows) for p in found] == [("guard", order, len(row.guards))]


@each_operation
def test_every_guard_of_an_operation_has_an_error_answer(row: Operation[Any, Any]) -> None:
    account = operation_account(row)
    assert [guard.clause for guard in account.guards] == [guard.clause for guard in row.guards]
    assert all(guard.errors for guard in account.guards)
    assert account.effect.endswith(".")


def test_what_is_demanded_as_recorded_names_no_key_of_the_attempt() -> None:
    for answer in error_answers():
        assert "subject" not in answer.message
        assert "managedhsm.azure.net" not in answer.message
        assert 400 <= answer.status <= 499
    found = {(a.status, a.code, a.message, a.is_recorded) for a in answers_of_clause("ERR-002")}
    assert found == {(404, "KeyNotFound", "Key not found: https://{host}/keys/{name}", True)}


def test_an_answer_is_demanded_by_clauses_that_demand_something_alone() -> None:
    for answer in error_answers():
        if answer.is_demanded:
            assert clause(answer.clause).demands, answer
        row = clause(answer.clause)
        assert row.kind in (Kind.GUARD, Kind.QUESTION)


def test_the_error_rows_hold_every_answer_once_under_a_name_of_its_own() -> None:
    rows = error_rows()
    pairs = {(row.anchor, name) for row in rows for name in row.clauses}
    assert {name for _, name in pairs} == {answer.clause for answer in error_answers()}
    assert len({row.anchor for row in rows}) == len(rows)


def test_a_clause_that_is_no_operations_answers_too() -> None:
    assert {a.status for a in answers_of_clause("WIRE-204")} == {400, 404, 405}
    assert [a.operation for a in answers_of_clause("WIRE-002")] == [None]
    assert answers_of_clause("ALG-012") == ()


def test_every_check_names_clauses_of_the_catalogue_and_none_is_left_out() -> None:
    known = {row.identifier for row in catalogue()}
    assert all(check.clauses and known.issuperset(check.clauses) for check in suite_checks())
    told = {check for row in catalogue() for check in account_of(row).checks}
    assert told == set(suite_checks())


def test_every_clause_that_demands_something_has_a_check_and_a_mutant() -> None:
    for row in catalogue():
        account = account_of(row)
        if row.demands:
            assert account.checks, row.identifier
            assert account.mutants, row.identifier
        assert {mutant.clause for mutant in account.mutants} <= {row.identifier}


def test_how_a_breach_counts_is_told_as_the_table_has_it() -> None:
    assert breach_counts_as(clause("AUTH-001")) == "a failure"
    assert breach_counts_as(clause("KW-004")) == "a warning; with --strict a failure"
    observed = next(row for row in catalogue() if row.level is Level.SHOULD)
    assert breach_counts_as(observed) == "a failure; on a live HSM a warning"
    assert breach_counts_as(clause("API-001")).startswith("none")


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        (None, None, "every api-version"),
        ("7.3", None, "from api-version 7.3 on"),
        (None, "7.5", "before api-version 7.5"),
        ("7.3", "7.5", "from api-version 7.3 on, before 7.5"),
    ],
)
def test_when_a_clause_holds_is_told(since: str | None, until: str | None, told: str) -> None:
    row = clause("KW-003")
    bounded = Clause("X-1", "", row.level, row.basis, row.sources, row.kind, since, until)
    assert in_force_text(bounded) == told


# --- the HTTP form --------------------------------------------------------------------------------


@each_operation
def test_method_and_path_lead_to_the_operation(row: Operation[Any, Any]) -> None:
    form = http_form(row)
    path = form.path.replace("{name}", "a").replace("{version}", "0" * 32)
    found = route(form.method, path)
    assert found is not None
    assert found.operation == row.name
    assert found.later is None


def test_members_are_those_of_the_schema() -> None:
    sign = http_form(chosen_operation("sign"))
    assert [(m.name, m.form, m.is_required) for m in sign.sent] == [
        ("alg", "string", True),
        ("value", "base64url", True),
    ]
    create = {m.name: m for m in http_form(chosen_operation("create-key")).sent}
    assert create["attributes.nbf"].form == "integer"
    assert create["tags"].form == "map of strings"
    assert not create["kty"].is_required
    answered = {m.name for m in http_form(chosen_operation("get-key")).answered}
    assert {"key.n", "key.e", "key.crv", "key.x", "key.y", "key.kid"} <= answered
    assert not answered & {"key.d", "key.k", "key.p"}
    lists = http_form(chosen_operation("get-keys"))
    assert lists.query == ("maxresults", "$skiptoken")
    assert {"nextLink", "value[].kid"} <= {m.name for m in lists.answered}
    assert http_form(chosen_operation("purge deleted key")).status == 204


def test_every_operation_has_a_permission_and_an_example() -> None:
    assert DATA_ACTIONS.keys() == {row.request.__name__ for row in OPERATIONS}
    assert all(action.name.startswith(f"{PREFIX}/") for action in DATA_ACTIONS.values())
    assert operation_examples().keys() == {row.name for row in OPERATIONS}
    for row in OPERATIONS:
        sent, answered = operation_examples()[row.name]
        assert sent.startswith(f"{http_form(row).method} /")
        assert answered.startswith(str(http_form(row).status))


# --- tables ---------------------------------------------------------------------------------------


def test_every_algorithm_has_a_row_with_the_keys_it_is_for() -> None:
    rows = {row.name: row for row in algorithm_rows()}
    assert rows.keys() == ALGORITHMS.keys()
    assert rows["A256GCM"].resistant == ("oct-HSM 256",)
    assert rows["CKM_AES_KEY_WRAP"].resistant == ("oct-HSM 256",)
    assert rows["RS256"].resistant == ()
    assert (rows["RS256"].keys, rows["ES384"].keys) == ("RSA-HSM", "EC-HSM P-384")
    assert rows["A128KW"].uses == {
        "encrypt": "open",
        "decrypt": "open",
        "wrapKey": "yes",
        "unwrapKey": "yes",
    }
    for row in key_type_rows():
        assert row.default in row.sizes
        assert KEY_OPERATIONS.issuperset((*row.operations, *row.more))


def test_at_every_stage_an_operation_leads_on_or_is_refused_by_a_clause() -> None:
    rows = {row.operation: row for row in life_rows()}
    assert len(rows) == len({t.operation for t in TRANSITIONS})
    for row in rows.values():
        assert row.leads_to.keys() | row.refused_by.keys() == {stage.value for stage in Stage}
        assert row.leads_to.keys().isdisjoint(row.refused_by)
        assert all(row.refused_by.values())
    assert rows["RestoreKey"].refused_by == {"active": ("KBK-004",), "soft-deleted": ("LIFE-010",)}


def test_the_picture_and_the_diagram_show_every_transition() -> None:
    names = {name for told in edges().values() for name in told}
    assert len(names) == len({t.operation for t in (*TRANSITIONS, *LAPSES)})
    for alone in (picture.life_picture(), picture.life_picture(is_part=True)):
        tree = ElementTree.fromstring(alone)
        assert tree.get("role") == "img"
        text = " ".join(" ".join(tree.itertext()).split())
        assert all(text.count(name) > 1 for name in names), "in the drawing and described"
    drawn = life_diagram(edges())
    assert all(name in drawn for name in names)
    assert max(map(len, drawn.splitlines())) <= 80


def test_a_transition_without_room_is_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    leap = {**edges(), (Stage.ABSENT, Stage.DELETED): ("Leap",)}
    monkeypatch.setattr(picture, "edges", lambda: leap)
    with pytest.raises(ValueError, match="no room"):
        picture.life_picture()
    with pytest.raises(ValueError, match="from absent to soft-deleted"):
        life_diagram(leap)


def test_open_questions_are_the_clauses_that_are_open() -> None:
    found = [question.clause.identifier for question in open_questions()]
    assert found == [row.identifier for row in catalogue() if row.level is Level.OPEN]


# --- choosing and searching -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("CreateKey", "CreateKey"),
        ("create-key", "CreateKey"),
        ("create_key", "CreateKey"),
        ("CREATE KEY", "CreateKey"),
        ("ListKeys", "GetKeys"),
        ("GetKeys", "GetKeys"),
        ("create", "CreateKey"),
        ("purge", "PurgeDeletedKey"),
        ("wrapkey", "WrapKey"),
    ],
)
def test_an_operation_is_found_in_any_spelling(typed: str, name: str) -> None:
    assert chosen_operation(typed).name == name


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("sgin", "did you mean Sign?"),
        ("", "there is CreateKey, "),
        ("frobnicate", "there is CreateKey, "),
    ],
)
def test_an_operation_that_is_none_is_told_with_what_is_like_it(typed: str, told: str) -> None:
    with pytest.raises(UnknownNameError, match="no operation is called") as caught:
        chosen_operation(typed)
    assert told in str(caught.value)


def test_clauses_are_chosen_by_identifier_and_glob_each_once() -> None:
    found = chosen_clauses(("kw-003", "KW-00*", "AUTH-001"))
    assert [row.identifier for row in found] == [
        "KW-003",
        "KW-001",
        "KW-002",
        "KW-004",
        "AUTH-001",
    ]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("KW-03", "did you mean KW-003"),
        ("KW", "did you mean KW-00"),
        ("ZZ-*", "the areas are ALG, API"),
        ("nothing at all", "`mhsm clauses` lists them all"),
    ],
)
def test_a_clause_that_is_none_is_told_with_what_is_like_it(typed: str, told: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        chosen_clauses((typed,))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("KW-003", "KW-003"),
        ("kw-003", "KW-003"),
        ("tag too long", "ATTR-216"),
        ("RSA-OAEP-256", "RSA-OAEP-256"),
        ("random bytes", "GetRandomBytes"),
        ("immutable policy", "SKR-004"),
        ("MalformedBackupBlob domain", "KBK-002"),
        ("deletedkeys recover", "RecoverDeletedKey"),
    ],
)
def test_the_best_is_found_first(words: str, first: str) -> None:
    assert search(words)[0].name == first


def test_what_has_all_words_is_found_before_what_has_some() -> None:
    assert {hit.matched for hit in search("gcm iv")} == {("gcm", "iv")}
    assert search("gcm xylophone")[0].matched == ("gcm",)
    assert search("xylophone") == ()
    assert search("") == ()
    scores = [hit.score for hit in search("key")]
    assert scores == sorted(scores, reverse=True)
