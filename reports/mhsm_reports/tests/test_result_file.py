import json
import os
import re
import stat
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from mhsm_reports import (
    CheckResult,
    Outcome,
    ReportFileError,
    ResultFileError,
    RunResult,
    Tool,
    load,
    save,
)
from mhsm_reports.report_file import write_report
from mhsm_reports.result_file import serialised
from mhsm_reports.tests.samples import FAILING, HOSTILE, INTERRUPTED, PASSING, RUN, SIGNS, results


@given(results())
@settings(deadline=None)
def test_what_was_saved_is_loaded(result: RunResult) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.json")
        save(result, path)
        assert load(path) == result


@given(results())
@settings(deadline=None)
def test_the_same_result_gives_the_same_bytes(result: RunResult) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.json")
        save(result, path)
        assert serialised(load(path)) == path.read_text("utf-8") == serialised(result)


@pytest.mark.parametrize("result", [PASSING, FAILING, INTERRUPTED])
def test_the_layout_is_sorted_and_indented_by_two(result: RunResult) -> None:
    text = serialised(result)
    document = json.loads(text)
    assert document["format"] == "mhsm-run/1"
    assert text == json.dumps(document, indent=2, sort_keys=True) + "\n"


def test_text_that_is_not_unicode_survives(tmp_path: Path) -> None:
    result = replace(PASSING, failures=(replace(FAILING.failures[0], observed=HOSTILE),))
    save(result, tmp_path / "run.json")
    assert load(tmp_path / "run.json") == result


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(serialised(PASSING), "utf-8-sig")
    assert load(path) == PASSING


