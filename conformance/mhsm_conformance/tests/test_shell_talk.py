"""What the shell does with lines, and what it says of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mhsm_conformance.cases import trial
from mhsm_conformance.cases.case_file import load_case
from mhsm_conformance.cases.trial import Verdict
from mhsm_conformance.shell.acts import ACT_FORMS
from mhsm_conformance.shell.help_text import EXAMPLES, TELLING_FORMS
from mhsm_conformance.shell.interpreter import Outcome
from mhsm_conformance.shell.vocabulary import verbs
from mhsm_conformance.shell.words import LineError
from mhsm_conformance.tests.shell_talk import HOSTS, Talk
from mhsm_model.base64url import encoded
from mhsm_model.exchange import (
    Indeterminate,
    OperationResult,
    RandomBytes,
    Refused,
    Unauthenticated,
)
from mhsm_model.operations import OPERATIONS
from mhsm_model.tables.lifecycle import DAY_SECONDS
from mhsm_targets.registry import target_factory

KEY = "create k oct-HSM size=256"


def last_status(talk: Talk) -> int:
    answer = talk.conversation.exchanges[-1].answer
    assert answer is not None
    return answer.status


# --- sending --------------------------------------------------------------------------------------


def test_a_ciphertext_is_decrypted_by_its_name() -> None:
    talk = Talk()
    talk.take(KEY, "c = encrypt k A256GCM hello aad=x")
    told = talk.take("decrypt k A256GCM $c iv=$c.iv tag=$c.tag aad=x")
    reply = talk.conversation.exchanges[-1].sent.reply
    assert isinstance(reply, OperationResult)
    assert reply.value == b"hello"
    assert f'"value": "{encoded(b"hello")}"' in told
    assert "[3] 200 OK" in told


def test_all_operations_can_be_typed_and_are_lawful() -> None:
    talk = Talk()
    for line in (
        "create r RSA-HSM size=2048",
        "import o oct-128 key.kty=oct-HSM",
        "get r",
        "update r tags=a:b",
        "list",
        "list-versions r",
        "sign r PS256 sha256:x as s",
        "verify r PS256 sha256:x $s",
        "encrypt r RSA-OAEP-256 hello as c",
        "decrypt r RSA-OAEP-256 $c",
        "wrap o A128KW zero:16 as w",
        "unwrap o A128KW $w",
        "backup r as b",
        "delete r",
        "list-deleted",
        "get-deleted r",
        "recover r",
        "delete r",
        "purge r",
        "restore $b",
        "random 8",
    ):
        talk.take(line)
        assert talk.outcome is Outcome.DONE, line
        assert 200 <= last_status(talk) <= 299, line
    sent = {type(row.sent.call.request) for row in talk.conversation.exchanges}
    assert sent == {row.request for row in OPERATIONS}
    exchanges = talk.conversation.exchanges
    assert exchanges[7].sent.reply.valid  # type: ignore[union-attr]
    assert isinstance(exchanges[-1].sent.reply, RandomBytes)


def test_the_examples_of_the_help_are_carried_out() -> None:
    talk = Talk()
    for line in EXAMPLES:
        talk.take(line)
        assert talk.outcome is Outcome.DONE, line
    statuses = [row.answer.status for row in talk.conversation.exchanges if row.answer is not None]
    assert statuses == [200, 200, 200, 200, 200, 200, 200, 401, 200]


def test_time_moves_when_it_is_told_to() -> None:
    talk = Talk()
    before = talk.conversation.now
    talk.take(KEY, "delete k")
    assert talk.take("advance 90d") == "the clock moved 7776000 s\n"
    assert talk.conversation.now == before + 90 * DAY_SECONDS
    told = talk.take("get-deleted k")
    assert last_status(talk) == 404
    assert "judge        lawful" in told


def test_instances_are_apart() -> None:
    talk = Talk()
    assert talk.take(KEY, "use hsm-b") == f"what follows goes to {HOSTS[1]}\n"
    talk.take("get k")
    assert last_status(talk) == 404
    talk.take(f"use {HOSTS[0]}", "get k")
    assert last_status(talk) == 200


def test_credentials_hold_for_a_line_or_until_another() -> None:
    talk = Talk()
    talk.take(KEY, "get k credential=anonymous")
    assert isinstance(talk.conversation.exchanges[-1].sent.reply, Unauthenticated)
    talk.take("get k")
    assert last_status(talk) == 200
    talk.take("credential invalid", "get k")
    assert last_status(talk) == 401
    talk.take("api-version 7.6", "credential token", "get k")
    assert talk.conversation.exchanges[-1].sent.call.api_version == "7.6"
    talk.take("api-version -", "get k")
    assert talk.conversation.exchanges[-1].sent.call.api_version is None


def test_a_reply_can_be_lost() -> None:
    talk = Talk()
    talk.take("lose after")
    told = talk.take(KEY)
    assert isinstance(talk.conversation.exchanges[-1].sent.reply, Indeterminate)
    assert "no reply came" in told
    assert "inconclusive" in told
    state = talk.take("state")
    assert "k: either absent" in state
    assert "k: or active" in state
    talk.take("get k")
    assert "either" not in talk.take("state")


def test_a_message_made_by_hand_is_judged_like_any_other() -> None:
    talk = Talk()
    told = talk.take('http POST /keys/k/create?api-version=7.4 \'{"kty":"EC"}\'')
    assert last_status(talk) == 200
    assert "guards       AUTH-001" in told
    told = talk.take("http PUT /nowhere")
    assert "WIRE-204 demands" in told
    assert "No operation carries this out" in talk.take("why")
    talk.take("http POST /keys/m/create?api-version=7.4 x content_type=text/plain")
    assert talk.conversation.exchanges[-1].sent.call.oddities


# --- saying why -----------------------------------------------------------------------------------


def test_the_guard_that_decides_is_told_with_its_clause_and_prose() -> None:
    talk = Talk()
    told = " ".join(talk.take(KEY, "update k enabled=false", "encrypt k A256GCM x").split())
    assert "guards AUTH-001 API-001 API-002" in told
    assert (
        "decided by key is enabled (ATTR-009): Refuse every cryptographic operation with a version "
        "that is not enabled." in told
    )
    assert "judge lawful: as ATTR-009 demands, which alone refuses" in told


def test_another_guard_that_refuses_is_told_too() -> None:
    talk = Talk()
    told = " ".join(talk.take(KEY, "update k ops=wrapKey", "encrypt k A128GCM x").split())
    assert len(re.findall("decided by ", told)) == 1
    assert "key permits the operation (ALG-003)" in told
    assert "algorithm suits key (ALG-002)" in told


def test_why_tells_every_guard_and_what_changed() -> None:
    talk = Talk()
    told = talk.take(KEY, "update k enabled=false", "why")
    found = talk.conversation.exchanges[-1].trace
    assert found is not None
    flat = " ".join(told.split())
    for row in found.asked:
        assert row.guard.clause.identifier in told
        assert row.guard.clause.prose in flat
    assert "Guards of UpdateKey, in their order" in told
    assert re.search(r"^ *- +oct-HSM 256, closed, enabled", told, re.MULTILINE)
    assert re.search(r"^ *\+ +oct-HSM 256, closed, disabled", told, re.MULTILINE)
    assert "no other key has changed" in told
    talk.take("get m")
    assert "there is nothing to ask it of after ERR-002" in " ".join(talk.take("why").split())
    assert "[1] 200 OK" in talk.take("why 1")
    assert "[1] 200 OK" in talk.take("why $1")


def test_what_is_unlawful_is_told_and_the_shell_goes_on() -> None:
    talk = Talk("mutant:unguarded-attr-009")
    told = " ".join(talk.take(KEY, "update k enabled=false", "encrypt k A256GCM x").split())
    assert talk.outcome is Outcome.UNLAWFUL
    assert "judge UNLAWFUL by ATTR-009" in told
    assert "observed: a success" in told
    assert "refuses key is enabled (ATTR-009)" in told
    talk.take("get k")
    assert outcome_of(talk) is Outcome.DONE


def outcome_of(talk: Talk) -> Outcome:
    return talk.outcome


def test_a_whole_reply_is_shown_and_a_short_one_before() -> None:
    talk = Talk()
    told = talk.take("create r RSA-HSM")
    whole = talk.take("show")
    assert "… (342 characters)" in told
    assert "(342 characters)" not in whole
    assert len(re.sub(r"\s", "", whole)) > len(re.sub(r"\s", "", told.partition("guards")[0])) + 290
    assert talk.take(KEY, "show 1") == whole
    assert talk.take("delete k", "purge k", "show") == "there is no body\n"


def test_secrets_are_shown_nowhere(tmp_path: Path) -> None:
    talk = Talk()
    secret, text = bytes(range(1, 33)), bytes(range(1, 33)).hex()
    written = [
        talk.take(f"import k - key.kty=oct key.k=hex:{text}"),
        talk.take("why"),
        talk.take("b = backup k"),
        talk.take("show"),
        talk.take("delete k", "purge k", "restore $b"),
        talk.take("why"),
        talk.take("state"),
        talk.take("history"),
        talk.take(f"save {tmp_path / 'test_it.py'}"),
        (tmp_path / "test_it.py").read_text("utf-8"),
        talk.take("undo"),
        talk.take("undo"),
    ]
    backup = talk.conversation.reply_named("b")
    assert backup is not None
    blob = encoded(backup.blob)  # type: ignore[union-attr]
    for told in written:
        flat = re.sub(r"\s", "", told)
        assert text not in flat
        assert encoded(secret) not in flat
        assert blob[:40] not in flat
    assert "(a line with a secret, which is not kept)" in written[7]
    assert "key.k=…" in written[1]


def test_help_tells_all_words_and_each_of_them() -> None:
    talk = Talk()
    told = talk.take("help")
    assert all(len(line) <= 80 for line in told.splitlines())
    for word in (*ACT_FORMS, *TELLING_FORMS):
        assert f"\n  {word}" in told
        assert talk.take(f"help {word}").startswith(word)
    for verb in verbs():
        assert f"\n  {verb.name} " in told
    told = talk.take("help encrypt")
    assert told.startswith("encrypt NAME[/VERSION] ALGORITHM PLAINTEXT [iv=…] [aad=…]\n")
    assert "Guards: each may refuse" in told


def test_clauses_are_explained() -> None:
    talk = Talk()
    assert talk.take("explain attr-009").startswith("ATTR-009  MUST")
    with pytest.raises(LineError, match="no clause is called 'ATTR-999'"):
        talk.take("explain ATTR-999")


def test_the_state_is_told_in_words() -> None:
    talk = Talk()
    assert "no keys" in talk.take("state")
    told = talk.take(
        "create k EC crv=P-384 ops=sign exp=+90d tags=a:b exportable=true "
        'release_policy=\'{"version":"1.0","anyOf":[{"authority":"https://a.b/",'
        '"allOf":[{"claim":"x","equals":"y"}]}]}\'',
        "create m oct",
        "delete m",
        "state",
    )
    flat = " ".join(told.split())
    assert "k: active" in told
    assert "EC-HSM P-384, closed, enabled, may sign, until 2030-06-15" in flat
    assert "exportable" in flat
    assert "tags a=b" in flat
    assert "m: deleted 2030-03-17 17:46:40Z, purged 2030-06-15 17:46:40Z" in flat


# --- lines that are no request --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("why", "nothing was sent yet"),
        ("show 1", "nothing was sent yet"),
        ("undo", "there is nothing to take back"),
        ("save x.py", "nothing was sent yet"),
        ("save x.txt", "a file to save to ends in .py or .json, not 'x.txt'"),
        ("save", "something is missing; the form is: save FILE"),
        ("load /nowhere/x", "/nowhere/x cannot be read: no such file"),
        ("explain", "name a clause"),
        ("help crate", "no operation is called 'crate'; did you mean create"),
        ("help a b", "one word too many; the form is: help"),
        ("state k", "nothing may follow state"),
        ("quit now", "nothing may follow quit"),
        ("advance", "something is missing; the form is: advance DURATION"),
        ("advance soon", "a duration is 90d, 12h"),
        ("advance -1d", "a duration is 90d"),
        ("use hsm-c", "no instance is called 'hsm-c'; there is hsm-a, hsm-b"),
        ("use hsm-a hsm-b", "one word too many; the form is: use INSTANCE"),
        ("lose it", "say before or after its effect"),
        ("credential admin", "credential is one of anonymous, token, invalid"),
        ("http GET", "something is missing; the form is: http METHOD PATH [BODY]"),
        ("http GET keys", "a path begins with /"),
        (r'http GET "/keys/\u0001"', "a path begins with / and is printable ASCII"),
        (r'http GET /keys content_type="a\nb"', "a content type is printable ASCII"),
        (r'http GET /keys content_type="\ud800"', "a content type is printable ASCII"),
        ("http 'G T' /keys", "a method is letters"),
        ('get k/""', "the REST form has no such request"),
        ("get k api_version=", "api_version is a text"),
    ],
)
def test_a_bad_line_is_told_and_changes_nothing(line: str, problem: str) -> None:
    talk = Talk()
    with pytest.raises(LineError, match=re.escape(problem)):
        talk.take(line)
    assert talk.conversation.steps == ()
    assert talk.take("history") == ""


def test_an_exchange_is_named_by_a_number_that_it_has() -> None:
    talk = Talk()
    talk.take(KEY)
    with pytest.raises(LineError, match="exchanges are 1 to 1, not '2'"):
        talk.take("why 2")


@pytest.mark.parametrize("line", ["", "   ", "# a comment"])
def test_nothing_is_nothing(line: str) -> None:
    assert Talk().take(line) == ""


def test_a_word_of_the_shell_can_name_a_reply() -> None:
    talk = Talk()
    talk.take("state = create k EC", "get k/$state")
    assert last_status(talk) == 200


# --- undo, load, save -----------------------------------------------------------------------------


def test_undo_says_which_line_cannot_be_done_again(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_bytes(b"hello")
    talk = Talk()
    talk.take(KEY, f"encrypt k A256GCM file:{text}", "get k")
    text.unlink()
    with pytest.raises(LineError, match="line 2 cannot be done again, all from there is taken"):
        talk.take("undo")
    assert [exchange.line for exchange in talk.conversation.exchanges] == [KEY]


def test_undo_takes_back_what_was_sent_and_keeps_the_rest() -> None:
    talk = Talk()
    talk.take(KEY, "c = encrypt k A256GCM hello", "advance 5d", "delete k")
    value = talk.conversation.exchanges[1].sent.reply
    assert talk.take("undo") == "taken back: delete k\n"
    assert len(talk.conversation.exchanges) == 2
    assert talk.conversation.exchanges[1].sent.reply == value
    talk.take("decrypt k A256GCM $c iv=$c.iv tag=$c.tag")
    assert last_status(talk) == 200
    talk.take("undo", "undo", "undo", "undo")
    assert "no keys" in talk.take("state")
    with pytest.raises(LineError, match="nothing to take back"):
        talk.take("undo")


def test_lines_of_a_file_are_carried_out(tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_text(f"# a key\n{KEY}\n\nget k\n", "utf-8")
    talk = Talk()
    told = talk.take(f"load {file}")
    assert f"> {KEY}" in told
    assert "[2] 200 OK" in told
    assert talk.take("history") == f"  1 {KEY}\n  2 get k\n"
    file.write_text("get k\nget\n", "utf-8")
    with pytest.raises(LineError, match=r"lines.txt, line 2: name is missing"):
        talk.take(f"load {file}")
    file.write_text(f"load {file}\n", "utf-8")
    with pytest.raises(LineError, match="files load each other without an end"):
        talk.take(f"load {file}")
    file.write_text("quit\nget\n", "utf-8")
    talk.take(f"load {file}")
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(LineError, match="cannot be read: it is no text"):
        talk.take(f"load {file}")


LINES = (
    KEY,
    "c = encrypt k A256GCM hello",
    "decrypt k A256GCM $c iv=$c.iv tag=$c.tag",
    "decrypt k A256GCM $c iv=$c.iv tag=zero:16",
    "s = create s EC",
    "sign s ES256 sha256:x as x",
    "verify s/$s ES256 sha256:x $x",
    "import i oct-128 key.kty=oct-HSM",
    "update k enabled=false",
    "encrypt k A256GCM hello",
    "get nothing",
    "get k credential=anonymous",
    "get k api_version=-",
    "advance 1d",
    "http GET /keys/k/?api-version=7.4",
    "delete k",
    "create k EC",
    "use hsm-b",
    "get k",
)


def without_spaces(told: str) -> str:
    """The text as it is before a terminal wraps it."""
    return "".join(told.split())


def tried(file: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run the file in this process; the status of pytest and what it printed."""
    arguments = ["-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(file.parent)]
    capsys.readouterr()
    status = int(pytest.main([*arguments, "--import-mode=importlib", *words, str(file)]))
    return status, capsys.readouterr().out


def test_what_is_saved_is_a_test_that_passes_and_can_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talk = Talk()
    talk.take(*LINES)
    file = tmp_path / "test_mine.py"
    told = f"{file} is written; try it with: pytest {file}"
    assert without_spaces(talk.take(f"save {file}")) == without_spaces(told)
    source = file.read_text("utf-8")
    assert "def test_mine(open_session):" in source
    assert "# c = encrypt k A256GCM hello" in source
    assert "assert r7.valid is True" in source
    assert "assert r11.status == 404" in source
    assert "# The specification does not say which of two outcomes this has." in source
    status, told = tried(file, capsys)
    assert status == 0, told
    assert "1 passed" in told
    status, told = tried(file, capsys, "--mhsm-target=mutant:unguarded-attr-009")
    assert status == 1, told
    assert "ATTR-009" in told
    with pytest.raises(LineError, match="is there already; name another file"):
        talk.take(f"save {file}")
    with pytest.raises(LineError, match="cannot be written: no such file or directory"):
        talk.take(f"save {tmp_path / 'nowhere' / 'x.py'}")


def test_what_is_saved_as_a_case_is_tried_again(tmp_path: Path) -> None:
    talk = Talk()
    talk.take(*LINES)
    file = tmp_path / "mine.json"
    told = f"{file} is written; try it with: mhsm replay {file} TARGET"
    assert without_spaces(talk.take(f"save {file}")) == without_spaces(told)
    case = load_case(file)
    assert (case.clause, case.check) == (None, None)
    assert trial.tried(case, target_factory("model")).verdict is Verdict.FIXED
    broken = trial.tried(case, target_factory("mutant:unguarded-attr-009"))
    assert broken.verdict is Verdict.FAILED
    assert broken.reason.startswith("ATTR-009 is broken at step")
    talk = Talk("mutant:unguarded-attr-009")
    talk.take(KEY, "update k enabled=false", "encrypt k A256GCM x")
    file = tmp_path / "unlawful.json"
    talk.take(f"save {file}")
    assert load_case(file).clause == "ATTR-009"


def test_what_was_seen_and_is_not_seen_again_fails_the_saved_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talk = Talk()
    talk.take(KEY, "get m")
    assert isinstance(talk.conversation.exchanges[-1].sent.reply, Refused)
    file = tmp_path / "test_other.py"
    talk.take(f"save {file}")
    source = file.read_text("utf-8").replace("GetKey(name='m')", "GetKey(name='k')")
    file.write_text(source, "utf-8")
    status, told = tried(file, capsys)
    assert status == 1
    assert "assert isinstance(r2, Refused)" in told


def test_an_unlawful_exchange_is_said_so_in_the_saved_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talk = Talk("mutant:unguarded-attr-009")
    talk.take(KEY, "update k enabled=false", "encrypt k A256GCM x")
    file = tmp_path / "test_it.py"
    talk.take(f"save {file}")
    assert "# That was unlawful by ATTR-009: the session fails here." in file.read_text("utf-8")
    assert tried(file, capsys)[0] == 0
    assert tried(file, capsys, "--mhsm-target=mutant:unguarded-attr-009")[0] == 1
