"""Cases as programs: they do what the case does, where they are run."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from mhsm_conformance.cases.az_form import az_commands
from mhsm_conformance.cases.case import Case
from mhsm_conformance.cases.curl_form import curl_lines
from mhsm_conformance.cases.python_form import python_test
from mhsm_conformance.cases.recording import context_of, recorded_case
from mhsm_conformance.cases.shortening import shortened
from mhsm_conformance.cases.trial import tried
from mhsm_conformance.guards.scenes import backed_up
from mhsm_conformance.session import InstanceSession, Session
from mhsm_conformance.steps import Sent
from mhsm_conformance.tests.drawn_cases import HOSTS
from mhsm_conformance.tests.mutant_cases import recorded_cases
from mhsm_conformance.vectors.altering import flipped
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    CreateKey,
    Credential,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    GetRandomBytes,
    ImportKey,
    KeyPage,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Refused,
    Request,
    RequestedAttributes,
    RestoreKey,
    Sign,
    Unauthenticated,
    UpdateKey,
    Verify,
    WrapKey,
)
from mhsm_model.operations.paging import next_token
from mhsm_targets.registry import target_factory
from mhsm_targets.server import Served, serving

pytest_plugins = ["pytester"]

NAME: Final = "mutant:unguarded-alg-004"


def all_of_it(hsm: InstanceSession) -> None:
    """Every kind of step, with every kind of link, all of it lawful."""
    made = hsm.created(CreateKey("a", "oct", 256, tags={"it's": 'a "$(tag)"\n`'}))
    version = made.kid.version
    sealed = hsm.result(Encrypt("a", version, "A256GCM", b"plain\0text", None, b"aad"))
    hsm.send(Decrypt("a", version, "A256GCM", sealed.value, sealed.iv, b"aad", sealed.tag))
    altered = flipped(sealed.tag or b"", -1)
    hsm.send(Decrypt("a", version, "A256GCM", sealed.value, sealed.iv, b"aad", altered))
    hsm.send(ImportKey("c", sample_key("EC P-256")))
    hsm.send(CreateKey("d", "EC"))
    signature = hsm.result(Sign("d", None, "ES256", bytes(32))).value
    hsm.send(Verify("d", None, "ES256", bytes(32), signature))
    hsm.send(Verify("d", None, "ES256", bytes(32), flipped(signature, 3)))
    hsm.send(UpdateKey("a", version, (), tags={"x": "y"}))
    page = hsm.send(ListKeys(1))
    assert isinstance(page, KeyPage)
    second = hsm.send(ListKeys(1, next_token(page)))
    assert isinstance(second, KeyPage)
    link = (second.next_link or "").removeprefix(f"https://{hsm.host}")
    hsm.send_message("GET", link, b"")
    hsm.send_message("POST", f"/keys/d/{'x' * 100}/sign?api-version=7.5", b"\xff\xfe not text")
    hsm.send_message("POST", "/keys/e/create?api-version=7.5", b" " * 2000 + b'{"kty":"EC"}')
    hsm.send_message("HEAD", "/keys?api-version=7.5", b"")
    hsm.send(GetKey("a"), credential=Credential.ANONYMOUS)
    hsm.send(GetKey("a"), credential=Credential.INVALID)
    hsm.send(GetKey("a"), api_version=None)
    hsm.send(GetKey("a"), api_version="7.4")
    hsm.session.send(HOSTS[1], GetKey("a"))
    hsm.send(WrapKey("a", version, "A256KW", bytes(16)))
    blob = backed_up(hsm, "c")
    hsm.send(DeleteKey("c"))
    hsm.send(ListDeletedKeys())
    hsm.send(GetDeletedKey("c"))
    hsm.send(RecoverDeletedKey("c"))
    hsm.send(DeleteKey("c"))
    hsm.send(PurgeDeletedKey("c"))
    hsm.send(RestoreKey(blob[:-1]))
    hsm.send(RestoreKey(blob))
    hsm.send(ListKeyVersions("c"))
    window = RequestedAttributes(not_before=hsm.session.now() + 100)
    hsm.send(CreateKey("f", "EC", attributes=window))
    hsm.session.advance(200)
    hsm.session.lose_next(after_effect=True)
    hsm.send(CreateKey("g", "EC"))
    hsm.send(GetKey("g"))
    hsm.send(GetRandomBytes(16))


def session_on(target: str = "model") -> Session:
    hosts = {HOSTS[0]: Configuration(retention_days=7), HOSTS[1]: Configuration()}
    factory = target_factory(target)
    return Session(factory.open(hosts, 5), factory.profile, hosts, strict=True)


def case_of(session: Session, clause: str = "ALG-004", target: str = "model") -> Case:
    context = context_of(target, session.profile)
    return recorded_case(
        session.steps, clause, "a check", 5, context, session.configurations, strict=True
    )


@pytest.fixture(scope="module")
def whole() -> Session:
    session = session_on()
    all_of_it(session.at(HOSTS[0]))
    return session


@pytest.fixture(scope="module")
def failing() -> Case:
    return next(c for c in recorded_cases(NAME, "ALG-004") if c.clause == "ALG-004")


# --- Python --------------------------------------------------------------------------------------


def test_a_case_is_a_test_that_passes_on_the_model_and_fails_where_it_failed(
    pytester: pytest.Pytester, failing: Case
) -> None:
    pytester.makepyfile(python_test(failing))
    passed = pytester.runpytest_subprocess("-p", "no:randomly")
    passed.assert_outcomes(passed=1)
    failed = pytester.runpytest_subprocess("--mhsm-target", NAME, "--mhsm-strict")
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(["*ALG-004 (MUST, *"])


def test_cases_of_one_clause_are_tests_of_their_own(
    pytester: pytest.Pytester, failing: Case
) -> None:
    pytester.makepyfile(python_test(failing, replace(failing, seed=9), failing))
    pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=3)


@pytest.mark.parametrize("form", [curl_lines, az_commands, python_test])
def test_nothing_that_a_file_says_becomes_a_command(
    form: Callable[[Case], str | None], failing: Case
) -> None:
    target = replace(failing.target, name="x\ntouch harm\n")
    text = form(replace(failing, clause=None, check=None, target=target))
    assert text is not None
    assert "x touch harm answered lawfully" in text
    assert "touch harm" not in [line.strip() for line in text.splitlines()]


def test_every_kind_of_step_is_in_a_test_that_passes(
    pytester: pytest.Pytester, whole: Session
) -> None:
    text = python_test(case_of(whole))
    pytester.makepyfile(text)
    pytester.runpytest_subprocess("--mhsm-strict").assert_outcomes(passed=1)
    assert "b' ' * 2000" in text
    assert "sample_key('EC P-256', 0)" in text
    assert "not_before=session.now() + 100" in text


def test_a_case_that_leaves_something_out_is_a_test_that_says_so(
    pytester: pytest.Pytester,
) -> None:
    session = session_on()
    session.send(HOSTS[0], RestoreKey(b"a blob." * 40))
    pytester.makepyfile(python_test(case_of(session)))
    done = pytester.runpytest_subprocess("-rs")
    done.assert_outcomes(skipped=1)
    done.stdout.fnmatch_lines(["*untested: step 1 needs a backup blob, which no case holds"])


# --- curl ----------------------------------------------------------------------------------------

needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None, reason="untested: the program curl is not on the PATH"
)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    pytest.importorskip("uvicorn", reason="untested: uvicorn is not installed (extra `server`)")
    with serving("model", ("hsm-a", "hsm-b"), controls=True) as server:
        yield server


def run_curl(text: str, served: Served) -> subprocess.CompletedProcess[str]:
    served.controls.reset()
    one, other = served.urls.values()
    variables = {
        "MHSM_URL": one,
        "MHSM_URL_2": other,
        "MHSM_CA": served.ca_file,
        "MHSM_TOKEN": served.token(),
        "MHSM_CONTROLS": served.ready.controls_url or "",
        "MHSM_PYTHON": sys.executable,
    }
    return subprocess.run(
        ["sh", "-c", text],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def statuses(session: Session) -> list[str]:
    """The status that each of the requests should have; 000 where no answer comes."""
    return [_status(step) for step in session.steps if isinstance(step, Sent)]


def _status(step: Sent) -> str:
    match step.reply:
        case Refused(status):
            return str(status)
        case Unauthenticated():
            return "401"
        case _ if "no reply" in str(step):
            return "000"
        case _ if "PurgeDeletedKey" in str(step):
            return "204"
        case _:
            return "200"


@needs_curl
def test_curl_gets_what_the_session_got(whole: Session, served: Served) -> None:
    done = run_curl(curl_lines(case_of(whole)), served)
    told = [line for line in done.stdout.splitlines() if len(line) == 3 and line.isdecimal()]
    assert told == statuses(whole), done.stdout + done.stderr
    # What was lost on purpose is all that goes wrong.
    assert [line for line in done.stderr.splitlines() if line] == [
        line for line in done.stderr.splitlines() if line.startswith("curl: (")
    ]
    assert '"value":false' in done.stdout
    assert '"value":true' in done.stdout


@needs_curl
def test_what_is_longer_than_a_command_line_is_a_comment() -> None:
    session = session_on()
    session.send_message(
        HOSTS[0], "GET", "/keys/a?api-version=7.5", b"", headers={"x-a": "g" * 200_000}
    )
    text = curl_lines(case_of(session))
    assert "# (it is longer than a command line may be)" in text
    assert subprocess.run(["sh", "-n", "-c", text], check=False).returncode == 0


@pytest.mark.parametrize("missing", ["MHSM_URL", "MHSM_CA", "MHSM_TOKEN", "MHSM_CONTROLS"])
def test_curl_names_a_variable_that_is_not_set_and_sends_nothing(
    whole: Session, missing: str
) -> None:
    names = ("MHSM_URL", "MHSM_URL_2", "MHSM_CA", "MHSM_TOKEN", "MHSM_CONTROLS")
    done = subprocess.run(
        ["sh", "-c", curl_lines(case_of(whole))],
        env={"PATH": os.environ["PATH"], **{name: "a" for name in names if name != missing}},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    assert f"{missing}: is not set" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_curl_says_what_a_case_leaves_out() -> None:
    session = session_on()
    session.send(HOSTS[0], RestoreKey(b"a blob." * 40))
    done = subprocess.run(
        ["sh", "-c", curl_lines(case_of(session))], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "step 1 needs a backup blob, which no case holds\n"


# --- az ------------------------------------------------------------------------------------------


needs_jq = pytest.mark.skipif(
    shutil.which("jq") is None, reason="untested: the program jq is not on the PATH"
)

WITNESS: Final = """
az() {
  "$MHSM_PYTHON" -c 'import json, sys; print(json.dumps(["az", *sys.argv[1:]]))' "$@" >&3
  echo '{"key": {"kid": "https://h/keys/a/00ff"}, "signature": "AQID",'
  echo ' "result": "BAUG", "iv": "0a0b", "tag": "0c0d"}'
}
"""
"""A function that takes the place of `az`: it tells its words, and answers as `az` would."""


def commands(text: str, tmp_path: Path) -> list[list[str]]:
    """The words of each command, as a shell comes to them."""
    told = tmp_path / "told"
    done = subprocess.run(
        ["sh", "-c", f"exec 3>{shlex.quote(str(told))}\n{WITNESS}\n{text}"],
        env={**os.environ, "MHSM_PYTHON": sys.executable, "MHSM_NAME": "h", "MHSM_NAME_2": "i"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in told.read_text("utf-8").splitlines()]


@needs_jq
def test_a_case_is_commands_of_az(tmp_path: Path) -> None:
    session = session_on()
    hsm = session.at(HOSTS[0])
    made = hsm.created(CreateKey("a", "EC", crv="P-256", tags={"it's": "a tag"}))
    hsm.send(ImportKey("b", sample_key("EC P-256")))
    signed = hsm.result(Sign("a", made.kid.version, "ES256", bytes(32)))
    hsm.send(Verify("a", made.kid.version, "ES256", bytes(32), signed.value))
    text = az_commands(case_of(session))
    assert text is not None
    assert "# 2. ImportKey: no az command does this" in text
    at = ["--hsm-name", "h", "--name", "a"]
    told = ["--version", "00ff", "--algorithm", "ES256", "--digest", "A" * 43 + "="]
    assert commands(text, tmp_path) == [
        [
            *("az", "keyvault", "key", "create", *at, "--kty", "EC", "--curve", "P-256"),
            *("--tags", "it's=a tag"),
        ],
        ["az", "keyvault", "key", "sign", *at, *told],
        ["az", "keyvault", "key", "verify", *at, *told, "--signature", "AQID"],
    ]


@pytest.mark.parametrize(
    "request_",
    [
        ImportKey("a", sample_key("EC P-256")),
        WrapKey("a", None, "A256KW", bytes(16)),
        CreateKey("a", "EC", public_exponent=3),
        CreateKey("a", None),
        CreateKey("-a", "EC"),
        UpdateKey("a", None, ()),
        Sign("a", None, "none", bytes(32)),
        ListKeys(1, "bm8gcGFnZQ"),
    ],
)
def test_what_az_cannot_say_is_no_command(request_: Request) -> None:
    session = session_on()
    session.send(HOSTS[0], CreateKey("a", "EC"))
    session.send(HOSTS[0], request_)
    assert az_commands(case_of(session)) is None


def test_az_shows_neither_another_credential_nor_another_version() -> None:
    for credential, version in ((Credential.ANONYMOUS, "7.5"), (Credential.TOKEN, "7.4")):
        session = session_on()
        session.send(HOSTS[0], GetKey("a"), credential=credential, api_version=version)
        assert az_commands(case_of(session)) is None


def test_what_needs_a_value_that_az_does_not_show_is_a_comment(whole: Session) -> None:
    session = session_on()
    hsm = session.at(HOSTS[0])
    hsm.send(CreateKey("a", "EC"))
    signed = hsm.result(Sign("a", None, "ES256", bytes(32))).value
    hsm.send(Verify("a", None, "ES256", bytes(32), flipped(signed)))
    hsm.send(GetKey("a"))
    text = az_commands(case_of(session))
    assert text is not None
    assert "# 3. Verify: it needs a value that az does not show" in text


@needs_jq
@pytest.mark.skipif(
    "MHSM_AZ_PYTHON" not in os.environ,
    reason="untested: MHSM_AZ_PYTHON names no Python that has azure-cli",
)
def test_az_parses_every_command(tmp_path: Path, whole: Session) -> None:
    session = whole
    found: list[list[str]] = []
    for count in range(1, len(session.steps) + 1):
        context = context_of("model", session.profile)
        case = recorded_case(
            session.steps[:count], "ALG-004", "x", 5, context, session.configurations, strict=True
        )
        text = az_commands(case)
        if text is not None:
            found.append(commands(text, tmp_path)[-1])
    assert len(found) > 15
    program = Path(__file__).with_name("az_parsing.py")
    done = subprocess.run(
        [os.environ["MHSM_AZ_PYTHON"], str(program)],
        input=json.dumps(found),
        env={**os.environ, "AZURE_CONFIG_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_shortened_case_prints_as_short(failing: Case) -> None:
    broken = target_factory(NAME)
    short = shortened(failing, tried(failing, broken), broken)
    assert HOSTS[1] not in python_test(short)
    assert "MHSM_URL_2" not in curl_lines(short)
