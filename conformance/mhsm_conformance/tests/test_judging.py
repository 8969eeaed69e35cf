"""The command `mhsm judge`: files and folders, and one sentence for what cannot be read."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from mhsm_conformance.judging import judged

FIXTURES: Final = (
    Path(__file__).resolve().parents[3] / "targets" / "mhsm_targets" / "tests" / "recordings"
)
Captured = pytest.CaptureFixture[str]


def judged_json(capsys: Captured, *paths: Path) -> tuple[int, dict[str, Any], list[str]]:
    """The exit status, the JSON object, and the sentences on standard error."""
    status = judged([str(path) for path in paths], as_json=True, folder=None, strict=True)
    captured = capsys.readouterr()
    return status, json.loads(captured.out), captured.err.splitlines()


def test_a_folder_of_every_format(capsys: Captured) -> None:
    status, document, problems = judged_json(capsys, FIXTURES)
    assert (status, problems) == (0, [])
    assert (document["exchanges"], document["rejected"]) == (70, 0)
    assert document["skipped_files"] == 0
    assert {verdict["file"] for verdict in document["verdicts"]} == {
        str(path) for path in FIXTURES.iterdir()
    }


def test_files_of_no_known_format_are_counted_in_a_folder_and_told_by_name(
    tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "sub").mkdir()
    shutil.copy(FIXTURES / "archive.har", tmp_path / "sub")
    (tmp_path / "README.md").write_text("words", encoding="utf-8")
    (tmp_path / "empty.json").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    status, document, problems = judged_json(capsys, tmp_path)
    assert (status, problems) == (0, [])
    assert (document["exchanges"], document["skipped_files"]) == (7, 4)
    status, document, problems = judged_json(capsys, tmp_path / "README.md")
    assert status == 2
    assert problems == [f"mhsm: {tmp_path}/README.md: the file is of no known format"]
    assert document["skipped_files"] == 0


def test_a_broken_file_is_told_and_all_others_are_judged(tmp_path: Path, capsys: Captured) -> None:
    for path in FIXTURES.iterdir():
        shutil.copy(path, tmp_path)
        content = path.read_bytes()
        (tmp_path / f"broken-{path.name}").write_bytes(content[: len(content) // 2])
    status, document, problems = judged_json(capsys, tmp_path)
    assert status == 2
    assert len(problems) == 10
    assert all(f"mhsm: {tmp_path}/broken-" in problem for problem in problems)
    assert document["problems"] == [problem.removeprefix("mhsm: ") for problem in problems]
    whole = [v for v in document["verdicts"] if "broken-" not in v["file"]]
    assert len(whole) == 70
    assert document["rejected"] == 0


def test_a_folder_with_many_files(tmp_path: Path, capsys: Captured) -> None:
    for place in range(10_000):
        (tmp_path / f"{place}.txt").touch()
    shutil.copy(FIXTURES / "case.json", tmp_path)
    status, document, _ = judged_json(capsys, tmp_path)
    assert (status, document["exchanges"], document["skipped_files"]) == (0, 7, 10_000)


def test_a_folder_without_a_recording(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "other").touch()
    status, _, problems = judged_json(capsys, tmp_path)
    assert status == 2
    assert problems == [f"mhsm: {tmp_path}: no recording of a known format is in the folder"]


@pytest.mark.skipif(os.geteuid() == 0, reason="untested: this user may read everything")
def test_a_folder_that_may_not_be_read(tmp_path: Path, capsys: Captured) -> None:
    shutil.copy(FIXTURES / "case.json", tmp_path)
    (tmp_path / "closed").mkdir(mode=0)
    status, document, problems = judged_json(capsys, tmp_path)
    assert (status, document["exchanges"]) == (2, 7)
    assert problems == [f"mhsm: {tmp_path}/closed: permission denied"]


@pytest.mark.parametrize("name", ["a\0b", "missing", "x" * 5000])
def test_what_is_no_file(capsys: Captured, name: str) -> None:
    status, _, problems = judged_json(capsys, Path(name))
    assert status == 2
    assert len(problems) == 1


def test_the_text_tells_of_other_hosts_and_skipped_files(tmp_path: Path, capsys: Captured) -> None:
    entry: dict[str, Any] = {"RequestMethod": "POST", "StatusCode": 200}
    hosts = ("login.microsoftonline.com", "v.vault.azure.net", "management.azure.com")
    entries = [{**entry, "RequestUri": f"https://{host}/"} for host in hosts]
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"Entries": entries}), encoding="utf-8")
    (tmp_path / "other.txt").touch()
    assert judged([str(tmp_path)], as_json=False, folder=None, strict=False) == 0
    text = capsys.readouterr().out
    for line in ("1 POST other host", "1 POST standard vault", "1 POST control plane"):
        assert f" {line}\n" in text
    assert "skipped files: 1\n" in text
