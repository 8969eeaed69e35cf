"""Findings: every one is still seen, names clauses that there are, and stands alone."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from mhsm_model.catalogue import catalogue
from mhsm_targets.tests.in_token import in_token
from mhsm_targets.tests.token_instances import PIN, SOFTHSM, needs_softhsm, softhsm_opening

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from mhsm_targets.pkcs11 import findings
from mhsm_targets.pkcs11.child import Child
from mhsm_targets.pkcs11.findings.reproduction import softhsm_findings, user_token_findings
from mhsm_targets.pkcs11.user_token import UserToken

FOLDER: Final = Path(findings.__file__).parent
SCRIPTS: Final = sorted(FOLDER.glob("*/[!_]*.py"))
LASTING: Final = {"TOKEN", "store"}
"""How a script of python-pkcs11 says that an object is one of the token."""


def listed(module: str) -> list[dict[str, Any]]:
    text = (FOLDER / f"{module}.toml").read_text("utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["finding"]
    return rows


# --- the lists ------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_lists_name_their_scripts_and_clauses_that_there_are(module: str) -> None:
    known = {clause.identifier for clause in catalogue()}
    rows = listed(module)
    scripts = {path.stem for path in (FOLDER / module).glob("[!_]*.py")}
    assert {row["script"] for row in rows} == scripts
    for number, row in enumerate(rows, 1):
        assert row["identifier"] == f"{module.upper()}-{number}"
        assert set(row["clauses"]) <= known
        assert row["steps"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_reproduction_needs_nothing_of_this_project(script: Path) -> None:
    tree = ast.parse(script.read_text("utf-8"))
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    standard = ("ctypes", "os", "random", "secrets", "signal", "sys", "time", "typing")
    assert {name.partition(".")[0] for name in named} <= {"pkcs11", *standard}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_list_tells_which_scripts_make_objects_of_the_token(script: Path) -> None:
    tree = ast.parse(script.read_text("utf-8"))
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    named |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg}
    told = [row for row in listed(script.parent.name) if row["script"] == script.stem]
    assert [row.get("makes_token_objects", False) for row in told] == [bool(named & LASTING)]


# --- on tokens ------------------------------------------------------------------------------------


@pytest.fixture
def user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a SoftHSM token with an object of its user's."""
    Child(softhsm_opening(tmp_path)).close()
    in_token(tmp_path, 'session.create_object({**DATA, Attribute.LABEL: "mine"})')
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    return tmp_path


def objects(folder: Path) -> dict[str, bytes]:
    """The files of the objects; a login writes that of the token itself anew."""
    files = folder.glob("tokens/*/*.object")
    return {path.name: path.read_bytes() for path in files if path.name != "token.object"}


@needs_softhsm
def test_every_finding_of_softhsm_is_seen_again() -> None:
    found = list(softhsm_findings())
    assert [f.identifier for f in found] == [f"SOFTHSM-{n}" for n in range(1, len(found) + 1)]
    for finding in found:
        assert finding.shown, f"{finding.identifier}: {finding.observed}"


@needs_softhsm
def test_findings_leave_the_token_of_a_user_as_it_was(user_folder: Path) -> None:
    before = objects(user_folder)
    found = list(user_token_findings(UserToken(SOFTHSM, ("test",), "softhsm", PIN)))
    assert [f.identifier for f in found] == [row["identifier"] for row in listed("softhsm")]
    for finding in found:
        assert finding.shown, f"{finding.identifier}: {finding.observed}"
    assert objects(user_folder) == before


@needs_softhsm
def test_what_makes_token_objects_is_tried_on_no_token_of_another_module(
    user_folder: Path, tmp_path: Path
) -> None:
    module = tmp_path / "copied.so"
    module.write_bytes(Path(SOFTHSM).read_bytes())
    before = objects(user_folder)
    found = user_token_findings(UserToken(str(module), ("test",), "softhsm", PIN))
    lasting = {row["identifier"] for row in listed("softhsm") if row.get("makes_token_objects")}
    assert lasting == {"SOFTHSM-11"}
    assert not lasting & {finding.identifier for finding in found}
    assert objects(user_folder) == before


@needs_softhsm
def test_the_relabelling_script_destroys_nothing_but_its_own(user_folder: Path) -> None:
    named = {"PKCS11_MODULE": SOFTHSM, "PKCS11_TOKEN": "test", "PKCS11_PIN": PIN}
    script = FOLDER / "softhsm" / "relabelling.py"
    subprocess.run([sys.executable, str(script)], env={**os.environ, **named}, check=False)
    in_token(user_folder, 'assert list(session.get_objects({Attribute.LABEL: "mine"}))')
