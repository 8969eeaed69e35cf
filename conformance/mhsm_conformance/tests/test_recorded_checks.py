"""Whatever a check of the suites sends can be told as a case: a failing run must lose nothing."""

from __future__ import annotations

import io

import pytest

from mhsm_conformance import outcomes
from mhsm_conformance.cases.case import Case
from mhsm_conformance.cases.document import case_from_document, case_to_document
from mhsm_conformance.cases.recording import context_of, recorded_case
from mhsm_conformance.checks import CheckRecord
from mhsm_conformance.opening import Bench
from mhsm_conformance.progress import LineProgress
from mhsm_conformance.running import RunOptions, conducted
from mhsm_reports import RunState
from mhsm_reports.schema import first_violation


def test_every_check_is_a_case_that_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    concluded = outcomes.concluded
    cases: dict[str, Case] = {}

    def concluding(
        nodeid: str,
        title: str,
        clauses: tuple[str, ...],
        bench: Bench,
        call: pytest.CallInfo[None],
    ) -> CheckRecord:
        session = bench.session
        if session is not None and session.steps:
            cases[nodeid] = recorded_case(
                session.steps,
                "ERR-201",
                nodeid,
                bench.seed,
                context_of(bench.target, bench.factory.profile),
                session.configurations,
                strict=False,
            )
        return concluded(nodeid, title, clauses, bench, call)

    monkeypatch.setattr(outcomes, "concluded", concluding)
    result = conducted(RunOptions("model", "smoke"), LineProgress(io.StringIO()))
    assert len(cases) > 700
    assert len(cases) <= len(result.checks)
    for case in cases.values():
        document = case_to_document(case)
        assert first_violation(document, document["format"]) is None
        assert case_from_document(document) == case
    # What no case holds is rare: else failures could not be tried again.
    assert sum(case.left_out is not None for case in cases.values()) <= 4


def test_a_failure_after_an_empty_path_is_told_whole() -> None:
    options = RunOptions("mutant:successes-share-an-id", "smoke", suite="paths")
    result = conducted(options, LineProgress(io.StringIO()))
    assert result.run.state is RunState.COMPLETE
    (told,) = (f for f in result.failures if f.check == "paths::test_no_operation[GET-]")
    assert told.clause == "API-209"
    assert "needs an empty path, which no case holds" in told.script
