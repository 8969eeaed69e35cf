"""What format a recording has, told from how it begins and not from its name alone."""

from __future__ import annotations

import json
import re
from enum import Enum
from pathlib import Path
from typing import Any, Final, cast

__all__ = ["SNIFFED", "Format", "sniffed"]

SNIFFED: Final = 64 * 1024
"""How many bytes of a file are looked at."""


class Format(Enum):
    """The formats that can be read."""

    SESSION = "session"
    TEST_PROXY = "test proxy"
    JSON_CASSETTE = "JSON cassette"
    YAML_CASSETTE = "YAML cassette"
    NOCK_SCRIPT = "nock script"
    NOCK_OBJECTS = "nock objects"
    BROWSER_FIXTURE = "browser fixture"
    HAR = "HTTP archive"
    CASE = "case"


_JSON: Final = (
    (Format.TEST_PROXY, re.compile(r'\{\s*(?:"Variables"\s*:\s*\{[^{}]*\}\s*,\s*)?"Entries"\s*:')),
    (Format.HAR, re.compile(r'\{\s*"log"\s*:\s*\{')),
    (Format.BROWSER_FIXTURE, re.compile(r'\{[^{}\[\]]*"recordings"\s*:\s*\[')),
    (Format.JSON_CASSETTE, re.compile(r'\{[^{}\[\]]*"(?:http_)?interactions"\s*:\s*\[')),
)
"""How a JSON object of each format begins."""

_CASE = re.compile(r'"format"\s*:\s*"mhsm-case/')
_OBJECTS = re.compile(r'\[\s*\{\s*"(?:scope|method|path)"\s*:')
_SCRIPT = re.compile(r"""^[^\n]*\brequire\(\s*["']nock["']\s*\)|^\s*nock\(""", re.MULTILINE)
_YAML = re.compile(r"^(?:http_)?interactions\s*:", re.MULTILINE)


def sniffed(path: Path, head: bytes) -> Format | None:
    """The format of a file that begins with `head`, or None where it is none of those known.

    Only a file named .jsonl is a session without a look: what is wrong with it is told by line.
    """
    # Behind a NUL there is no text; a recording that has one is told of it by its reader.
    text = head.decode("utf-8-sig", "replace").partition("\0")[0].lstrip()
    found = _in_text(text)
    if found is not None:
        return found
    return Format.SESSION if path.suffix == ".jsonl" else None


def _in_text(text: str) -> Format | None:
    if text.startswith("{"):
        if _is_session(text.partition("\n")[0]):
            return Format.SESSION
        # A case says its format in any place; the others are told by their first members.
        case = Format.CASE if _CASE.search(text) else None
        return next((found for found, begins in _JSON if begins.match(text)), case)
    if text.startswith("["):
        return Format.NOCK_OBJECTS if _OBJECTS.match(text) else None
    if _SCRIPT.search(text):
        return Format.NOCK_SCRIPT
    return Format.YAML_CASSETTE if _YAML.search(text) else None


def _is_session(line: str) -> bool:
    try:
        document: Any = json.loads(line)
    except (ValueError, RecursionError):
        return re.match(r'\{[^{}\[\]]*"type"\s*:\s*"session"', line) is not None
    if not isinstance(document, dict):
        return False
    return cast("dict[str, Any]", document).get("type") == "session"
