"""Files of cases: what is none is refused in a sentence, and a run leaves those of its failures."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings

from mhsm_conformance.cases.case import Case
from mhsm_conformance.cases.case_file import load_case, save_case
from mhsm_conformance.cases.document import case_from_document, case_to_document
from mhsm_conformance.cases.storing import CaseNames, check_case_folder, store_cases
from mhsm_conformance.tests.drawn_cases import cases
from mhsm_reports import ReportFileError, ResultFileError
from mhsm_targets.recordings.case_file import case_document

HOST: Final = "hsm-a.managedhsm.azure.net"
SIGN: Final[dict[str, Any]] = {
    "to": HOST,
    "credential": "token",
    "api_version": "7.5",
    "request": "Sign",
    "members": {"name": "a", "version": None, "algorithm": "ES256", "digest": {"bytes": "AAAA"}},
}
MESSAGE: Final[dict[str, Any]] = {
    "to": HOST,
    "credential": "token",
    "message": {
        "method": "GET",
        "target": "/keys",
        "content_type": None,
        "headers": {},
        "body": "",
    },
}


def document(**changes: Any) -> dict[str, Any]:
    return {
        "format": "mhsm-case/2",
        "clause": "ALG-004",
        "check": "signing::test_a[b/c]",
        "seed": 5,
        "target": {
            "name": "model",
            "evidence": "self",
            "live": False,
            "staleness": 0,
            "capabilities": [],
        },
        "strict": True,
        "instances": [{"host": HOST, "configuration": {}}],
        "steps": [SIGN],
        "shortened_from": None,
        **changes,
    }


def signing(**members: Any) -> dict[str, Any]:
    return document(steps=[{**SIGN, "members": {**SIGN["members"], **members}}])


def by_hand(**members: Any) -> dict[str, Any]:
    return document(steps=[{**MESSAGE, "message": {**MESSAGE["message"], **members}}])


def refusal(tmp_path: Path, content: bytes) -> str:
    """The sentence that a file with that content is refused with, without its path."""
    path = tmp_path / "case.json"
    path.write_bytes(content)
    with pytest.raises(ResultFileError) as caught:
        load_case(path)
    told = str(caught.value)
    assert "\n" not in told
    assert len(told) < 400
    assert told.endswith(".")
    return told.removeprefix(str(path))


def test_a_case_is_read(tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text(json.dumps(document(steps=[SIGN, MESSAGE])), "utf-8")
    assert len(load_case(path).steps) == 2


NO_CASES: Final[dict[str, tuple[bytes, str]]] = {
    "empty": (b"", " is empty."),
    "binary": (b"\x7fELF\xff", ", line 1: byte 0xff is not UTF-8 text."),
    "cut off": (json.dumps(document()).encode()[:-40], ", line 1 column"),
    "deep": (b"[" * 200_000, " is nested too deeply to be a case."),
    "foreign": (b'{"tests": []}', ' is JSON but not a case: "format" is not "mhsm-case/2".'),
    "a list": (b"[1]", ' is JSON but not a case: "format" is not "mhsm-case/2".'),
    "the first format": (
        json.dumps(case_document("model", None, ())).encode(),
        ", at /format: the file has format 'mhsm-case/1', this program reads 'mhsm-case/2'.",
    ),
    "a later format": (
        b'{"format": "mhsm-case/3"}',
        ", at /format: the file has format 'mhsm-case/3', this program reads 'mhsm-case/2'.",
    ),
    "a member twice": (b'{"format": 1, "format": 2}', ' has the member "format" twice'),
    "a large number": (b'{"format": ' + b"9" * 9999 + b"}", " holds a number that cannot be read"),
}


@pytest.mark.parametrize("name", NO_CASES)
def test_what_is_no_case_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    content, told = NO_CASES[name]
    assert refusal(tmp_path, content).startswith(told)


BAD_CASES: Final[tuple[tuple[dict[str, Any], str], ...]] = (
    ({**document(), "mood": "good"}, ', at the top level: the member "mood" is not known.'),
    (document(clause="ALG-999"), ", at /clause: no clause is called 'ALG-999'."),
    (document(clause="../x"), ", at /clause: "),
    (document(seed="5"), ', at /seed: "5" is not of type integer.'),
    (document(instances=[]), ", at /instances: "),
    (
        document(instances=[{"host": HOST, "configuration": {"retention_days": 3}}]),
        ", at /instances/0/configuration/retention_days: 3 is less than 7.",
    ),
    (
        document(instances=[{"host": HOST, "configuration": {"quirks": ["AES_KEY_TYPE"]}}]),
        ', at /instances/0/configuration: the member "quirks" is not known.',
    ),
    (
        document(instances=[{"host": HOST, "configuration": {}}] * 2),
        ", at /instances: two of them have the same host.",
    ),
    (document(steps=[{}]), ", at /steps/0: {} has none of the forms that it may have here."),
    (document(steps=[{**SIGN, "lapse": 5}]), ", at /steps/0: "),
    (document(steps=[{"lapse": -1}]), ", at /steps/0/lapse: -1 is less than 0."),
    (document(steps=[{**SIGN, "to": "other"}]), ", at /steps/0/to: no instance has the host"),
    (document(steps=[{**SIGN, "request": "Rotate"}]), ', at /steps/0/request: "Rotate" is not'),
    (signing(plaintext={"bytes": ""}), ", at /steps/0/members: Sign has no member plaintext."),
    (signing(name=5), ", at /steps/0/members/name: 5 has none of the forms"),
    (signing(digest="text"), ', at /steps/0/members/digest: "text" has none of the forms'),
    (signing(digest={"bytes": "A"}), ", at /steps/0/members/digest: 'A' is not base64url."),
    (signing(digest={"bytes": "+/+/"}), ", at /steps/0/members/digest"),
    (
        signing(digest={"reply": 1, "member": "value"}),
        ", at /steps/0: no reply comes before it from step 1.",
    ),
    (
        signing(digest={"reply": 1, "member": "__class__.__init__"}),
        ", at /steps/0/members/digest: ",
    ),
    (
        signing(digest={"sample": "RSA 99999999", "serial": 0, "member": "d"}),
        ", at /steps/0/members/digest: ",
    ),
    (
        signing(digest={"parts": [{"bytes": "AAAA"}, "text"]}),
        ", at /steps/0/members/digest: some parts are text and some are bytes.",
    ),
    (
        signing(digest={"repeated": {"bytes": "AA"}, "times": 1 << 40}),
        ", at /steps/0/members/digest: ",
    ),
    (
        signing(digest={"repeated": {"bytes": "AAAA"}, "times": 3}),
        ", at /steps/0/members/digest: it is not one byte or letter that is repeated.",
    ),
    (
        signing(digest={"parts": [{"repeated": {"bytes": "AA"}, "times": 1 << 26}] * 9999}),
        ", at /steps: what they hold is too large to be sent.",
    ),
    (document(steps=[{**SIGN, "members": {"name": "a"}}]), ", at /steps/0/members: Sign needs the"),
    (by_hand(target="@evil.example/keys"), ", at /steps/0/message/target: a path begins with"),
    (by_hand(method="GET / HTTP/1.1\r\n"), ", at /steps/0/message/method: "),
    (by_hand(headers={"authorization": "Bearer x"}), ", at /steps/0/message/headers"),
    (by_hand(headers={"host": "evil.example"}), ", at /steps/0/message/headers"),
    (by_hand(headers={"x-a": "b\r\nhost: c"}), ", at /steps/0/message/headers/x-a: "),
    (by_hand(content_type="a\nb"), ", at /steps/0/message/content_type: "),
)


@pytest.mark.parametrize(("bad", "told"), BAD_CASES)
def test_a_case_with_something_wrong_in_it_is_refused_with_its_place(
    tmp_path: Path, bad: dict[str, Any], told: str
) -> None:
    assert refusal(tmp_path, json.dumps(bad).encode()).startswith(told)


@pytest.mark.parametrize("name", list(document()))
def test_a_case_without_a_member_is_refused(tmp_path: Path, name: str) -> None:
    told = document()
    del told[name]
    assert name in refusal(tmp_path, json.dumps(told).encode())


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(1 << 34)
    for path, told in (
        (tmp_path / "none", "does not exist."),
        (tmp_path, "is a folder, not a case."),
        (pipe, "is not a regular file."),
        (Path("/dev/zero"), "is not a regular file."),
        (large, "is too large to be a case."),
    ):
        with pytest.raises(ResultFileError) as caught:
            load_case(path)
        assert str(caught.value) == f"{path} {told}"


@given(cases())
@settings(deadline=None, max_examples=20)
def test_what_was_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    path = tmp_path_factory.mktemp("cases") / "case.json"
    save_case(case, path)
    assert load_case(path) == case


# --- those of a run ------------------------------------------------------------------------------


def named(*documents: dict[str, Any]) -> CaseNames:
    names = CaseNames()
    for told in documents:
        names.name(told)
    return names


def test_names_tell_check_clause_and_number() -> None:
    names = CaseNames()
    first, other = document(), document(seed=6)
    assert names.name(first) == "cases/signing-a-b-c-ALG-004-1.json"
    assert names.name(other) == "cases/signing-a-b-c-ALG-004-2.json"
    assert names.name(document()) == "cases/signing-a-b-c-ALG-004-1.json"
    assert list(names.documents.values()) == [first, other]


@pytest.mark.parametrize("check", ["../../etc/passwd", "a" * 500, "ü", "", "::test_", "/"])
def test_a_name_stays_in_the_folder(tmp_path: Path, check: str) -> None:
    names = named(document(check=check))
    store_cases(tmp_path, names.documents)
    (path,) = tmp_path.rglob("*.json")
    assert path.parent == tmp_path / "cases"
    assert load_case(path) == case_from_document(document(check=check))


def test_cases_of_the_run_before_are_removed_and_nothing_else(tmp_path: Path) -> None:
    store_cases(tmp_path, named(document(), document(seed=6)).documents)
    folder = tmp_path / "cases"
    own = {
        "notes.txt": "mine",
        "foreign.json": "{}",
        "broken.json": "{",
        "short.json": json.dumps(document(shortened_from="a.json")),
        "typed.json": json.dumps(document(check=None)),
    }
    for name, text in own.items():
        (folder / name).write_text(text, "utf-8")
    store_cases(tmp_path, named(document(check="another")).documents)
    assert {path.name for path in folder.iterdir()} == {"another-ALG-004-1.json", *own}
    assert {name: (folder / name).read_text("utf-8") for name in own} == own


def test_a_run_without_failures_leaves_no_folder(tmp_path: Path) -> None:
    store_cases(tmp_path, {})
    assert list(tmp_path.iterdir()) == []
    store_cases(tmp_path, named(document()).documents)
    store_cases(tmp_path, {})
    assert list(tmp_path.iterdir()) == []


def test_equal_cases_have_equal_bytes(tmp_path: Path) -> None:
    case = case_from_document(document())
    save_case(case, tmp_path / "a")
    save_case(case_from_document(case_to_document(case)), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def as_a_file(folder: Path) -> None:
    (folder / "cases").write_text("", "utf-8")


def as_read_only(folder: Path) -> None:
    (folder / "cases").mkdir(mode=0o500)


@pytest.mark.parametrize(
    "bar",
    [
        as_a_file,
        pytest.param(
            as_read_only,
            marks=pytest.mark.skipif(
                os.geteuid() == 0, reason="untested: this user may write everywhere"
            ),
        ),
    ],
)
def test_a_folder_that_takes_no_cases_is_told_before_the_run(
    tmp_path: Path, bar: Callable[[Path], None]
) -> None:
    bar(tmp_path)
    with pytest.raises(ReportFileError, match=r"cases (is to be|cannot be written)"):
        check_case_folder(tmp_path)
    with pytest.raises(ReportFileError, match="cannot be written"):
        store_cases(tmp_path, named(document()).documents)
