"""The help of every command teaches: what it is for, an example, how it ends."""

from __future__ import annotations

import re

import click
import pytest
from click.testing import CliRunner

from mhsm_conformance.cli import command

NAMES = sorted(command.commands)


def help_of(*words: str) -> str:
    wide = {"COLUMNS": "80"}
    ran = CliRunner().invoke(command, [*words, "--help"], prog_name="mhsm", env=wide)
    assert ran.exit_code == 0, ran.output
    return ran.output


@pytest.mark.parametrize("words", [(), *((name,) for name in NAMES)], ids=" ".join)
def test_no_line_is_longer_than_80_columns(words: tuple[str, ...]) -> None:
    assert [line for line in help_of(*words).splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_command_has_an_example_of_its_own(name: str) -> None:
    told = help_of(name)
    assert re.search(rf"^ +(.*\(|.*: +)?mhsm {name}\b", told, re.MULTILINE), told


@pytest.mark.parametrize("name", NAMES)
def test_a_command_names_its_exit_statuses(name: str) -> None:
    told = " ".join(help_of(name).split())
    assert re.search(r"[Ee]xit status:? ", told), told
    assert re.search(r"[Ee]xit status.*\b0\b", told), told
    assert re.search(r"[Ee]xit status.*\b2\b", told), told


def test_the_first_lines_are_whole_in_the_list() -> None:
    told = help_of()
    listed = told.partition("\nCommands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == NAMES
    assert [line for line in listed if line.endswith("...")] == []


def test_the_list_has_an_example_of_every_command() -> None:
    told = help_of().partition("\nOptions:")[0]
    assert set(re.findall(r"^  mhsm ([a-z]+) ", told, re.MULTILINE)) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_explained(name: str) -> None:
    options = [row for row in command.commands[name].params if isinstance(row, click.Option)]
    assert [row.name for row in options if not row.help] == []
