"""Findings: every one is still seen, names clauses that there are, and stands alone."""

from __future__ import annotations

import ast
import os
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from mhsm_model.catalogue import catalogue
from mhsm_targets.protocol import FindingState
from mhsm_targets.tests.in_token import in_token
from mhsm_targets.tests.token_instances import PIN, SOFTHSM, needs_softhsm, softhsm_opening

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

import pkcs11
from pkcs11 import exceptions

from mhsm_targets.pkcs11 import findings
from mhsm_targets.pkcs11.child import Child
from mhsm_targets.pkcs11.findings import reproduction
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
    assert rows
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
    standard = {"ctypes", "os", "random", "secrets", "shutil", "signal", "sys", "tempfile", "time"}
    assert {name.partition(".")[0] for name in named} <= {"pkcs11", "typing", *standard}


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
    assert [f.identifier for f in found] == [row["identifier"] for row in listed("softhsm")]
    for finding in found:
        assert finding.state is FindingState.SEEN, f"{finding.identifier}: {finding.observed}"


@needs_softhsm
def test_findings_leave_the_token_of_a_user_as_it_was(user_folder: Path) -> None:
    before = objects(user_folder)
    found = list(user_token_findings(UserToken(SOFTHSM, ("test",), "softhsm", PIN)))
    assert [f.identifier for f in found] == [row["identifier"] for row in listed("softhsm")]
    for finding in found:
        assert finding.state is FindingState.SEEN, f"{finding.identifier}: {finding.observed}"
    assert objects(user_folder) == before


@needs_softhsm
def test_what_makes_token_objects_is_tried_on_no_token_of_another_module(
    user_folder: Path, tmp_path: Path
) -> None:
    module = tmp_path / "copied.so"
    module.write_bytes(Path(SOFTHSM).read_bytes())
    before = objects(user_folder)
    found = list(user_token_findings(UserToken(str(module), ("test",), "softhsm", PIN)))
    states = {finding.identifier: finding.state for finding in found}
    assert {name for name, state in states.items() if state is not FindingState.SEEN} == {
        row["identifier"] for row in listed("softhsm") if row.get("makes_token_objects")
    }
    untried = [finding for finding in found if finding.state is FindingState.UNTRIED]
    assert [finding.observed for finding in untried] == [
        "it makes objects of the token: only on one that nobody needs"
    ]
    assert objects(user_folder) == before


@needs_softhsm
def test_the_relabelling_script_destroys_nothing_but_its_own(user_folder: Path) -> None:
    named = {"PKCS11_MODULE": SOFTHSM, "PKCS11_TOKEN": "test", "PKCS11_PIN": PIN}
    script = FOLDER / "softhsm" / "relabelling.py"
    subprocess.run([sys.executable, str(script)], env={**os.environ, **named}, check=False)
    in_token(user_folder, 'assert list(session.get_objects({Attribute.LABEL: "mine"}))')


# --- what a script tells --------------------------------------------------------------------------


def told(script: Path, **variables: str) -> tuple[int, str]:
    """The exit status of a script and what it printed; it has nothing to say on stderr."""
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PKCS11_PIN": PIN, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_script_without_its_module_cannot_try_and_says_why(script: Path) -> None:
    status, printed = told(script, PKCS11_MODULE="/nowhere.so", PKCS11_TOKEN="test")
    assert status == 2
    (line,) = printed.splitlines()
    assert line.startswith("cannot be tried: ")
    assert "/nowhere.so" in line


@needs_softhsm
@pytest.mark.parametrize(
    "script", [path for path in SCRIPTS if path.parent.name != "nss"], ids=lambda path: path.stem
)
def test_a_script_without_its_token_cannot_try_and_says_why(
    script: Path, user_folder: Path
) -> None:
    assert user_folder.exists()
    status, printed = told(script, PKCS11_MODULE=SOFTHSM, PKCS11_TOKEN="other")
    assert status == 2
    (line,) = printed.splitlines()
    assert line.startswith("cannot be tried: NoSuchToken")


