"""`mhsm shell`: lines from a pipe, and how it ends."""

from __future__ import annotations

import io

import pytest
from click.testing import CliRunner, Result

from mhsm_conformance.cli import command
from mhsm_conformance.commands import shell as shell_command
from mhsm_conformance.commands.options import CommandError


def piped(lines: str | bytes, *words: str) -> Result:
    return CliRunner().invoke(command, ["shell", *words], input=lines, prog_name="mhsm")


def test_lines_from_a_pipe_are_carried_out_one_by_one() -> None:
    ran = piped("# two keys\ncreate k EC\n\nget m\nstate\n")
    assert ran.exit_code == 0, ran.output
    assert ran.stderr == ""
    told = ran.stdout
    assert told.index("> create k EC") < told.index("[1] 200 OK") < told.index("> get m")
    assert "[2] 404 Not Found" in told
    assert "\x1b" not in told
    assert all(len(line) <= 80 for line in told.splitlines())


def test_an_unlawful_answer_is_told_in_the_end() -> None:
    lines = "create k EC\nupdate k enabled=false\nsign k ES256 zero:32\nget k\n"
    ran = piped(lines, "mutant:unguarded-attr-009")
    assert ran.exit_code == 1
    assert "UNLAWFUL by ATTR-009" in ran.stdout
    assert "[4] 200 OK" in ran.stdout


def test_a_bad_line_ends_it_with_its_number() -> None:
    ran = piped("create k EC\n\ncreate m RSA size=big\nget k\n")
    assert ran.exit_code == 2
    assert "line 3, column 19: key_size is a number, not 'big'\n" in ran.stderr
    assert "[2]" not in ran.stdout


def test_quit_ends_it_before_the_end() -> None:
    ran = piped("quit\nnonsense\n")
    assert (ran.exit_code, ran.stderr) == (0, "")


def test_instances_have_the_names_that_are_given() -> None:
    ran = piped("create k EC\nuse two\nget k\n", "--instance", "one", "--instance", "two")
    assert ran.exit_code == 0, ran.output
    assert "https://one.managedhsm.azure.net/keys/k" in ran.stdout
    assert "[2] 404 Not Found" in ran.stdout
    ran = piped("", "--instance", "one", "--instance", "one")
    assert ran.exit_code == 2
    assert "every --instance has a name of its own" in ran.stderr


@pytest.mark.parametrize("name", ["", "a/b", "a_b", "-a", "a b", "\n", "é"])
def test_an_instance_whose_name_no_url_can_have_is_refused(name: str) -> None:
    ran = piped("create k EC\n", "--instance", name)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "is no name of a host" in ran.stderr


def test_the_same_seed_gives_the_same_keys() -> None:
    first, again, other = (
        piped("create k oct\n", "--seed", seed).stdout for seed in ("1", "1", "2")
    )
    assert first == again != other


def test_what_cannot_be_had_is_one_sentence() -> None:
    ran = piped("", "nothing")
    assert ran.exit_code == 2
    assert "no target is called 'nothing'; there is model" in ran.stderr
    ran = piped(b"get k\n\xff\n")
    assert ran.exit_code == 2
    assert "Traceback" not in ran.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        assert name == "prompt_toolkit"

    monkeypatch.setattr(shell_command, "find_spec", missing)
    monkeypatch.setattr("sys.stdin", Terminal())
    with pytest.raises(CommandError) as caught:
        shell_command.shell.main([], standalone_mode=False)
    assert caught.value.exit_code == 2
    assert "pip install 'mhsm-conformance[shell]'" in str(caught.value)
