"""The command `mhsm examine`: correctness, the file of survivors, the table of evidence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from mhsm_conformance.correctness import Correctness, judged_sessions
from mhsm_conformance.corruption.gallery import OPERATORS
from mhsm_conformance.corruption.operator import Blindness
from mhsm_conformance.corruption.session import RecordedSession
from mhsm_conformance.evidence import evidence_module
from mhsm_conformance.explanations import (
    allowances,
    as_toml,
    class_explanations,
    differences,
    is_about,
)
from mhsm_conformance.scores import MISSED, Survivor
from mhsm_conformance.specimens import recorded_specimens
from mhsm_conformance.tests.test_examination import ROOT, Document, tampered
from mhsm_model.tables.recorded import RECORDED
from mhsm_targets.recordings.defects import known_defects

TRACES: Final = Path(os.environ.get("MHSM_TRACES", ROOT.parent / "shared" / "traces" / "mhsm"))
PARTS: Final = (TRACES, TRACES.parent / "transcribed")
with_recordings: Final = pytest.mark.skipif(
    not all(part.is_dir() for part in PARTS),
    reason="untested: no recordings beside the repository",
)


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mhsm_conformance.entry", "examine", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )


def read(paths: Sequence[Path]) -> list[RecordedSession]:
    return [RecordedSession.read(path) for path in paths]


# --- correctness ----------------------------------------------------------------------------------


def test_what_the_emulator_answers_is_all_accepted(tmp_path: Path) -> None:
    found = judged_sessions(read(recorded_specimens(tmp_path)))
    assert found.accepted == found.judged == found.exchanges > 50
    assert found.good
    assert found.share == 1
    assert found.clauses["ERR-101"] > 0


def refused(line: Document) -> None:
    line["status"] = 500


def test_a_rejection_without_an_explanation_is_not_good(tmp_path: Path) -> None:
    path = tampered(recorded_specimens(tmp_path)[0], 4, refused)
    found = judged_sessions(read([path]))
    assert [verdict.sequence for verdict in found.unexplained] == [4]
    assert not found.good
    assert found.as_json()["rejected"][0]["explanation"] is None


def test_an_entry_for_an_exchange_that_is_accepted_is_stale(tmp_path: Path) -> None:
    (name, sequence), _ = next(iter(known_defects().items()))

    def renamed(header: Document) -> None:
        header["session"] = name

    path = tampered(recorded_specimens(tmp_path)[0], 0, renamed)
    found = judged_sessions(read([path]))
    assert (name, sequence) in found.stale
    assert not found.good


def test_too_few_accepted_are_not_good_even_where_all_is_explained(tmp_path: Path) -> None:
    path = tampered(recorded_specimens(tmp_path)[0], 4, refused)
    found = judged_sessions(read([path]))
    explained = [replace(verdict, explanation="known") for verdict in found.rejected]
    assert not Correctness(accepted=1, rejected=explained).good
    assert Correctness(accepted=999, rejected=explained).good


# --- the file of survivors ------------------------------------------------------------------------


def survivor(reason: str, count: int = 1, operation: str = "GetKey") -> Survivor:
    return Survivor(reason, "n-even", operation, count, "session", 7)


def test_survivors_are_those_listed_or_told() -> None:
    allowed = {("random", "n-even", "GetKey"): 2}
    assert differences([survivor("random", 2)], allowed) == []
    (more,) = differences([survivor("random", 3)], allowed)
    assert "survives 3 times, 2 are listed; for example session, 7" in more
    unlisted, stale = differences([survivor(MISSED)], allowed)
    assert "n-even on GetKey (missed) survives 1 times and is not listed" in unlisted
    assert "(random) is listed, and none survives: the entry is stale" in stale


def test_the_file_names_operators_and_classes_that_there_are() -> None:
    names = {operator.name for operator in OPERATORS}
    reasons = {blindness.value for blindness in Blindness} | {MISSED}
    listed = allowances()
    assert {operator for _, operator, _ in listed} <= names
    assert {reason for reason, _, _ in listed} <= reasons
    assert set(class_explanations()) == {reason for reason, _, _ in listed}
    assert all(len(told) > 40 for told in class_explanations().values())
    assert all(most > 0 for most in listed.values())
    assert not is_about(1, 1)


def test_survivors_are_written_as_the_file_has_them() -> None:
    rows = [survivor(MISSED, 2), survivor(MISSED, 3, "Sign"), survivor("random")]
    assert as_toml(rows).splitlines() == [
        "[[survivors]]",
        'class = "missed"',
        '[survivors.at_most."n-even"]',
        "GetKey = 2",
        "Sign = 3",
        "",
        "[[survivors]]",
        'class = "random"',
        '[survivors.at_most."n-even"]',
        "GetKey = 1",
    ]


# --- evidence -------------------------------------------------------------------------------------


def test_the_table_of_evidence_is_a_module() -> None:
    text = evidence_module({"B-001": 2, "A-001": 1}, 30, 20)
    names: dict[str, Any] = {}
    exec(compile(text, "recorded.py", "exec"), names)
    assert names["RECORDED"] == {"A-001": 1, "B-001": 2}
    assert names["recorded_exchanges"]("B-001") == 2
    assert names["recorded_exchanges"]("C-001") == 0
    assert "30 recorded exchanges, 20" in names["__doc__"]


@with_recordings
def test_recordings_are_accepted_and_the_table_of_evidence_is_up_to_date() -> None:
    found = judged_sessions(read([p for part in PARTS for p in sorted(part.rglob("*.jsonl"))]))
    assert found.unexplained == []
    assert found.stale == []
    assert found.good
    if is_about(502, found.exchanges):
        assert dict(found.clauses) == RECORDED


# --- the command ----------------------------------------------------------------------------------


def test_the_command_corrupts_the_emulator_where_there_are_no_recordings(tmp_path: Path) -> None:
    done = run("--each", "1", "--out", "results", folder=tmp_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "sessions of the emulator were corrupted instead" in done.stdout
    document = json.loads((tmp_path / "results" / "examination.json").read_text("utf-8"))
    strength = document["strength"]
    assert document["format"] == "mhsm-examination/1"
    assert strength["found_here"] + strength["found_later"] == strength["visible"] > 500
    assert len(strength["operators"]) == len(OPERATORS)
    assert sum(row["applied"] for row in strength["operations"]) == strength["applied"]
    assert document["clauses"]["ERR-101"] > 0


def test_the_command_lists_the_operators(tmp_path: Path) -> None:
    done = run("--operators", folder=tmp_path)
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == [o.name for o in OPERATORS]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("missing.jsonl",), "missing.jsonl: no such file or directory"),
        (("empty",), "empty: no session file (*.jsonl) is in the folder"),
        (("broken.jsonl",), "broken.jsonl:1: the line is not JSON"),
        (("--evidence", "x.py"), "--evidence needs recordings of the real service"),
        (("--each", "0"), "0 is not in the range"),
    ],
)
def test_what_cannot_be_examined_is_told_in_a_sentence(
    tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.jsonl").write_text("{", encoding="utf-8")
    done = run(*words, folder=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_judge_that_rejects_a_recording_fails_the_examination(tmp_path: Path) -> None:
    path = tampered(recorded_specimens(tmp_path)[0], 4, refused)
    done = run(str(path), "--each", "1", "--json", folder=tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout)["correctness"]["rejected"][0]["seq"] == 4
