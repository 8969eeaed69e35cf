"""Opening a page as a reader does, and asking what is seen there."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PHONE: Final = 390
DESKTOP: Final = 1440

MOST_ALIKE: Final = 4
"""Elements of one kind below one parent that a thinned page keeps; sections it keeps all."""

Scheme = Literal["light", "dark"]


@contextmanager
def viewed(
    browser: Browser,
    path: Path,
    *,
    width: int = DESKTOP,
    scheme: Scheme = "light",
    **settings: Any,
) -> Generator[Page]:
    """Open the page in a context of its own, as wide as a phone or a desktop."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, **settings
    )
    try:
        page = context.new_page()
        page.goto(path.as_uri())
        yield page
    finally:
        context.close()


def unfold(page: Page) -> None:
    """Open all that is folded."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")


def thin(page: Page) -> None:
    """Leave the first of what is repeated: it is alike, and looking at all of it takes minutes."""
    page.evaluate(
        """most => {
          const kind = each => each.localName + '.' + each.className;
          for (const parent of document.querySelectorAll('main *')) {
            const seen = {};
            for (const each of [...parent.children]) {
              seen[kind(each)] = (seen[kind(each)] || 0) + 1;
              if (seen[kind(each)] > most) each.remove();
            }
          }
        }""",
        MOST_ALIKE,
    )


def focused(page: Page) -> dict[str, Any]:
    """What has the focus: its tag, id and text, and whether an outline shows it."""
    told: dict[str, Any] = page.evaluate(
        """() => {
          const at = document.activeElement, style = getComputedStyle(at);
          return {
            tag: at.localName, id: at.id, text: at.textContent.trim().slice(0, 80),
            href: at.getAttribute('href'),
            outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
            seen: at.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
          };
        }"""
    )
    return told
