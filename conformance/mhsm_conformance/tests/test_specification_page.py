"""The page of the specification: all of it is there, no link dangles, and it needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Final

import pytest

from mhsm_conformance.explaining.error_table import error_rows
from mhsm_conformance.explaining.page.specification_page import specification_page
from mhsm_conformance.explaining.run_evidence import RunFile
from mhsm_model.catalogue import catalogue
from mhsm_model.clauses import Level
from mhsm_model.operations import OPERATIONS
from mhsm_model.tables.algorithms import ALGORITHMS
from mhsm_reports import Answer, TargetDescription
from mhsm_reports.tests.page_structure import LOADING, PageStructure
from mhsm_reports.tests.samples import PASSING

LARGEST: Final = 2_000_000


@pytest.fixture(scope="module")
def source() -> str:
    return specification_page()


@pytest.fixture(scope="module")
def page(source: str) -> PageStructure:
    return PageStructure(source)


def test_no_id_stands_twice(page: PageStructure) -> None:
    assert [name for name, count in Counter(page.ids()).items() if count > 1] == []


def test_every_clause_is_there_with_its_sentence_and_sources(page: PageStructure) -> None:
    for row in catalogue():
        text = page.by_id(row.identifier).words
        assert row.prose.replace("`", "") in text
        assert all(str(source) in text for source in row.sources)
        assert row.level.value in text
        assert row.basis.value in text


def test_every_operation_is_there_with_all_its_clauses(page: PageStructure) -> None:
    for row in OPERATIONS:
        text = page.by_id(row.name).words
        asked = [guard.clause for guard in row.guards]
        kept = [ensured.clause for ensured in row.ensures]
        for told in asked + kept:
            assert f"{told.identifier} {told.prose.replace('`', '')}" in text


def test_every_error_and_every_algorithm_is_there(page: PageStructure) -> None:
    for error in error_rows():
        text = page.by_id(error.anchor).words
        assert f"{error.status}" in text
        assert error.code in text
        assert error.message in text
        assert all(name in text for name in error.clauses)
    for name in ALGORITHMS:
        assert name in page.by_id(f"algorithm-{name}").words


def test_every_open_question_is_among_the_open_questions(page: PageStructure) -> None:
    text = page.by_id("questions").words
    for row in catalogue():
        assert (row.identifier in text) == (row.level is Level.OPEN)


def test_no_link_dangles_and_none_leads_away(page: PageStructure) -> None:
    ids = set(page.ids())
    links = [e.attributes["href"] or "" for e in page.elements if "href" in e.attributes]
    assert len(links) > 2000
    assert [link for link in links if not link.startswith("#") or link[1:] not in ids] == []


def test_labels_and_descriptions_name_what_is_there(page: PageStructure) -> None:
    ids = set(page.ids())
    for element in page.elements:
        for name in ("aria-labelledby", "aria-describedby", "aria-controls", "for"):
            told = element.attributes.get(name)
            assert told is None or ids.issuperset(told.split()), f"{name}={told}"
        if element.attributes.get("role") == "region":
            assert element.attributes.get("tabindex") == "0", "it scrolls, and keys must reach it"


def test_headings_go_down_one_step_at_a_time(page: PageStructure) -> None:
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_page_needs_nothing_but_itself(page: PageStructure, source: str) -> None:
    for element in page.elements:
        assert not (LOADING | {"style"}) & element.attributes.keys(), element
        assert not [name for name in element.attributes if name.startswith("on")]
        assert element.tag not in ("link", "img", "iframe", "object", "embed", "base")
    assert "@import" not in source
    assert "url(" not in source
    assert len(source.encode()) < LARGEST


def test_only_its_own_style_and_script_may_run(page: PageStructure, source: str) -> None:
    (policy,) = (
        element.attributes["content"] or ""
        for element in page.elements
        if element.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", source, re.S)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_same_specification_gives_the_same_page(source: str) -> None:
    assert specification_page() == source


def test_what_a_run_says_is_shown_and_a_hostile_target_is_only_text() -> None:
    hostile = "<script>alert(1)</script>\u202e&amp;"
    first = catalogue()[0].identifier
    run = replace(
        PASSING,
        run=replace(PASSING.run, target=TargetDescription(hostile, (), "live")),
        clauses=(replace(PASSING.clauses[0], id=first, held=7),),
        open_questions=(Answer("API-001", "?", "<b>refused</b>", 3),),
    )
    page = PageStructure(specification_page((RunFile("run.json", run),)))
    assert len([e for e in page.elements if e.tag == "script"]) == 1
    assert not [e for e in page.elements if e.tag == "b" and e.text == "refused"]
    shown = "<script>alert(1)</script>\\u202e&amp;"
    assert shown in page.by_id("about").words
    assert f"{shown}, " in page.by_id(first).words
    assert "held 7" in page.by_id(first).words
    assert f"{shown}: <b>refused</b> (3)" in page.by_id("questions").words
    assert "the run does not know the clause" in page.by_id(catalogue()[1].identifier).words
