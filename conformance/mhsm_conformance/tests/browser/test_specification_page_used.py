"""The page of the specification as it is used: searched by keyboard, and folded on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mhsm_conformance.tests.browser.viewing import DESKTOP, PHONE, focused, viewed

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_the_search_is_used_by_keyboard_alone(browser: Browser, pages: Path) -> None:
    with viewed(browser, pages / "specification.html") as page:
        page.keyboard.press("/")
        assert focused(page)["id"] == "search"
        page.keyboard.type("GCM-201")
        assert page.get_by_role("status").inner_text().endswith("found")
        page.keyboard.press("ArrowDown")
        first = focused(page)
        assert first["href"] == "#GCM-201"
        assert first["outlined"]
        page.keyboard.press("ArrowUp")
        assert focused(page)["id"] == "search"
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#GCM-201"
        assert not page.locator("#found-box").is_visible()


def test_what_is_not_there_is_said_and_escape_closes(browser: Browser, pages: Path) -> None:
    with viewed(browser, pages / "specification.html", width=PHONE) as page:
        page.get_by_role("searchbox").fill("zzz")
        assert page.get_by_text("Nothing found").is_visible()
        page.get_by_role("searchbox").press("Escape")
        assert not page.locator("#found-box").is_visible()


def test_contents_are_folded_on_a_phone_only(browser: Browser, pages: Path) -> None:
    for width, shown in ((PHONE, False), (DESKTOP, True)):
        with viewed(browser, pages / "specification.html", width=width) as page:
            link = page.get_by_role("navigation").get_by_role("link", name="Algorithms", exact=True)
            assert link.is_visible() is shown
