"""`mhsm explain`: what it prints, as text and as JSON, and what it says of bad input."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from mhsm_conformance.commands.explain import explain
from mhsm_conformance.tests.recorded_sessions import (
    HOST,
    OLD,
    created,
    exchange,
    not_found,
    read,
    session,
)
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.base64url import encoded
from mhsm_model.catalogue import catalogue
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import CreateKey, Encrypt, ImportKey, Request
from mhsm_model.operations import OPERATIONS
from mhsm_model.wire.request_encoding import encode_request
from mhsm_reports import save
from mhsm_reports.tests.samples import PASSING
from mhsm_targets.registry import target_factory

SUBJECTS: Final = (
    ("*",),
    *(("--operation", row.name) for row in OPERATIONS),
    ("--operation",),
    ("--algorithms",),
    ("--lifecycle",),
    ("--errors",),
    ("--open-questions",),
    ("--search", "key"),
)


def explained(*words: str, columns: int = 80) -> Result:
    environment: Mapping[str, str] = {"COLUMNS": str(columns)}
    return CliRunner().invoke(explain, words, env=environment)


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("words", SUBJECTS, ids=" ".join)
def test_text_is_as_wide_as_asked_and_has_no_colour_in_a_pipe(
    words: tuple[str, ...], columns: int
) -> None:
    ran = explained(*words, columns=columns)
    assert ran.exit_code == 0, ran.output
    lines = ran.stdout.splitlines()
    assert lines
    assert max(map(len, lines)) <= columns
    assert not [line for line in lines if line != line.rstrip()]
    assert "\x1b" not in ran.stdout
    assert not [line for line in lines if re.search(r"[^= ]…$", line)], "something was cut off"


@pytest.mark.parametrize("words", SUBJECTS, ids=" ".join)
def test_json_is_one_document(words: tuple[str, ...]) -> None:
    ran = explained(*words, "--json")
    assert ran.exit_code == 0
    assert json.loads(ran.stdout)


def test_a_clause_is_told_with_all_that_is_known_of_it() -> None:
    (told,) = json.loads(explained("KW-003", "--json").stdout)
    assert told["prose"].startswith("Refuse to unwrap by AES key wrap")
    assert told["sources"] == ["RFC 3394: AES key wrap"]
    assert [place["operation"] for place in told["operations"]] == ["Decrypt", "UnwrapKey"]
    assert {check["suite"] for check in told["checks"]} >= {"guards", "wrapping"}
    assert {mutant["name"] for mutant in told["mutants"]} >= {"unguarded-kw-003"}
    assert told["errors"][0]["status"] == 400
    text = " ".join(explained("KW-003").stdout.split())
    for part in ("KW-003 MUST, standard, guard", "RFC 3394", "Decrypt: guard", "unguarded-kw-003"):
        assert part in text


def test_every_clause_can_be_explained_at_once() -> None:
    told = json.loads(explained("*", "--json").stdout)
    assert [row["id"] for row in told] == [row.identifier for row in catalogue()]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("KW-009",), "no clause is called 'KW-009'; did you mean"),
        (("AUTH-001", "ZZ-*"), "no clause matches 'ZZ-*'"),
        (("--operation", "sgin"), "did you mean Sign?"),
        (("--search", "xylophone"), "nothing is found by 'xylophone'"),
        (("KW-003", "--run", "/no/such/run.json"), "does not exist"),
        (("--html", "/no/such/folder/page.html"), "cannot be written"),
        (("--lifecycle", "--svg", "/no/such/folder/life.svg"), "cannot be written"),
        (("KW-003", "--errors"), "ask for one at a time"),
        (("--json",), "say what to explain"),
        (("--errors", "--svg", "life.svg"), "--svg says nothing about --errors"),
        (("--errors", "--recordings", "x"), "--recordings says nothing about --errors"),
        (("--html", "x.html", "--json"), "--json says nothing about --html"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_status_2(words: tuple[str, ...], sentence: str) -> None:
    ran = explained(*words)
    assert ran.exit_code == 2
    assert sentence in ran.stderr
    assert ran.stdout == ""
    assert "Traceback" not in ran.output


def test_without_a_subject_the_help_is_shown() -> None:
    ran = explained()
    assert ran.exit_code == 2
    assert "mhsm explain --operation create-key" in ran.output


def test_page_and_picture_are_written_and_nothing_else(tmp_path: Path) -> None:
    page, life = tmp_path / "page.html", tmp_path / "life.svg"
    assert explained("--html", str(page)).exit_code == 0
    assert explained("--lifecycle", "--svg", str(life)).exit_code == 0
    assert page.read_text().startswith("<!doctype html>")
    assert life.read_text().startswith("<svg ")
    assert {path.name for path in tmp_path.iterdir()} == {"page.html", "life.svg"}


def test_a_run_is_evidence_and_answers_questions(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    save(PASSING, path)
    ran = explained("KW-003", "--run", str(path))
    assert "the run does not know the clause" in " ".join(ran.stdout.split())
    (told,) = json.loads(explained("KW-003", "--run", str(path), "--json").stdout)
    assert told["runs"] == [{"file": str(path), "target": PASSING.run.target.name, "result": None}]
    asked = explained("--open-questions", "--run", str(path))
    assert "no run was asked" in asked.stdout


# --- recorded exchanges ---------------------------------------------------------------------------

KEY: Final = sample_key("RSA 2048")
SECRETS: Final = tuple(encoded(value) for value in (KEY.d, KEY.p, KEY.q, KEY.qi) if value)


def recorded(*requests: Request) -> tuple[dict[str, Any], ...]:
    """What the emulator answers, as it would be recorded with the token."""
    target = target_factory("model").open({HOST: Configuration()}, 0)
    found: list[dict[str, Any]] = []
    for request in requests:
        sent = encode_request(request, HOST, "7.5", target.token)
        answered = target.exchange(sent)
        assert answered is not None
        body = sent.document() if sent.body else None
        made = exchange(sent.method, sent.target, answered.status, answered.document(), body)
        headers = {"request_headers": dict(sent.headers)}
        found.append({**made, **headers, "response_headers": dict(answered.headers)})
    target.close()
    return tuple(found)


def shown(tmp_path: Path, clause: str, *exchanges: dict[str, Any]) -> Result:
    path = session(tmp_path, *exchanges, day="2099-12-31")
    return explained(clause, "--recordings", str(path), columns=120)


def test_a_recorded_exchange_is_shown_with_its_file_and_number(tmp_path: Path) -> None:
    absent = read("b", status=404, answer=not_found("keys", "b"))
    ran = shown(tmp_path, "ERR-002", created("a", OLD), absent)
    assert ran.exit_code == 0
    text = " ".join(ran.stdout.split())
    assert "by-hand.jsonl, exchange 2: GetKey" in text
    assert "> GET /keys/b/?api-version=7.5" in ran.stdout
    assert f"Key not found: https://{HOST}/keys/b" in ran.stdout
    assert "exchange 1" not in ran.stdout


@pytest.mark.parametrize("clause", ["KEY-003", "API-003", "WIRE-001"])
def test_no_private_member_and_no_credential_is_shown(tmp_path: Path, clause: str) -> None:
    ran = shown(tmp_path, clause, *recorded(ImportKey("a", KEY)))
    assert "exchange 1: ImportKey" in " ".join(ran.stdout.split()), ran.output
    assert len(SECRETS) == 4
    assert not [secret for secret in SECRETS if secret[:20] in ran.output]
    assert "authorization" not in ran.output
    assert "Bearer" not in ran.output
    assert '"d": "<' in ran.stdout


def test_no_plaintext_is_shown(tmp_path: Path) -> None:
    plaintext = b"what nobody is to read"
    create = CreateKey("a", "oct", 256)
    encrypt = Encrypt("a", None, "A256CBCPAD", plaintext, bytes(16))
    ran = shown(tmp_path, "ALG-012", *recorded(create, encrypt))
    assert "exchange 2: Encrypt" in " ".join(ran.stdout.split()), ran.output
    assert encoded(plaintext) not in ran.output
    assert f'"value": "<{len(encoded(plaintext))} characters>"' in ran.stdout


def test_what_cannot_be_read_is_told_and_the_rest_is_shown_all_the_same(tmp_path: Path) -> None:
    absent = read("b", status=404, answer=not_found("keys", "b"))
    good = session(tmp_path, created("a", OLD), absent)
    bad = tmp_path / "bad.txt"
    bad.write_text("no recording\n")
    ran = explained("ERR-002", "--recordings", str(bad), "--recordings", str(good))
    assert ran.exit_code == 2
    assert str(bad) in ran.stderr
    assert "exchange 2" in ran.stdout
    in_a_folder = explained("ERR-002", "--recordings", str(tmp_path))
    assert in_a_folder.exit_code == 0
