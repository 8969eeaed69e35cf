"""Findings: every one is still seen, names clauses that there are, and stands alone."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from mhsm_model.catalogue import catalogue
from mhsm_targets.tests.token_instances import needs_softhsm

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from mhsm_targets.pkcs11 import findings
from mhsm_targets.pkcs11.findings.reproduction import softhsm_findings

FOLDER = Path(findings.__file__).parent
SCRIPTS = sorted(FOLDER.glob("*/[!_]*.py"))


@needs_softhsm
def test_every_finding_of_softhsm_is_seen_again() -> None:
    found = list(softhsm_findings())
    assert [f.identifier for f in found] == [f"SOFTHSM-{n}" for n in range(1, len(found) + 1)]
    for finding in found:
        assert finding.shown, f"{finding.identifier}: {finding.observed}"


@pytest.mark.parametrize("listed", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_lists_name_their_scripts_and_clauses_that_there_are(listed: Path) -> None:
    known = {clause.identifier for clause in catalogue()}
    rows = tomllib.loads(listed.read_text("utf-8"))["finding"]
    scripts = {path.stem for path in (FOLDER / listed.stem).glob("[!_]*.py")}
    assert {row["script"] for row in rows} == scripts
    for number, row in enumerate(rows, 1):
        assert row["identifier"] == f"{listed.stem.upper()}-{number}"
        assert set(row["clauses"]) <= known
        assert row["steps"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_reproduction_needs_nothing_of_this_project(script: Path) -> None:
    tree = ast.parse(script.read_text("utf-8"))
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    standard = ("ctypes", "os", "random", "shutil", "signal", "sys", "tempfile", "time", "typing")
    assert {name.partition(".")[0] for name in named} <= {"pkcs11", *standard}
