"""The message that answered, as people read it: JSON laid out, long values by their beginning."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, cast

from rich.highlighter import JSONHighlighter
from rich.text import Text

from mhsm_model.exchange import KeyBackup, Reply
from mhsm_model.jwk import PRIVATE_MEMBERS
from mhsm_model.wire.http import NO_DOCUMENT, HttpResponse
from mhsm_reports.render.visible_text import visible

__all__ = ["body_text", "status_text"]

_LONGEST: Final = 56
_SHOWN: Final = 24


def status_text(answer: HttpResponse | None) -> Text:
    """The status with its phrase, coloured by its hundred; or that none came."""
    if answer is None:
        return Text("no reply came", "bold yellow")
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "a status of no standard"
    style = {2: "bold green", 4: "bold yellow"}.get(answer.status // 100, "bold red")
    return Text(f"{answer.status} {phrase}", style)


def body_text(answer: HttpResponse | None, reply: Reply, *, whole: bool = False) -> Text | None:
    """The body, with long values by their beginning unless `whole`; None where there is none.

    A backup blob and private members of a key are told by their length alone.
    """
    if answer is None or not answer.body:
        return None
    document = answer.document()
    if document is NO_DOCUMENT:
        return Text(f"<{len(answer.body)} bytes that are not JSON>", "dim")
    if isinstance(reply, KeyBackup):
        document = _without(document, ("value",))
    shown = _shown(document, whole=whole)
    text = Text(visible(_laid_out(shown)), overflow="fold")
    JSONHighlighter().highlight(text)
    return text


def _laid_out(value: Any, before: str = "") -> str:
    """JSON with a member a line; a list of plain values is one line."""
    inner = before + "  "
    if isinstance(value, dict) and value:
        members = cast("dict[str, Any]", value).items()
        lines = (f"{inner}{_plain(name)}: {_laid_out(told, inner)}" for name, told in members)
        return "{\n" + ",\n".join(lines) + f"\n{before}}}"
    if isinstance(value, list):
        items = cast("Sequence[Any]", value)
        if any(isinstance(item, dict | list) for item in items):
            laid = (inner + _laid_out(item, inner) for item in items)
            return "[\n" + ",\n".join(laid) + f"\n{before}]"
    return _plain(value)


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _without(document: Any, names: tuple[str, ...]) -> Any:
    if not isinstance(document, dict):
        return document
    members = cast("dict[str, Any]", document)
    return {
        name: f"<{len(str(value))} characters, not shown>" if name in names else value
        for name, value in members.items()
    }


def _shown(value: Any, *, whole: bool) -> Any:
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        # What no reply may carry; one that does is a breach, and shown by its length all the same.
        private = PRIVATE_MEMBERS if "kty" in members else ()
        return {
            name: _shown(member, whole=whole)
            for name, member in _without(dict(members), private).items()
        }
    if isinstance(value, list):
        items = cast("Sequence[Any]", value)
        return [_shown(item, whole=whole) for item in items]
    if isinstance(value, str) and not whole and len(value) > _LONGEST and " " not in value:
        if value.startswith("https:"):
            return value
        return f"{value[:_SHOWN]}… ({len(value)} characters)"
    return value