def test_numbers_are_read_as_the_type_of_their_field(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    text = serialised(PASSING).replace('"seconds": 12.34', '"seconds": 12')
    path.write_text(text.replace('"workers": 4', '"workers": 4.0'), "utf-8")
    run = load(path).run
    assert (type(run.seconds), type(run.workers)) == (float, int)


def test_a_check_without_a_finding_owes_a_reason() -> None:
    with pytest.raises(ValueError, match=r"sign\.lacks_permission is untested .* not say why"):
        replace(SIGNS, outcome=Outcome.UNTESTED)
    CheckResult("id", "suite", "", (), Outcome.FAILED, 0.0, 0)


VALID = serialised(PASSING)

SENTENCES = {
    "binary": (b"\x7fELF\n\xff\xfe", "{path}, line 2: byte 0xff is not UTF-8 text."),
    "empty": (b" \n", "{path} is empty."),
    "truncated": (
        VALID[:400].rstrip().encode(),
        "{path}, line ",
    ),
    "truncated in a string": (
        b'{\n"format": "mhsm-r',
        "{path}, line 2 column 11: the file ends before its JSON does (Unterminated string "
        "starting at).",
    ),
    "not JSON": (
        b"<html></html>",
        "{path}, line 1 column 1: this is not JSON (Expecting value).",
    ),
    "not a number": (
        VALID.replace("12.34", "NaN").encode(),
        "{path} holds a number that cannot be read: NaN is not a JSON number.",
    ),
    "an infinite number": (
        VALID.replace("12.34", "1e999").encode(),
        "{path} holds a number that cannot be read: 1e999 is too large.",
    ),
    "a deep document": (b"[" * 200_000, "{path} is nested too deeply to be a result file."),
    "foreign object": (
        b'{"tests": []}',
        '{path} is JSON but not a result file: "format" is not "mhsm-run/1".',
    ),
    "foreign list": (
        b"[1, 2]",
        '{path} is JSON but not a result file: "format" is not "mhsm-run/1".',
    ),
    "a later format": (
        b'{"format": "mhsm-run/2"}',
        "{path}, at /format: the file has format 'mhsm-run/2', this program reads 'mhsm-run/1'.",
    ),
    "a member missing": (
        b'{"format": "mhsm-run/1"}',
        '{path}, at the top level: the member "run" is missing.',
    ),
    "a failure of a version without cases": (
        re.sub(r'\n *"case": "[^"]*",', "", serialised(FAILING)).encode(),
        '{path}, at /failures/0: the member "case" is missing, as in files of older versions.',
    ),
    "a word that is not in the list": (
        VALID.replace('"level": "SHOULD"', '"level": "OUGHT"').encode(),
        '{path}, at /clauses/1/level: "OUGHT" is not one of MUST, SHOULD, MAY, OPEN.',
    ),
    "a reason missing": (
        VALID.replace('"reason": "the target does not offer security domains"', '"reason": null')
        .encode(),
        "{path}, at /checks/1/reason: null is not of type string.",
    ),
    "a member that nobody knows": (
        VALID.replace('"seed":', '"mood": "good", "seed":').encode(),
        '{path}, at /run: the member "mood" is not known.',
    ),
    "a date in words": (
        VALID.replace("2025-03-01T09:30:00Z", "yesterday").encode(),
        '{path}, at /run/started_at: "yesterday" does not have the form ^[0-9]',
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SENTENCES)
def test_a_file_that_is_no_result_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    content, sentence = SENTENCES[name]
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(ResultFileError) as raised:
        load(path)
    text = str(raised.value)
    assert text.startswith(sentence.format(path=path))
    assert text.endswith(".")
    assert "\n" not in text


@pytest.mark.parametrize("share", range(5, 100, 5))
def test_a_truncated_file_says_where_it_ends(share: int, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(VALID[: len(VALID) * share // 100], "utf-8")
    with pytest.raises(ResultFileError, match=r"run\.json, line \d+ column \d+: "):
        load(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ResultFileError, match=r"absent\.json does not exist\.$"):
        load(tmp_path / "absent.json")


def test_a_folder_is_no_result_file(tmp_path: Path) -> None:
    with pytest.raises(ResultFileError, match=r" is a folder, not a result file\.$"):
        load(tmp_path)
    with pytest.raises(ResultFileError, match=r" cannot be written: Is a directory\.$"):
        save(PASSING, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResultFileError, match=r" cannot be read: Not a directory\.$"):
        load(tmp_path / "file" / "run.json")
    with pytest.raises(ResultFileError, match=r" cannot be written: there is no folder .*file\.$"):
        save(PASSING, tmp_path / "file" / "run.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ResultFileError, match=r" cannot be written: Permission denied\.$"):
        save(PASSING, tmp_path / "run.json")


def test_a_failing_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    save(PASSING, path)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResultFileError, match=r"cannot be written: No space left on device\.$"):
        save(FAILING, path)
    assert load(path) == PASSING
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def test_an_interrupt_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.json"
    save(PASSING, path)

    def interrupt(_from: object, _to: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save(FAILING, path)
    assert load(path) == PASSING
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (
            replace(PASSING, run=replace(RUN, exchanges=-1)),
            "{path} was not written: at /run/exchanges, -1 is less than 0.",
        ),
        (
            replace(PASSING, run=replace(RUN, tool=Tool("", "1"))),
            '{path} was not written: at /run/tool/name, "" is too short.',
        ),
        (
            replace(PASSING, run=replace(RUN, seconds=float("nan"))),
            "The result cannot be written as JSON: Out of range float values",
        ),
    ],
)
def test_nothing_is_written_that_could_not_be_loaded(
    result: RunResult, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.json"
    with pytest.raises(ResultFileError) as raised:
        save(result, path)
    assert str(raised.value).startswith(sentence.format(path=path))
    assert not path.exists()


def test_a_report_is_as_readable_as_any_file(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    write_report(tmp_path / "report", "text")
    modes = {stat.S_IMODE(entry.stat().st_mode) for entry in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_link_keeps_pointing_and_a_loop_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "report")
    write_report(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "report").read_text("utf-8") == "text"
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ReportFileError, match=r"loop cannot be written: "):
        write_report(tmp_path / "loop", "text")


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_report(pipe, "text")
        assert os.read(reader, 10) == b"text"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