ANSWERS: Final = (
    ("softhsm/cbc_padding", "decrypt", "GeneralError", "EncryptedDataInvalid"),
    ("softhsm/gcm_tag", "decrypt", "GeneralError", "EncryptedDataInvalid"),
    ("softhsm/hmac_key_length", "sign", "KeySizeRange", None),
    ("softhsm/oaep_hash", "encrypt", "ArgumentsBad", None),
    ("softhsm/raw_block_length", "sign", "GeneralError", "DataLenRange"),
    ("softhsm/rsa_padding", "decrypt", "GeneralError", "EncryptedDataInvalid"),
    ("softhsm/unwrap_check", "unwrap_key", "GeneralError", "WrappedKeyInvalid"),
    ("softhsm/key_wrap_fills", "wrap_key", None, "KeySizeRange"),
    ("opencryptoki/cbc_padding", "decrypt", None, "EncryptedDataInvalid"),
    ("opencryptoki/oaep_padding", "decrypt", "FunctionFailed", "EncryptedDataInvalid"),
)
"""Scripts that look at one call: the error that is the finding, and that of the standard."""


class Answering:
    """A module, its token, session and keys in one: a call fails, the others give nothing much."""

    def __init__(self, call: str, error: Exception | None) -> None:
        self._call = call
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def called(*_: object, **__: object) -> Any:
            if name == self._call and self._error is not None:
                raise self._error
            return {"encrypt": b"value", "generate_keypair": (self, self)}.get(name, self)

        return called

    def __len__(self) -> int:
        return 1


def status_of(
    name: str, call: str, error: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> int | str | None:
    def module(_: str) -> Answering:
        return Answering(call, error)

    monkeypatch.setattr(pkcs11, "lib", module)
    for variable in ("PKCS11_MODULE", "PKCS11_TOKEN", "PKCS11_PIN"):
        monkeypatch.setenv(variable, "any")
    try:
        runpy.run_path(str(FOLDER / f"{name}.py"))
    except SystemExit as end:
        return end.code
    return 0


@pytest.mark.parametrize(("name", "call", "finding", "standard"), ANSWERS)
def test_only_the_error_that_is_named_is_the_finding(
    name: str, call: str, finding: str | None, standard: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if finding is not None:
        assert status_of(name, call, getattr(exceptions, finding)(), monkeypatch) == 0
    if standard is not None:
        assert status_of(name, call, getattr(exceptions, standard)(), monkeypatch) == 1
    assert status_of(name, call, exceptions.DeviceRemoved(), monkeypatch) == 2


def test_what_cannot_be_tried_is_neither_seen_nor_gone() -> None:
    found = list(user_token_findings(UserToken("/nowhere.so", ("test",), "softhsm", PIN)))
    assert len(found) == len(listed("softhsm"))
    assert {finding.state for finding in found} == {FindingState.UNTRIED}
    assert "/nowhere.so" in found[0].observed


@pytest.mark.parametrize(
    ("script", "state", "observed"),
    [
        ("print('so')", FindingState.SEEN, "so"),
        ("import sys; print('not so'); sys.exit(1)", FindingState.NOT_SEEN, "not so"),
        ("import sys; print('why'); sys.exit(2)", FindingState.UNTRIED, "why"),
        ("print(1 / 0)", FindingState.UNTRIED, "ZeroDivisionError: division by zero"),
        ("import os; print('a', flush=True); os.abort()", FindingState.UNTRIED, "a"),
        ("import os; os.abort()", FindingState.UNTRIED, "it ended with status -6"),
    ],
)
def test_the_status_of_a_script_is_what_came_of_it(
    script: str,
    state: FindingState,
    observed: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "softhsm").mkdir()
    (tmp_path / "softhsm.toml").write_bytes((FOLDER / "softhsm.toml").read_bytes())
    for row in listed("softhsm"):
        (tmp_path / "softhsm" / f"{row['script']}.py").write_text(script)
    monkeypatch.setattr(reproduction, "_FOLDER", tmp_path)
    found = user_token_findings(UserToken("/nowhere.so", ("test",), "softhsm", PIN))
    first = next(iter(found))
    assert (first.state, first.observed) == (state, observed)
