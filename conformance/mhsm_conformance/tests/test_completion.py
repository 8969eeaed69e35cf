"""`mhsm completion`: its scripts, and what a shell that has run one completes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner

from mhsm_conformance.cli import command
from mhsm_conformance.commands.completion import COMPLETE_VARIABLE
from mhsm_conformance.completing import taught
from mhsm_conformance.running import suite_names
from mhsm_targets.registry import target_names


def asked(line: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is answered for the last word of the line, by click's protocol for bash."""
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    return BashComplete(taught(command), {}, "mhsm", COMPLETE_VARIABLE).complete().splitlines()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("mhsm run ", [f"plain,{name}" for name in target_names()]),
        ("mhsm run --suite ", [f"plain,{name}" for name in suite_names()]),
        ("mhsm explain ATTR-009", ["plain,ATTR-009"]),
        ("mhsm explain --operation wrap", ["plain,WrapKey"]),
        ("mhsm mutants --target soft", ["plain,softhsm"]),
        ("mhsm run --clause api-01", ["plain,API-011", "plain,API-013"]),
        ("mhsm jwk ke", ["file,ke"]),
        ("mhsm gate ", ["file,"]),
        ("mhsm replay ", ["file,"]),
        ("mhsm replay mhsm-results/ca", ["file,mhsm-results/ca"]),
        ("mhsm replay a.json soft", ["plain,softhsm"]),
        ("mhsm run --out ", ["dir,"]),
        ("mhsm comp", ["plain,completion"]),
        ("mhsm run --profile s", ["plain,smoke"]),
    ],
)
def test_the_last_word_is_completed(
    line: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(line, monkeypatch) == expected


def script_of(shell: str) -> str:
    ran = CliRunner().invoke(command, ["completion", shell], prog_name="mhsm")
    assert ran.exit_code == 0, ran.output
    return ran.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_script(shell: str) -> None:
    script = script_of(shell)
    assert f"_MHSM_COMPLETE={shell}_complete" in script
    assert "_mhsm_completion" in script


def test_another_shell_has_none() -> None:
    ran = CliRunner().invoke(command, ["completion", "csh"], prog_name="mhsm")
    assert ran.exit_code == 2
    assert "'csh' is not one of 'bash', 'zsh', 'fish'" in ran.stderr


def with_mhsm_on_the_path(tmp_path: Path) -> dict[str, str]:
    program = tmp_path / "mhsm"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mhsm_conformance.entry "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}


def shell_says(shell: str, script: str, tmp_path: Path) -> list[str]:
    ran = subprocess.run(
        [shell, *(["--norc", "--noprofile"] if shell == "bash" else []), "-c", script],
        check=False,
        capture_output=True,
        text=True,
        env=with_mhsm_on_the_path(tmp_path),
        cwd=tmp_path,
        timeout=120,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="untested: bash is not installed")
def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    script = """
    eval "$(mhsm completion bash)"
    complete -p mhsm > /dev/null || exit 3
    tried() {
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
        _mhsm_completion mhsm "${COMP_WORDS[COMP_CWORD]}" ""
        echo "${COMPREPLY[*]}"
    }
    tried mhsm explain KW-00
    tried mhsm run --profile smoke soft
    """
    found = shell_says("bash", script, tmp_path)
    assert found[:2] == ["KW-001", "KW-002"]
    assert found[-1] == "softhsm"
    assert all(name.startswith("KW-00") for name in found[:-1])


@pytest.mark.skipif(shutil.which("zsh") is None, reason="untested: zsh is not installed")
def test_zsh_takes_the_script(tmp_path: Path) -> None:
    script = """
    autoload -Uz compinit && compinit -u -d zcompdump
    eval "$(mhsm completion zsh)"
    print $_comps[mhsm]
    """
    assert shell_says("zsh", script, tmp_path) == ["_mhsm_completion"]


@pytest.mark.skipif(shutil.which("fish") is None, reason="untested: fish is not installed")
def test_fish_completes_with_the_script(tmp_path: Path) -> None:
    script = """
    mhsm completion fish | source
    complete --do-complete 'mhsm run soft' | string split \\t
    """
    assert shell_says("fish", script, tmp_path)[0] == "softhsm"
