"""The templates of the pages, and how a value becomes text in them.

Whatever a target said is hostile: every value is made visible (no control or bidirectional marks)
and then escaped.
"""

import math
from functools import cache
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

from mhsm_reports.render.html.self_contained import asset, page_environment, style_and_script
from mhsm_reports.render.visible_text import bounded, visible
from mhsm_reports.verdict import counted

_PACKAGE: Final = "mhsm_reports.render.html"

LONGEST_TEXT: Final = 20_000
"""Characters of one text that a page shows; a reply may have megabytes."""


def rendered(template: str, **values: object) -> str:
    """Return the page that a template of this package makes of the values."""
    return _environment().get_template(template).render(**_own(), **values)


def shown(value: object) -> object:
    """Return what a template writes for a value, before it is escaped."""
    if isinstance(value, Markup):
        return value
    return visible(bounded(str(value), LONGEST_TEXT))


def duration(seconds: float) -> str:
    """Write a time in seconds as people do: `4.2 ms`, `16.6 s`, `2 min 5 s`."""
    if seconds < 1:
        return f"{1000 * seconds:,.{0 if seconds >= 0.1 else 1}f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    if math.isinf(seconds):
        # The sum of times that a file may hold, each of them finite.
        return "∞ s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s"


def share(part: float, whole: float) -> float:
    """Return a part as a percentage of the whole, in tenths; of nothing it is 0."""
    return round(100 * (part / whole), 1) if whole and math.isfinite(whole) else 0.0


@cache
def _environment() -> Environment:
    environment = page_environment(_PACKAGE, shown)
    # Jinja declares them as what it puts there itself.
    untyped: Any = environment
    untyped.filters |= {
        "duration": duration,
        "number": _number,
        "counted": _counted,
        "bounded": bounded,
    }
    untyped.globals["share"] = share
    return environment


def _number(number: int) -> str:
    return f"{number:,}"


def _counted(number: int, noun: str, several: str | None = None) -> str:
    """Write a number with its noun, and with a plural of its own where that is irregular."""
    return counted(number, noun) if several is None or number == 1 else f"{number:,} {several}"


@cache
def _own() -> dict[str, Any]:
    return style_and_script(asset(_PACKAGE, "page.css"), asset(_PACKAGE, "page.js"), "data:")
