"""Failures of scenarios are told by the fewest steps that show them, within bounds."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Final

import pytest

from mhsm_conformance.cases import shorter_failures
from mhsm_conformance.cases.document import case_from_document
from mhsm_conformance.cases.shorter_failures import shorten_failures
from mhsm_conformance.cases.trial import Verdict, tried
from mhsm_conformance.checks import CheckRecord, records_of
from mhsm_conformance.progress import LineProgress
from mhsm_conformance.running import RunOptions, conducted
from mhsm_reports import RunResult
from mhsm_targets.registry import target_factory

BROKEN: Final = "mutant:gcm-ignores-the-aad"


class Kept:
    """The documents of the cases of a run."""

    def __init__(self) -> None:
        self.documents: list[Mapping[str, Any]] = []

    def __call__(self, document: Mapping[str, Any]) -> str:
        self.documents.append(document)
        return f"cases/{len(self.documents)}.json"


def failed(kept: Kept, *, shrinks: bool = True) -> RunResult:
    options = RunOptions(BROKEN, "smoke", suite="encrypting", clause="GCM-*", shrinks=shrinks)
    return conducted(options, LineProgress(io.StringIO()), named=kept)


def test_a_scenario_is_told_by_what_shows_its_breach() -> None:
    whole, least = failed(Kept(), shrinks=False), failed(kept := Kept())
    assert [told.check for told in least.failures] == [told.check for told in whole.failures]
    assert [told.clause for told in least.failures] == [told.clause for told in whole.failures]
    assert max(len(told.steps) for told in whole.failures) > 10
    assert max(len(told.steps) for told in least.failures) <= 3
    for told, document in zip(least.failures, kept.documents, strict=True):
        case = case_from_document(document)
        assert case.shortened_from is None
        assert len(case.steps) == len(told.steps)
        assert told.exchange == told.steps[-1]
        assert told.script.count("hsm.send(") == len(told.steps)
        again = tried(case, target_factory(BROKEN))
        assert (again.verdict, again.at) == (Verdict.FAILED, len(case.steps))
        assert again.broke(told.clause)
        assert tried(case, target_factory("model")).verdict is Verdict.FIXED


def records() -> list[CheckRecord]:
    """What the checks of a broken target recorded, as they were found."""
    kept = Kept()
    result = failed(kept, shrinks=False)
    found: list[CheckRecord] = []
    for told, document in zip(result.failures, kept.documents, strict=True):
        record = CheckRecord(told.check, "encrypting", "", (told.clause,), "failed", seed=told.seed)
        record.failures = records_of(
            case_from_document(document),
            tried(case_from_document(document), target_factory(BROKEN)).breaches,
            told.steps,
        )
        found.append(record)
    return found


def lengths(found: list[CheckRecord]) -> list[int]:
    return [len(told.steps) for record in found for told in record.failures]


def test_each_clause_comes_first_where_little_may_be_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    found = records()
    whole = lengths(found)
    monkeypatch.setattr(shorter_failures, "_TRIALS", 0)
    shorten_failures(found, target_factory(BROKEN), lambda: None)
    assert lengths(found) == whole
    monkeypatch.setattr(shorter_failures, "_TRIALS", 40)
    shorten_failures(found, target_factory(BROKEN), lambda: None)
    clauses = [told.clause for record in found for told in record.failures]
    firsts = {clauses.index(clause) for clause in clauses}
    after = lengths(found)
    assert all(after[place] < whole[place] for place in firsts if whole[place] > 3)
    assert any(after[place] == whole[place] > 3 for place in range(len(whole)))


def test_what_the_target_does_not_show_again_stays_whole() -> None:
    found = records()
    whole = lengths(found)
    shorten_failures(found, target_factory("model"), lambda: None)
    assert lengths(found) == whole


def test_an_interrupt_leaves_the_rest_whole() -> None:
    found = records()
    whole = lengths(found)
    left = 200

    def check() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shorten_failures(found, target_factory(BROKEN), check)
    after = lengths(found)
    assert len(after) == len(whole)
    assert after[-1] == whole[-1]
    assert sum(after) < sum(whole)
