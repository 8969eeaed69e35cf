"""The page of several runs: who stands where, where they differ, and how much of it lies open."""

from dataclasses import replace

from mhsm_reports import (
    Answer,
    CellOutcome,
    ClauseResult,
    Outcome,
    RunResult,
    TargetDescription,
)
from mhsm_reports.comparison import named_runs
from mhsm_reports.render.html import comparison_page
from mhsm_reports.render.html.comparison_page import MOST_OPEN, MOST_ROWS
from mhsm_reports.tests.large_result import FINDINGS, MUTANTS, large_result
from mhsm_reports.tests.page_structure import PageStructure
from mhsm_reports.tests.samples import FAILING, INTERRUPTED, PASSING, REFUSES_SIGNING, RUN, SIGNED

TOKENS = replace(RUN, target=TargetDescription("softhsm", (), "token"))


def page_of(*results: RunResult) -> PageStructure:
    runs = named_runs([(f"{number}.json", result) for number, result in enumerate(results)])
    return PageStructure(comparison_page(runs))


def other(result: RunResult) -> RunResult:
    return replace(result, run=TOKENS)


def test_what_all_come_to_stands_first() -> None:
    assert "All 2 runs passed." in page_of(PASSING, other(PASSING)).by_id("league").words
    worst = page_of(PASSING, other(FAILING), INTERRUPTED).by_id("league").words
    assert "Of 3 runs 1 passed, 1 failed, 1 unfinished." in worst


def test_runs_are_named_by_what_tells_them_apart() -> None:
    def names(*runs: tuple[str, RunResult]) -> list[str]:
        return [named.name for named in named_runs(runs)]

    later = replace(PASSING, run=replace(RUN, started_at="2025-03-02T09:30:00Z"))
    seeded = replace(PASSING, run=replace(RUN, seed=2))
    assert names(("a", PASSING), ("b", other(PASSING))) == ["model", "softhsm"]
    assert names(("a", PASSING), ("b", later)) == [
        "model, 2025-03-01T09:30:00Z",
        "model, 2025-03-02T09:30:00Z",
    ]
    assert names(("a", PASSING), ("b", seeded)) == ["model, seed 20250101", "model, seed 2"]
    assert names(("a", PASSING), ("b", PASSING)) == ["model, a", "model, b"]
    assert names(("a", PASSING), ("a", PASSING)) == ["model (1)", "model (2)"]


def test_the_league_ranks_and_says_what_kind_of_evidence_each_run_is() -> None:
    league = page_of(FAILING, other(PASSING)).by_id("league").words
    assert league.index("softhsm") < league.index("model")
    assert "second implementation" in league


def test_contradictions_come_before_what_one_run_could_not_test() -> None:
    untested = replace(REFUSES_SIGNING, id="ALG-001", outcome=Outcome.UNTESTED)
    runs = (
        replace(FAILING, clauses=(*FAILING.clauses, untested)),
        other(
            replace(PASSING, clauses=(*PASSING.clauses, replace(untested, outcome=Outcome.PASSED)))
        ),
    )
    differing = page_of(*runs).by_id("differences").words
    assert differing.index("SIGN-003") < differing.index("ALG-001")
    assert "Where they differ 2" in differing


def test_a_clause_that_a_run_does_not_know_is_a_difference() -> None:
    fewer = replace(PASSING, clauses=PASSING.clauses[:1])
    differing = page_of(PASSING, other(fewer)).by_id("differences").words
    assert "not known to it" in differing
    assert "SIGN-010" in differing


def test_many_differences_are_folded_and_none_is_left_out_in_silence() -> None:
    def clauses(outcome: Outcome) -> tuple[ClauseResult, ...]:
        numbers = range(MOST_ROWS + 7)
        return tuple(replace(REFUSES_SIGNING, id=f"SIGN-{n:03}", outcome=outcome) for n in numbers)

    page = page_of(
        replace(PASSING, clauses=clauses(Outcome.PASSED)),
        other(replace(PASSING, clauses=clauses(Outcome.FAILED))),
    )
    differing = page.by_id("differences").words
    assert f"{MOST_ROWS + 7 - MOST_OPEN} more clauses" in differing
    assert "and 7 more, in the result files." in differing
    rows = [name for name in page.ids() if name.startswith("SIGN-")]
    assert len(rows) == MOST_ROWS


def test_matrices_that_are_alike_are_drawn_once() -> None:
    often = replace(PASSING, matrix=tuple(replace(c, exchanges=99) for c in PASSING.matrix))
    page = page_of(PASSING, other(often))
    assert [e.words for e in page.elements if e.tag == "figcaption"] == ["model, softhsm alike"]
    page = page_of(PASSING, other(FAILING))
    assert [e.words for e in page.elements if e.tag == "figcaption"] == ["model", "softhsm"]
    assert "RSA-HSM 2048, RS256, sign passed failed" in " ".join(
        " ".join(row.text.split()) for row in page.elements if row.tag == "tr"
    ).replace("signpassedfailed", "sign passed failed")


def test_what_only_one_run_tried_is_no_difference() -> None:
    untried = replace(PASSING, matrix=(replace(SIGNED, outcome=CellOutcome.UNTESTED),))
    assert "Every combination" in page_of(PASSING, other(untried)).by_id("matrix").words


def test_an_open_question_differs_by_what_was_done_and_not_by_its_wording() -> None:
    def answered(*answers: str) -> RunResult:
        return replace(
            PASSING,
            open_questions=tuple(Answer("KEY-001", "Is it?", answer, 2) for answer in answers),
        )

    alike = page_of(answered('refused: 400 Bad "no"'), other(answered('refused: 400 Bad "never"')))
    assert "questions" not in alike.ids()
    page = page_of(
        answered("carried out"), other(answered('refused: 400 Bad "a"', 'refused: 400 Bad "b"'))
    )
    told = page.by_id("questions").words
    assert "carried out" in told
    assert "refused: 400 Bad a and 1 other wording" in told
    assert "questions" not in page_of(answered("carried out"), other(answered())).ids()


def test_a_page_of_many_large_runs_stays_below_2_mb() -> None:
    runs = named_runs(
        [
            (f"{number}.json", replace(large_result(breaches=50), run=replace(RUN, seed=number)))
            for number in range(4)
        ]
    )
    page = comparison_page(runs, [MUTANTS], [FINDINGS])
    assert len(page.encode("utf-8")) < 2_000_000
    assert page == comparison_page(runs, [MUTANTS], [FINDINGS])
