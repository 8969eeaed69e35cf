"""On a phone the runs of a comparison stand one below the other, each value with its name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mhsm_conformance.tests.browser.viewing import DESKTOP, PHONE, unfold, viewed

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LABELS = """() => [...document.querySelectorAll('table.stacks')].flatMap(table => {
  const heads = [...table.tHead.rows[0].cells].map(head => head.textContent);
  return [...table.tBodies[0].rows].flatMap(row => [...row.cells].map(cell =>
    [cell.localName, heads[cell.cellIndex], cell.dataset.label || '',
     getComputedStyle(cell, '::before').content]));
})"""


def test_every_value_has_the_name_of_its_column(browser: Browser, pages: Path) -> None:
    with viewed(browser, pages / "comparison.html", width=PHONE) as page:
        unfold(page)
        cells: list[tuple[str, str, str, str]] = page.evaluate(LABELS)
    values = [cell for cell in cells if cell[0] == "td"]
    assert len(values) > 50
    assert [cell for cell in values if cell[1] != cell[2] or cell[3] != f'"{cell[1]}"'] == []


def test_no_run_is_out_of_sight(browser: Browser, pages: Path) -> None:
    with viewed(browser, pages / "comparison.html", width=PHONE) as page:
        unfold(page)
        hidden: int = page.evaluate(
            """() => [...document.querySelectorAll('table.stacks td')].filter(
              cell => cell.getBoundingClientRect().right > innerWidth).length"""
        )
    assert hidden == 0


def test_on_a_desktop_they_stand_side_by_side(browser: Browser, pages: Path) -> None:
    with viewed(browser, pages / "comparison.html", width=DESKTOP) as page:
        tops: set[float] = set(
            page.evaluate(
                """() => [...document.querySelector('table.league tbody tr').cells].map(
                  cell => cell.getBoundingClientRect().top)"""
            )
        )
        named: list[tuple[str, str, str, str]] = page.evaluate(LABELS)
    assert len(tops) == 1
    assert {cell[3] for cell in named} == {"none"}
