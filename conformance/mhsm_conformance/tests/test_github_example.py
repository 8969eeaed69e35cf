"""The example for GitHub Actions is what it says: its commands exist, and its judging job works."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from mhsm_conformance.cli import command

_EXAMPLE: Final = Path(__file__).parents[3] / "docs" / "github-actions.yml"
_SECONDS: Final = 240


def _jobs() -> dict[str, Any]:
    document = yaml.safe_load(_EXAMPLE.read_text("utf-8"))
    jobs: dict[str, Any] = document["jobs"]
    return jobs


def _scripts(job: str) -> Iterator[str]:
    """The shell scripts of a job, in order, but for those that install something."""
    for step in _jobs()[job]["steps"]:
        script = step.get("run", "")
        if script and not script.startswith("pip "):
            yield script


def _commands() -> Iterator[list[str]]:
    for job in _jobs():
        for script in _scripts(job):
            for line in script.splitlines():
                if line.startswith("mhsm "):
                    yield shlex.split(line.partition(" >")[0])[1:]


def test_every_command_of_the_example_is_one_that_is_taken() -> None:
    commands = list(_commands())
    assert {name for name, *_ in commands} == {"serve", "run", "gate", "report"}
    for name, *arguments in commands:
        chosen = command.get_command(click.Context(command), name)
        assert chosen is not None
        # Raises UsageError for an option that is not there, or a value that is not taken.
        chosen.make_context(name, arguments)


def test_the_judging_job_ends_as_it_should(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", reason="environment: the extra `server` is not installed")
    summary = tmp_path / "summary.md"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "GITHUB_STEP_SUMMARY": str(summary)}
    start, judge, gate, show = _scripts("conformance")
    # A part of the run is enough to see that the steps fit together.
    judge += " --suite listing"
    baseline = "mkdir baselines && mhsm baseline mhsm-results/run.json --out baselines/hsm.json"
    script = "\n".join(["trap 'kill %1' EXIT", start, judge, baseline, gate, show])
    done = subprocess.run(
        ["bash", "-emc", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    shown = summary.read_text("utf-8") if summary.exists() else ""
    assert (done.returncode, "GATE" in shown) == (0, True), done.stdout + done.stderr
    assert "https: PASSED" in shown
    assert (tmp_path / "mhsm-results" / "report.html").stat().st_size > 0
