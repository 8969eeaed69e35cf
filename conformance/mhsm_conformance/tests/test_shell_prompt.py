"""The shell at a terminal: keys pressed, history, completion."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("prompt_toolkit", reason="prompt_toolkit is not installed (extra `shell`)")

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from mhsm_conformance.shell.completion import candidates
from mhsm_conformance.shell.history import history_file, opened_history
from mhsm_conformance.shell.prompting import Words, converse
from mhsm_conformance.tests.shell_talk import Talk
from mhsm_model.catalogue import catalogue
from mhsm_model.exchange import CreateKey, GetKey
from mhsm_model.tables.key_operations import KEY_OPERATIONS

CTRL_C, CTRL_D = "\x03", "\x04"


def untold(sentence: str) -> None:
    raise AssertionError(sentence)


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


@contextmanager
def keyboard(*keys: str) -> Generator[PipeInput]:
    with create_pipe_input() as pipe:
        for key in keys:
            pipe.send_text(key)
        yield pipe


def typed(talk: Talk, *keys: str) -> list[str]:
    """Press the keys; what is told beside the answers."""
    told: list[str] = []
    with keyboard(*keys) as pipe:
        converse(talk.interpreter, told.append, read_from=pipe, write_to=DummyOutput())
    return told


def requests(talk: Talk) -> list[object]:
    return [row.sent.call.request for row in talk.conversation.exchanges]


def test_ctrl_d_ends_and_ctrl_c_drops_the_line() -> None:
    talk = Talk()
    assert typed(talk, "create k EC\r", "delete k", CTRL_C, "get k\r", CTRL_D) == []
    assert requests(talk) == [CreateKey("k", "EC"), GetKey("k")]


def test_a_bad_line_is_pointed_at_and_the_shell_goes_on() -> None:
    talk = Talk()
    told = typed(talk, "create k RSA size=big\r", "create k EC\r", "quit\r")
    line = "create k RSA size=big"
    assert told == [f"{line}\n{' ' * line.index('big')}^\nkey_size is a number, not 'big'"]
    assert requests(talk) == [CreateKey("k", "EC")]


def test_a_word_is_completed() -> None:
    talk = Talk()
    talk.take("create some-key EC")
    found = list(Words(talk.conversation).get_completions(Document("get so"), CompleteEvent()))
    assert [(row.text, row.start_position) for row in found] == [("some-key", -2)]
    assert found[0].display_meta_text == "a key"


def test_lines_are_kept_for_another_day_but_for_secrets(state_home: Path) -> None:
    secret = "import k - key.kty=oct key.k=hex:00112233445566778899aabbccddeeff"
    typed(Talk(), f"{secret}\r", "restore hex:0a0b\r", "get k\r", CTRL_D)
    file = state_home / "mhsm" / "shell-history"
    assert history_file() == file
    kept = file.read_text("utf-8")
    assert "get k" in kept
    assert "key.k" not in kept
    assert "0a0b" not in kept
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(opened_history(untold).load_history_strings()) == ["get k"]


def test_where_the_history_cannot_be_written_it_is_told_once(state_home: Path) -> None:
    state_home.write_text("a file stands in the way", "utf-8")
    talk = Talk()
    told = typed(talk, "get k\r", "get k\r", CTRL_D)
    assert len(told) == 1
    assert told[0].startswith("the history is not kept: mhsm/shell-history cannot be written:")
    assert requests(talk) == [GetKey("k"), GetKey("k")]


def test_a_relative_folder_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/of-somebody")
    assert history_file() == Path("/home/of-somebody/.local/state/mhsm/shell-history")


# --- what is offered ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def talk() -> Talk:
    made = Talk()
    made.take(
        "create aes oct size=256",
        "create rsa RSA",
        "create 'p256' EC",
        "create gone EC",
        "delete gone",
        "c = encrypt aes A256GCM hello",
    )
    return made


def offered(talk: Talk, line: str) -> list[str]:
    return [found.text for found in candidates(line, talk.conversation)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("enc", ["encrypt"]),
        ("x = enc", ["encrypt"]),
        ("get ", ["aes", "p256", "rsa"]),
        ("purge ", ["gone"]),
        ("sign p256 ", ["ES256"]),
        ("encrypt aes A256", ["A256GCM", "A256CBC", "A256CBCPAD"]),
        ("wrap aes A", ["A256KW", "algorithm=", "aad=", "api_version="]),
        ("wrap nothing A128", ["A128KW"]),
        ("create k oct key_size=", ["key_size=128", "key_size=192", "key_size=256"]),
        ("create k RSA key_size=2", ["key_size=2048"]),
        ("create k EC crv=P-3", ["crv=P-384"]),
        ("create k EC ops=sign,ver", ["ops=sign,verify"]),
        ("create k EC enabled=", ["enabled=true", "enabled=false"]),
        ("create k EC exp=", ["exp=+90d"]),
        ("import k EC-P-256", ["EC-P-256", "EC-P-256K"]),
        ("decrypt aes A256GCM $", ["$c", "$_"]),
        ("decrypt aes A256GCM $c iv=$c.i", ["iv=$c.iv"]),
        ("get k cred", ["credential="]),
        ("get k credential=a", ["credential=anonymous"]),
        ("get k api_version=7.3", ["api_version=7.3-preview", "api_version=7.3"]),
        ("explain ATTR-009", ["ATTR-009"]),
        ("use ", ["hsm-a", "hsm-b"]),
        ("lose ", ["before", "after"]),
        ("help enc", ["encrypt"]),
        ("why 6", ["6"]),
        ("nonsense ", []),
        ("state ", []),
        ("get 'k", []),
    ],
)
def test_what_may_come_next_is_offered(talk: Talk, line: str, expected: list[str]) -> None:
    assert offered(talk, line) == expected


def test_all_there_is_may_come_first(talk: Talk) -> None:
    found = offered(talk, "")
    assert {"create", "random", "why"} & set(found) == {"create", "why"}
    assert len(found) == len(set(found))
    assert set(offered(talk, "explain ")) == {row.identifier for row in catalogue()}
    assert set(offered(talk, "create k EC ops=")) == {f"ops={name}" for name in KEY_OPERATIONS}


def test_versions_of_a_key_are_offered(talk: Talk) -> None:
    (found,) = offered(talk, "get aes/")
    assert found.startswith("aes/")
    assert len(found) == len("aes/") + 32


def test_files_are_offered(talk: Talk, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").touch()
    assert offered(talk, f"load {tmp_path}/li") == [f"{tmp_path}/lines.txt"]
    assert f"{tmp_path}/lines.txt" in offered(talk, f"load {tmp_path}/")
    assert offered(talk, "load /nowhere/at/all") == []
