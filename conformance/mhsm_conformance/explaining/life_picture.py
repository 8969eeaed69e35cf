"""The life of a key name as a picture: SVG, drawn from the table of transitions."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise
from typing import Final

from mhsm_conformance.explaining.life_table import edges
from mhsm_model.tables.lifecycle import Stage

__all__ = ["life_picture"]

_WIDTH: Final = 440
_BOX_WIDTH: Final = 150
_BOX_HEIGHT: Final = 46
_GAP: Final = 118
_LEFT: Final = 66
_TOP: Final = 34
_LINE: Final = 16
_SIDE: Final = 29
"""Letters in a line of what stands right of a box."""

_STYLE: Final = """
.mhsm-life{--ground:#fff;--ink:#1c2733;--soft:#55636f;--line:#6b7a88;--fill:#eef3f7;--edge:#4a7ba6}
@media(prefers-color-scheme:dark){.mhsm-life{--ground:#161d24;--ink:#e6ebf0;--soft:#a3b1bd;
--line:#8797a5;--fill:#22303d;--edge:#7fb2dd}}
@media print{.mhsm-life{--ground:#fff;--ink:#000;--soft:#333;--line:#555;--fill:#fff;--edge:#333}}
.mhsm-life text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink)}
.mhsm-life .stage{font-weight:600;font-size:15px;text-anchor:middle}
.mhsm-life .stays{fill:var(--soft);font-size:12px}
.mhsm-life .around{text-anchor:middle}
.mhsm-life .ground{fill:var(--ground)}
.mhsm-life .box{fill:var(--fill);stroke:var(--edge);stroke-width:1.5}
.mhsm-life .step{fill:none;stroke:var(--line);stroke-width:1.5}
.mhsm-life .head{fill:var(--line)}
"""

Edges = Mapping[tuple[Stage, Stage], tuple[str, ...]]


def life_picture(*, identifier: str = "mhsm-life") -> str:
    """The picture as an SVG element; `identifier` begins the ids in it, one for each page.

    It has a title and a description for those who do not see it, and its own colours for light and
    dark. Raises ValueError for a transition that the picture has no room for.
    """
    found, stages = edges(), list(Stage)
    height = _TOP * 2 + len(stages) * _BOX_HEIGHT + (len(stages) - 1) * _GAP
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mhsm-life" role="img" '
        f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'aria-labelledby="{identifier}-title {identifier}-text">',
        f'<title id="{identifier}-title">The life of a key name</title>',
        f'<desc id="{identifier}-text">{escape(_described(found))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{_WIDTH}" height="{height}" rx="8"/>',
    ]
    for place, stage in enumerate(stages):
        drawn += _box(stage, _top_of(place), found.get((stage, stage), ()))
    shown = {(stage, stage) for stage in stages}
    for place, (upper, lower) in enumerate(pairwise(stages)):
        drawn += _steps(place, found.get((upper, lower), ()), found.get((lower, upper), ()))
        shown |= {(upper, lower), (lower, upper)}
    around = (stages[-1], stages[0])
    drawn += _around(len(stages) - 1, found.get(around, ()))
    left_out = found.keys() - shown - {around}
    if left_out:
        raise ValueError(f"no room for {sorted(before.value for before, _ in left_out)}")
    return "\n".join([*drawn, "</svg>"]) + "\n"


def _described(found: Edges) -> str:
    """The transitions in words."""
    told = [
        f"{_listed(names)} {'lead' if len(names) > 1 else 'leads'} from {a.value} to {b.value}."
        if a is not b
        else f"{_listed(names)} {'leave' if len(names) > 1 else 'leaves'} {a.value} as it is."
        for (a, b), names in found.items()
    ]
    return " ".join(told)


def _listed(names: tuple[str, ...]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _top_of(place: int) -> int:
    return _TOP + place * (_BOX_HEIGHT + _GAP)


def _box(stage: Stage, top: int, stays: tuple[str, ...]) -> Iterator[str]:
    middle = top + _BOX_HEIGHT // 2
    yield (
        f'<rect class="box" x="{_LEFT}" y="{top}" width="{_BOX_WIDTH}" '
        f'height="{_BOX_HEIGHT}" rx="8"/>'
    )
    x = _LEFT + _BOX_WIDTH // 2
    yield f'<text class="stage" x="{x}" y="{middle + 5}">{escape(stage.value)}</text>'
    lines = textwrap.wrap(f"stays: {', '.join(stays)}" if stays else "", _SIDE)
    first = middle + 4 - (len(lines) - 1) * (_LINE - 1) // 2
    for row, line in enumerate(lines):
        y = first + row * (_LINE - 1)
        yield (f'<text class="stays" x="{_LEFT + _BOX_WIDTH + 12}" y="{y}">{escape(line)}</text>')


def _steps(place: int, down: tuple[str, ...], up: tuple[str, ...]) -> Iterator[str]:
    top, bottom = _top_of(place) + _BOX_HEIGHT, _top_of(place + 1)
    left, right = _LEFT + 40, _LEFT + 72
    labels: list[str] = []
    if down:
        yield f'<path class="step" d="M{left} {top}V{bottom - 8}"/>'
        yield f'<path class="head" d="M{left - 5} {bottom - 9}h10l-5 9z"/>'
        labels += textwrap.wrap(f"↓ {', '.join(down)}", _SIDE + 8)
    if up:
        yield f'<path class="step" d="M{right} {bottom}V{top + 8}"/>'
        yield f'<path class="head" d="M{right - 5} {top + 9}h10l-5 -9z"/>'
        labels += textwrap.wrap(f"↑ {', '.join(up)}", _SIDE + 8)
    first = (top + bottom) // 2 + 4 - (len(labels) - 1) * _LINE // 2
    for row, label in enumerate(labels):
        yield f'<text x="{right + 14}" y="{first + row * _LINE}">{escape(label)}</text>'


def _around(last: int, names: tuple[str, ...]) -> Iterator[str]:
    if not names:
        return
    low, high = (_top_of(place) + _BOX_HEIGHT // 2 for place in (last, 0))
    x, middle = _LEFT - 30, (_top_of(last) + _top_of(0) + _BOX_HEIGHT) // 2
    line = f"M{_LEFT} {low}H{x + 8}q-8 0 -8 -8V{high + 8}q0 -8 8 -8H{_LEFT - 8}"
    yield f'<path class="step" d="{line}"/>'
    yield f'<path class="head" d="M{_LEFT - 9} {high - 5}v10l9 -5z"/>'
    turned = f"rotate(-90 {x - 8} {middle})"
    told = escape(" or ".join(names))
    yield f'<text class="around" x="{x - 8}" y="{middle}" transform="{turned}">{told}</text>'
