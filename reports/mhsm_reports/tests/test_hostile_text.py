"""Whatever a target said is shown as text, in every report: nothing of it acts on a reader."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mhsm_reports import RunResult, RunState
from mhsm_reports.comparison import named_runs
from mhsm_reports.render import junit, markdown, terminal
from mhsm_reports.render.html import comparison_page, run_page
from mhsm_reports.render.visible_text import visible, visible_line
from mhsm_reports.tests.hostile_results import HOSTILE_TEXTS, with_texts
from mhsm_reports.tests.large_result import FINDINGS, MUTANTS, large_result
from mhsm_reports.tests.page_structure import PageStructure
from mhsm_reports.tests.samples import FAILING

#: One word on one line, as long as the hostile texts are: what it gives is what there should be.
HARMLESS = "harmless"

EVERYTHING = replace(
    large_result(clauses=40, checks=60, breaches=6),
    run=replace(FAILING.run, state=RunState.INTERRUPTED, state_reason="why"),
)

texts = pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)


def named_as_before(result: RunResult, text: str) -> RunResult:
    """Hostile but for the names of clauses: they join the runs of a comparison, and sort it."""
    hostile = with_texts(result, text)
    clauses = zip(hostile.clauses, result.clauses, strict=True)
    return replace(hostile, clauses=tuple(replace(clause, id=was.id) for clause, was in clauses))


@cache
def pages(text: str) -> dict[str, str]:
    mutants, findings = [with_texts(MUTANTS, text)], [with_texts(FINDINGS, text)]
    runs = [(text, named_as_before(result, text)) for result in (EVERYTHING, FAILING)]
    return {
        "run": run_page(with_texts(EVERYTHING, text), mutants, findings),
        "comparison": comparison_page(named_runs(runs), mutants, findings),
    }


def reported(text: str) -> RunResult:
    return with_texts(FAILING, text)


@texts
@pytest.mark.parametrize("kind", ["run", "comparison"])
def test_a_page_has_the_elements_that_it_has_with_harmless_text(kind: str, text: str) -> None:
    page, harmless = PageStructure(pages(text)[kind]), PageStructure(pages(HARMLESS)[kind])
    assert page.shape() == harmless.shape()
    # The script and the policy that permits it are the same, whatever the texts are.
    assert [e.text for e in page.elements if e.tag in ("script", "style")] == [
        e.text for e in harmless.elements if e.tag in ("script", "style")
    ]


@texts
@pytest.mark.parametrize("kind", ["run", "comparison"])
def test_a_page_shows_the_text_and_hides_nothing_of_it(kind: str, text: str) -> None:
    page = pages(text)[kind]
    page.encode("utf-8")
    unseen = {c for c in page if unicodedata.category(c) in ("Cc", "Cf", "Cs")} - {"\n"}
    assert not unseen
    shown = " ".join(PageStructure(page).elements[0].text.split())
    assert " ".join(visible(text).split()) in shown


def block_types(tokens: Sequence[Token]) -> list[str]:
    return [token.type for token in tokens]


def inline_types(tokens: Sequence[Token]) -> set[str]:
    return {child.type for token in tokens for child in token.children or ()}


@texts
def test_markdown_has_the_blocks_that_it_has_with_harmless_text(text: str) -> None:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    summary = markdown.render(reported(text))
    summary.encode("utf-8")
    found, harmless = (
        parser.parse(rendered) for rendered in (summary, markdown.render(reported(HARMLESS)))
    )
    assert block_types(found) == block_types(harmless)
    assert inline_types(found) <= {"text", "strong_open", "strong_close", "softbreak"}


@texts
def test_html_in_markdown_is_only_what_folds(text: str) -> None:
    parser = MarkdownIt("commonmark").enable("table")
    for token in parser.parse(markdown.render(reported(text))):
        if token.type == "html_block":
            without = re.sub(r"</?(details|summary)>", "", token.content)
            assert "<" not in without


@texts
def test_a_comparison_in_markdown_stays_a_table(text: str) -> None:
    parser = MarkdownIt("commonmark").enable("table")

    def tokens(word: str) -> list[Token]:
        runs = [(word, reported(word)), (word, with_texts(EVERYTHING, word))]
        return parser.parse(markdown.render_comparison(named_runs(runs)))

    # Names of clauses join the runs, and so their number is the same.
    assert block_types(tokens(text)) == block_types(tokens(HARMLESS))


@texts
def test_markdown_links_and_mentions_nobody(text: str) -> None:
    outside = re.sub(r"(?ms)^(`{3,})[^\n]*\n.*?^\1$", "", markdown.render(reported(text)))
    outside = re.sub(r"<summary>.*?</summary>", "", outside)
    assert not re.search(r"(?<!\\)[@#]\w", re.sub(r"(?m)^#+ ", "", outside))
    assert not re.search(r"https?:/|www\.", outside)


@texts
def test_junit_has_the_elements_that_it_has_with_harmless_text(text: str) -> None:
    found, harmless = (
        ET.fromstring(junit.render(reported(word)).encode("utf-8")) for word in (text, HARMLESS)
    )
    assert [e.tag for e in found.iter()] == [e.tag for e in harmless.iter()]
    failure = next(found.iter("failure"))
    assert visible_line(text) in (failure.get("message") or "")


@texts
@pytest.mark.parametrize("colour", [True, False])
def test_a_terminal_is_told_nothing_but_colours(colour: bool, text: str) -> None:
    shown = terminal.render(reported(text), colour=colour)
    if colour:
        shown = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert all(character.isprintable() or character == "\n" for character in shown)
    # Wrapped lines break the text; its words are all there.
    assert all(word in shown for word in visible_line(text).split()[:1])
