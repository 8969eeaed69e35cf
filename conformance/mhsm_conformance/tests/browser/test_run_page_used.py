"""The page of a run as it is used: filtering, copying, unfolding, switching, by keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mhsm_conformance.tests.browser.viewing import PHONE, focused, viewed
from mhsm_reports.tests.large_result import breach

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

VISIBLE_ROWS = "#clause-table tbody tr:not([hidden])"


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element of that id has the focus."""
    for _ in range(400):
        page.keyboard.press("Tab")
        if focused(page)["id"] == name:
            return
    raise AssertionError(f"{name} cannot be reached by keyboard")


def told(page: Page) -> str:
    return page.locator("#f-told").inner_text()


def test_clauses_are_filtered_by_keyboard_alone(browser: Browser, pages: Path) -> None:
    with viewed(browser, pages / "run.html") as page:
        page.locator("#clauses").scroll_into_view_if_needed()
        every = page.locator(VISIBLE_ROWS).count()
        tab_to(page, "f-text")
        page.keyboard.type("gcm must")
        assert 0 < page.locator(VISIBLE_ROWS).count() < every
        assert told(page) == f"{page.locator(VISIBLE_ROWS).count()} of {every} clauses"
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert focused(page)["id"] == "f-outcome"
        page.keyboard.type("failed")
        outcomes = {row.get_attribute("data-outcome") for row in page.locator(VISIBLE_ROWS).all()}
        assert outcomes <= {"failed"}
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelector('#f-text').value === ''")
        assert page.locator(VISIBLE_ROWS).count() == every
        assert told(page) == f"{every} clauses"


def test_a_filter_that_nothing_matches_says_so(browser: Browser, pages: Path) -> None:
    with viewed(browser, pages / "run.html", width=PHONE) as page:
        page.get_by_label("Words").fill("no such word")
        assert page.get_by_text("No clause matches.").is_visible()
        assert told(page).startswith("0 of ")


@pytest.mark.parametrize(
    ("label", "option", "attribute"),
    [("Area", "GCM", "data-area"), ("Outcome", "inconclusive", "data-outcome")],
)
def test_every_list_filters_by_what_it_says(
    browser: Browser, pages: Path, label: str, option: str, attribute: str
) -> None:
    with viewed(browser, pages / "run.html") as page:
        page.get_by_label(label, exact=True).select_option(option)
        rows = page.locator(VISIBLE_ROWS).all()
        assert rows
        assert {row.get_attribute(attribute) for row in rows} == {option}


def test_the_filter_of_evidence_offers_what_there_is(browser: Browser, pages: Path) -> None:
    with viewed(browser, pages / "run.html") as page:
        kinds = page.get_by_role("combobox", name="Evidence")
        assert kinds.locator("option").all_inner_texts() == [
            *("all", "self", "mutant", "recorded", "nothing beyond self"),
        ]
        kinds.select_option("recorded")
        rows = page.locator(VISIBLE_ROWS).all()
        assert rows
        assert all("R" in (row.get_attribute("data-evidence") or "") for row in rows)
        kinds.select_option("nothing beyond self")
        rows = page.locator(VISIBLE_ROWS).all()
        assert {row.get_attribute("data-evidence") for row in rows} <= {"", "S"}


def test_a_script_is_copied_whole(browser: Browser, pages: Path) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    with viewed(browser, pages / "run.html", permissions=permissions) as page:
        copy = page.get_by_role("button", name="Copy the Python of failure 1", exact=True)
        copy.focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == breach(0).script.strip("\n")


def test_where_nothing_may_be_copied_the_script_is_selected(browser: Browser, pages: Path) -> None:
    with viewed(browser, pages / "run.html") as page:
        page.evaluate(
            "() => { navigator.clipboard.writeText = async () => { throw new Error(); }; }"
        )
        page.get_by_role("button", name="Copy the Python of failure 1", exact=True).click()
        page.get_by_role("button", name="Selected").wait_for()
        assert page.evaluate("getSelection().toString()") == breach(0).script.strip("\n")


def test_a_link_to_a_clause_unfolds_it_and_drops_the_filter(browser: Browser, pages: Path) -> None:
    with viewed(browser, pages / "run.html") as page:
        page.get_by_label("Words").fill("no such word")
        page.evaluate("location.hash = '#GCM-006'")
        row = page.locator("#GCM-006")
        row.locator("dl").wait_for(state="visible")
        assert row.is_visible()
        assert page.get_by_label("Words").input_value() == ""
        assert row.bounding_box() is not None


def test_a_page_opened_at_a_clause_shows_it(browser: Browser, pages: Path) -> None:
    with viewed(browser, pages / "run.html") as page:
        page.goto((pages / "run.html").as_uri() + "#LIFE-009")
        assert page.locator("#LIFE-009 dl").is_visible()
        page.goto((pages / "run.html").as_uri() + "#%E0%A4%A")
        assert page.locator("h1").is_visible()


@pytest.mark.parametrize("first", ["light", "dark"])
def test_the_theme_is_switched_and_kept(browser: Browser, pages: Path, first: str) -> None:
    other = {"light": "dark", "dark": "light"}[first]
    ground = "getComputedStyle(document.body).backgroundColor"
    with viewed(browser, pages / "run.html", scheme=first) as page:  # type: ignore[arg-type]
        before = page.evaluate(ground)
        page.get_by_role("button", name=f"Switch to the {other} theme").focus()
        page.keyboard.press("Enter")
        after = page.evaluate(ground)
        assert after != before
        page.reload()
        assert page.evaluate(ground) == after
        page.get_by_role("button", name=f"Switch to the {first} theme").click()
        assert page.evaluate(ground) == before


def test_folded_failures_are_opened_by_keyboard_and_all_are_printed(
    browser: Browser, pages: Path
) -> None:
    with viewed(browser, pages / "run.html") as page:
        folded = page.locator("details.story").first
        assert not folded.locator(".observed").is_visible()
        folded.locator("summary").first.focus()
        page.keyboard.press("Enter")
        assert folded.locator(".observed").is_visible()
        page.keyboard.press("Enter")
        page.emulate_media(media="print")
        hidden: int = page.evaluate(
            """() => [...document.querySelectorAll('.story .observed, .story pre')]
              .filter(each => !each.checkVisibility({ contentVisibilityAuto: true })).length"""
        )
        assert hidden == 0
