import io
from dataclasses import replace

import pytest
from hypothesis import given, settings

from mhsm_reports import Outcome, RunResult, Selection, verdict
from mhsm_reports.render import terminal
from mhsm_reports.tests.samples import (
    BREACH,
    FAILING,
    HOSTILE,
    INTERRUPTED,
    PASSING,
    REFUSES_SIGNING,
    RUN,
    SIGNS,
    results,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def words(line: str) -> list[str]:
    return line.split()


def line_with(text: str, start: str) -> str:
    found = [line for line in text.splitlines() if line.strip().startswith(start)]
    assert len(found) == 1, found
    return found[0]


def test_the_head_says_what_was_run() -> None:
    run = replace(RUN, selection=Selection("sign", "SIGN-*"), strict=True)
    text = " ".join(words(terminal.render(replace(PASSING, run=run))))
    assert text.startswith(
        "mhsm-conformance 0.1.0: target model, profile smoke, seed 20250101, 12.3 s, "
        "1,234 exchanges, complete started 2025-03-01T09:30:00Z, 4 workers "
        "evidence self: This target is the specification itself, run forwards: a pass shows that "
        "it is consistent, and nothing about the real service. offers backup, roles selected "
        "suite sign, clauses SIGN-* strict "
    )


def test_clauses_are_counted_by_area() -> None:
    text = terminal.render(FAILING)
    assert words(line_with(text, "SIGN ")) == ["SIGN", "2", "1", "1", "1", ".", ".", "."]
    assert words(line_with(text, "STATE ")) == ["STATE", "1", ".", ".", ".", "1", ".", "."]
    assert words(line_with(text, "all ")) == ["all", "3", "1", "1", "1", "1", ".", "."]
    assert "Coverage: 2/3 MUST and SHOULD clauses that apply were exercised (66 %)" in text


def test_the_key_matrix_has_words_for_its_outcomes() -> None:
    text = terminal.render(FAILING)
    head = line_with(text, "key kind, algorithm")
    assert words(head)[3:] == ["sign", "verify", "encrypt", "decrypt", "wrap", "unwrap"]
    row = line_with(text, "RS256")
    assert row.index("FAIL") == head.index("sign")
    assert row.index("refused") == head.index("verify")
    row = line_with(text, "A256KW")
    assert words(row) == ["A256KW", "(q)", "-"]
    assert row.index("-") == head.index("wrap")
    assert "(q): resists quantum computers" in text


def test_checks_without_a_finding_are_grouped_by_reason() -> None:
    silent = [replace(PASSING.checks[1], id=f"domain.{number}") for number in range(3)]
    text = terminal.render(replace(PASSING, checks=(SIGNS, *silent)))
    assert "1 passed, 3 inapplicable" in text
    line = line_with(text, "3  inapplicable")
    assert line.endswith("the target does not offer security domains")


def test_of_many_failures_the_first_are_told_and_all_are_counted() -> None:
    many = tuple(replace(BREACH, check=f"check.{number}", seed=number) for number in range(60))
    text = " ".join(words(terminal.render(replace(FAILING, failures=many))))
    assert "Failures (60)" in text
    assert f"{terminal.MOST_TOLD}. check.{terminal.MOST_TOLD - 1} clause" in text
    assert f"check.{terminal.MOST_TOLD} " not in text
    assert "And 10 more, which the result file tells in full: SIGN-003 10" in text


def test_answers_to_open_questions_are_listed() -> None:
    text = terminal.render(PASSING)
    assert "CREATE-090  Is an empty tag name kept?" in text
    assert "refused, 400 (3 times)" in text


def test_an_expected_failure_has_its_reference_and_whether_it_was_seen() -> None:
    broken = replace(REFUSES_SIGNING, expected_failure="MODULE-1", declared=2)
    text = terminal.render(replace(PASSING, clauses=(broken,)))
    assert "Expected failures" in text
    assert "declared: MODULE-1" in text
    assert "broken 2 times" in text
    assert "1 clause broken as declared" in verdict(replace(PASSING, clauses=(broken,)))
    stale = replace(PASSING, clauses=(replace(broken, declared=0),))
    assert "stale: this run did not break it" in terminal.render(stale)
    part = replace(stale, run=replace(RUN, selection=Selection("sign")))
    assert "stale" not in terminal.render(part)


def test_a_failure_is_explained_in_full() -> None:
    text = terminal.render(FAILING)
    for label, part in (
        ("clause", BREACH.clause),
        ("says", BREACH.prose),
        ("source", BREACH.sources[0]),
        ("call", BREACH.exchange),
        ("expected", BREACH.expected),
        ("observed", BREACH.observed),
        ("steps", f"1. {BREACH.steps[0]}"),
        ("replay", "seed 20250101, with the script below"),
        ("case", BREACH.case),
    ):
        assert f"   {label:<8}  {part}\n" in text
    assert text.index("Warnings (1)") < text.index("Failures (1)")


def test_a_script_is_neither_wrapped_nor_indented() -> None:
    script = "call(" + "1, " * 100 + ")\nif True:\n    call()\n"
    text = terminal.render(replace(FAILING, failures=(replace(BREACH, script=script),)))
    assert f"\n{script}# --- end of replay\n" in text


@pytest.mark.parametrize("result", [PASSING, FAILING, INTERRUPTED])
@pytest.mark.parametrize("width", [80, 120])
def test_the_report_fits_and_ends_in_the_verdict(result: RunResult, width: int) -> None:
    text = terminal.render(result, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert text.isascii()
    assert text.endswith("\n")
    assert text.splitlines()[-1] == verdict(result)


def test_an_interrupted_run_says_so_twice() -> None:
    text = terminal.render(INTERRUPTED)
    assert "This run is interrupted: stopped from the keyboard" in text
    assert "INTERRUPTED after 12.3 s" in text
    assert "PASSED" not in text


def test_what_failed_without_an_explanation_is_named() -> None:
    result = replace(
        PASSING,
        clauses=(replace(REFUSES_SIGNING, outcome=Outcome.FAILED),),
        checks=(replace(SIGNS, outcome=Outcome.FAILED, reason="the harness broke"),),
    )
    text = terminal.render(result)
    assert "Failed without an explanation" in text
    assert "clause SIGN-003: Refuse to sign" in text
    assert "check sign.lacks_permission: the harness broke" in text


def test_a_reply_cannot_act_on_the_terminal() -> None:
    breach = replace(
        BREACH,
        check=HOSTILE,
        observed=HOSTILE,
        exchange=HOSTILE,
        script=HOSTILE,
        steps=(HOSTILE,),
    )
    result = replace(
        PASSING,
        run=replace(RUN, target=replace(RUN.target, name=HOSTILE, capabilities=(HOSTILE,))),
        clauses=(replace(REFUSES_SIGNING, id=HOSTILE + "-1"),),
        failures=(breach,),
        open_questions=(replace(PASSING.open_questions[0], clause=HOSTILE, answer=HOSTILE),),
        matrix=(replace(PASSING.matrix[0], key_kind=HOSTILE, algorithm=HOSTILE),),
    )
    text = terminal.render(result)
    assert not set("\x1b\x07\x00\ud800\u202e") & set(text)
    assert "[red]not markup[/red]" in text


@given(results())
@settings(deadline=None)
def test_any_result_is_rendered_as_plain_text(result: RunResult) -> None:
    text = terminal.render(result)
    assert all(character.isprintable() or character in "\n\t" for character in text)
    assert text.encode("utf-8")


def shown(stream: io.StringIO, result: RunResult = FAILING) -> str:
    terminal.show(result, stream)
    return stream.getvalue()


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)
    assert "\x1b[" in shown(Terminal())
    assert shown(io.StringIO()) == terminal.render(FAILING)
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown(Terminal()) == terminal.render(FAILING)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert shown(Terminal()) == terminal.render(FAILING)


def test_the_environment_cannot_force_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    assert shown(io.StringIO()) == terminal.render(FAILING, width=100)


@pytest.mark.parametrize("columns", ["", "0", "wide", "10", "²"])
def test_an_odd_width_is_survived(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert "FAILED: " in shown(io.StringIO())


def test_what_the_encoding_lacks_is_escaped() -> None:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="ascii")
    breach = replace(BREACH, observed="§ 4.2")
    terminal.show(replace(FAILING, failures=(breach,)), stream)
    assert rb"\xa7 4.2" in buffer.getvalue()


def test_parts_of_a_target_are_counted_by_the_clauses_they_answer_for() -> None:
    clauses = tuple(
        replace(REFUSES_SIGNING, id=f"SIGN-{number}", answered_by=part)
        for number, part in enumerate(("token", "adapter", "adapter"))
    )
    text = terminal.render(replace(PASSING, clauses=clauses))
    assert "answered for by: adapter 2, token 1" in text
    assert "answered for by" not in terminal.render(PASSING)
