"""The life of a key name as a picture: SVG, drawn from the table of transitions."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise
from typing import Final

from mhsm_conformance.explaining.life_table import edges
from mhsm_model.tables.lifecycle import Stage

__all__ = ["LIFE_STYLE", "life_picture"]

_WIDTH: Final = 440
_BOX_WIDTH: Final = 150
_BOX_HEIGHT: Final = 46
_GAP: Final = 118
_LEFT: Final = 66
_TOP: Final = 34
_LINE: Final = 16
_SIDE: Final = 29
"""Letters in a line of what stands right of a box."""

_COLOURS: Final = """
.mhsm-life{--ground:#fff;--ink:#1d1c1a;--muted:#605c55;--rail:#f3f1ec;--link:#0a5a9c}
@media(prefers-color-scheme:dark){.mhsm-life{--ground:#1d1d1b;--ink:#ebe9e4;--muted:#a9a59c;
--rail:#2b2a27;--link:#86bdf5}}
"""
LIFE_STYLE: Final = """
.mhsm-life text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink)}
.mhsm-life .stage{font-weight:600;font-size:15px;text-anchor:middle}
.mhsm-life .stays{fill:var(--muted);font-size:12px}
.mhsm-life .around{text-anchor:middle}
.mhsm-life .ground{fill:var(--ground,none)}
.mhsm-life .box{fill:var(--rail);stroke:var(--link);stroke-width:1.5}
.mhsm-life .step{fill:none;stroke:var(--muted);stroke-width:1.5}
.mhsm-life .head{fill:var(--muted)}
"""
"""The style of the picture; it takes its colours from the page that it stands in."""

Edges = Mapping[tuple[Stage, Stage], tuple[str, ...]]


def life_picture(*, is_part: bool = False) -> str:
    """The picture as an SVG element; `is_part` leaves style and colours to the page it stands in.

    It has a title and a description for those who do not see it, and by itself colours for light
    and dark. Raises ValueError for a transition that the picture has no room for.
    """
    found, stages = edges(), list(Stage)
    height = _TOP * 2 + len(stages) * _BOX_HEIGHT + (len(stages) - 1) * _GAP
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mhsm-life" role="img" '
        f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        'aria-labelledby="mhsm-life-title mhsm-life-text">',
        '<title id="mhsm-life-title">The life of a key name</title>',
        f'<desc id="mhsm-life-text">{escape(_described(found))}</desc>',
        "" if is_part else f"<style>{_COLOURS}{LIFE_STYLE}</style>",
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
