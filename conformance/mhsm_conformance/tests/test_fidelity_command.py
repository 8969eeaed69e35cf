"""`mhsm fidelity`: shares by operation, exit statuses, and what it says of bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mhsm_conformance.commands.fidelity import fidelity
from mhsm_conformance.fidelity.summary import Summary, summed
from mhsm_conformance.tests.recorded_sessions import (
    NEWER,
    OLD,
    asked_again,
    bundle,
    created,
    read,
    session,
)


def test_shares_are_counted_by_operation(tmp_path: Path) -> None:
    path = session(
        tmp_path,
        created("a", OLD),
        created("b", NEWER, tags={"x": "y"}),
        read("a", answer=bundle("a", OLD)),
    )
    summary = Summary()
    summed(asked_again(path), summary)
    rows = {name: (row.exchanges, row.outcomes, row.members) for name, row in summary.rows.items()}
    assert rows == {"CreateKey": (2, 2, 1), "GetKey": (1, 1, 1)}
    assert not summary.is_faithful
    assert not summary.rows["CreateKey"].is_faithful
    assert summary.rows["GetKey"].is_faithful


def test_the_command_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    path = session(tmp_path, created("a", OLD), read("a", answer=bundle("a", OLD)))
    out = tmp_path / "out"
    ran = CliRunner().invoke(fidelity, ["model", str(path), "--out", str(out)])
    assert ran.exit_code == 0
    assert "100.00%" in ran.stdout
    written = json.loads((out / "fidelity.json").read_text())
    assert (written["format"], written["faithful"]) == ("mhsm-fidelity/1", True)
    shown = CliRunner().invoke(fidelity, ["model", str(path), "--json"])
    assert json.loads(shown.stdout)["total"]["exchanges"] == 2


def test_the_command_fails_where_the_target_is_unlike_the_service(tmp_path: Path) -> None:
    path = session(tmp_path, created("a", OLD), read("a", answer=bundle("a", OLD)))
    ran = CliRunner().invoke(fidelity, ["mutant:managed-is-shown", str(path)])
    assert ran.exit_code == 1
    assert "too few" in ran.stdout
    assert "CreateKey: managed" in ran.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing", "{path}"], "no target is called 'nothing'"),
        (["model", "{path}.missing"], "no such file"),
        (["model", "{folder}"], "no recording of a Managed HSM is at"),
    ],
)
def test_bad_input_is_told_in_one_sentence(tmp_path: Path, words: list[str], told: str) -> None:
    path, folder = session(tmp_path, created("a", OLD)), tmp_path / "empty"
    folder.mkdir()
    said = [word.format(path=path, folder=folder) for word in words]
    ran = CliRunner().invoke(fidelity, said)
    assert ran.exit_code == 2
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr
