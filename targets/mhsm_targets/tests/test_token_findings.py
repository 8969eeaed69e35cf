"""Findings: every one is still seen, names clauses that there are, and stands alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mhsm_model.catalogue import catalogue
from mhsm_targets.tests.token_instances import needs_softhsm

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from mhsm_targets.pkcs11 import findings
from mhsm_targets.pkcs11.findings.reproduction import softhsm_findings

SCRIPTS = sorted(Path(findings.__file__).parent.glob("softhsm/[!_]*.py"))


@needs_softhsm
def test_every_finding_of_softhsm_is_seen_again() -> None:
    found = list(softhsm_findings())
    assert [f.identifier for f in found] == [f"SOFTHSM-{n}" for n in range(1, len(found) + 1)]
    assert {Path(f.reproduction) for f in found} == set(SCRIPTS)
    known = {clause.identifier for clause in catalogue()}
    for finding in found:
        assert finding.shown, f"{finding.identifier}: {finding.observed}"
        assert set(finding.clauses) <= known
        assert finding.steps


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_reproduction_needs_nothing_of_this_project(script: Path) -> None:
    tree = ast.parse(script.read_text("utf-8"))
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    standard = ("os", "random", "signal", "sys", "time", "typing")
    assert {name.partition(".")[0] for name in named} <= {"pkcs11", *standard}
