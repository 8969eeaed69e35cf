"""Results in which every text is the same hostile one, as a target could put it there."""

from dataclasses import fields, is_dataclass, replace
from enum import StrEnum
from typing import TypeVar, cast

Kind = TypeVar("Kind")

HOSTILE_TEXTS = {
    "a script": "</script><script>alert(1)</script></style></title></textarea></summary>",
    "an attribute": "\"><img src=x onerror=alert(1)> ' onmouseover='alert(1)' x=`y",
    "control characters": "\x1b[2J\x1b]0;owned\x07 a\x00b\x7f\x85 \x9b31m",
    "marks of direction": "\u202eright to left\u2066\u2069 \u2028line\u2029paragraph \ufeff",
    "no characters": "half \ud800 of \udfff a pair, \ufffe \uffff",
    "Markdown": "a|b `c` ```d ~~~ [e](http://f.g) ![h](http://i.j) **k** _l_ <details> </details>",
    "lines of Markdown": "m\n\n# n\n---\n* o\n> p\n```\nq\n</details>\n<script>r</script>\n|s|t|",
    "mentions": "@user org/repo#1 $x^2$ https://u.v www.w.x mailto:y@z &lt;&#60; :smile: <!-- -->",
    "XML": "]]> <![CDATA[ &amp; &undefined; <?xml?> <!DOCTYPE x> &#0;",
    "a template": "{{ 7 * 7 }}{% raw %}{# x #}${7 * 7}",
    "markup of a terminal": "[red]x[/red] [link=http://x]y[/link] :boom:",
}


def with_texts(value: Kind, text: str) -> Kind:
    """Return the dataclass with `text` in the place of every text; words of closed lists stay."""
    return cast(Kind, _with_texts(value, text))


def _with_texts(value: object, text: str) -> object:
    if isinstance(value, StrEnum):
        return value
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(_with_texts(item, text) for item in cast(tuple[object, ...], value))
    if is_dataclass(value) and not isinstance(value, type):
        members = {
            field.name: _with_texts(getattr(value, field.name), text) for field in fields(value)
        }
        return replace(value, **members)
    return value
