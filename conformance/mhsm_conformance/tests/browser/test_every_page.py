"""What holds for every page: it is quiet, fits a phone, and can be read by anybody."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mhsm_conformance.tests.browser.conftest import PAGES
from mhsm_conformance.tests.browser.viewing import (
    DESKTOP,
    PHONE,
    Scheme,
    focused,
    thin,
    unfold,
    viewed,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

every_page = pytest.mark.parametrize("name", PAGES)


@pytest.mark.parametrize("name", [*PAGES, "large"])
def test_a_page_opens_in_silence_and_fetches_nothing(
    browser: Browser, pages: Path, name: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    place = pages / f"{name}.html"
    page.goto(place.as_uri())
    page.wait_for_timeout(200)
    timing: dict[str, float] = page.evaluate(
        "performance.getEntriesByType('navigation')[0].toJSON()"
    )
    context.close()
    assert said == []
    assert [url for url in asked if url != "data:,"] == [place.as_uri()]
    kilobytes = place.stat().st_size / 1000
    print(f"{name}: {kilobytes:,.0f} kB, opened in {timing['loadEventEnd']:,.0f} ms")


@every_page
@pytest.mark.parametrize("width", [320, PHONE, DESKTOP])
def test_no_page_scrolls_sideways(browser: Browser, pages: Path, name: str, width: int) -> None:
    with viewed(browser, pages / f"{name}.html", width=width) as page:
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@every_page
@pytest.mark.parametrize(("scheme", "width"), [("light", DESKTOP), ("dark", PHONE)])
def test_axe_finds_nothing(
    browser: Browser, pages: Path, name: str, scheme: Scheme, width: int
) -> None:
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    with viewed(browser, pages / f"{name}.html", width=width, scheme=scheme) as page:
        unfold(page)
        thin(page)
        page.evaluate(axe)
        found: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    told = [
        f"{each['id']} ({each['impact']}): {node['target']} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
    assert told == []
    # That the contrast of text was measured at all.
    assert "color-contrast" in {each["id"] for each in found["passes"]}


@every_page
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_whatever_takes_the_focus_shows_it(
    browser: Browser, pages: Path, name: str, width: int
) -> None:
    with viewed(browser, pages / f"{name}.html", width=width) as page:
        page.keyboard.press("Tab")
        skip = focused(page)
        assert skip["text"].startswith("Skip to")
        seen = [skip]
        for _ in range(60):
            page.keyboard.press("Tab")
            at = focused(page)
            if at["tag"] == "body":
                break
            seen.append(at)
        assert [at for at in seen if not (at["outlined"] and at["seen"])] == []


@every_page
def test_the_skip_link_leads_past_the_contents(browser: Browser, pages: Path, name: str) -> None:
    with viewed(browser, pages / f"{name}.html") as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert focused(page)["tag"] == "main"


@every_page
def test_there_is_one_main_part_one_title_and_a_table_of_contents(
    browser: Browser, pages: Path, name: str
) -> None:
    with viewed(browser, pages / f"{name}.html") as page:
        assert page.get_by_role("main").count() == 1
        assert page.get_by_role("heading", level=1).count() == 1
        links = page.get_by_role("navigation", name="Contents").get_by_role("link")
        targets: list[str] = links.evaluate_all("all => all.map(each => each.hash.slice(1))")
        assert targets
        assert (
            page.evaluate("all => all.filter(each => !document.getElementById(each))", targets)
            == []
        )


@every_page
def test_nothing_moves_where_that_is_not_wanted(browser: Browser, pages: Path, name: str) -> None:
    with viewed(browser, pages / f"{name}.html", reduced_motion="reduce") as page:
        moving: int = page.evaluate(
            """() => [document.documentElement, ...document.querySelectorAll('*')].filter(each => {
              const style = getComputedStyle(each);
              return style.scrollBehavior === 'smooth' || style.animationName !== 'none'
                || parseFloat(style.transitionDuration) > 0;
            }).length"""
        )
        assert moving == 0


@every_page
def test_everything_is_there_without_scripts(browser: Browser, pages: Path, name: str) -> None:
    with viewed(browser, pages / f"{name}.html", java_script_enabled=False) as page:
        assert page.locator("main").is_visible()
        # What only a script could serve does not show.
        assert not page.locator("[hidden]:visible").count()
        assert page.locator("button:visible").count() == 0


@every_page
def test_in_print_only_what_is_for_the_screen_is_left_out(
    browser: Browser, pages: Path, name: str
) -> None:
    with viewed(browser, pages / f"{name}.html", scheme="dark") as page:
        page.emulate_media(media="print")
        assert page.get_by_role("navigation").count() == 0
        assert page.locator("button:visible, input:visible, select:visible").count() == 0
        shown = page.locator("main > section").all()
        assert shown
        assert all(section.is_visible() for section in shown)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert sum(map(int, ground.strip("rgb()").split(","))) > 3 * 240
