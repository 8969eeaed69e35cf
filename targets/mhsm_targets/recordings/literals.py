"""The part of JavaScript that fixtures are written in: literals, names and punctuation.

It is read, never run. Anything else, such as a function, a template with an expression or a regular
expression, is refused with its line.
"""

from __future__ import annotations

import re
from typing import Any, Final

__all__ = ["UNDEFINED", "LiteralError", "Literals"]

_DEEPEST: Final = 100
_TOKEN = re.compile(
    r"""(?P<space>(?:\s|//[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)+)
    |(?P<text>"[^"\\\n]*(?:\\[\s\S][^"\\\n]*)*"
             |'[^'\\\n]*(?:\\[\s\S][^'\\\n]*)*'
             |`[^`\\$]*(?:(?:\\[\s\S]|\$(?!\{))[^`\\$]*)*`)
    |(?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[A-Za-z_$][\w$]*)
    |(?P<mark>[{}\[\]().,:;=+!-])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\s\S]))")
_SHORT: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class _Undefined:
    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = _Undefined()
"""The value `undefined`."""

_NAMED: Final[dict[str, Any]] = {
    "true": True,
    "false": False,
    "null": None,
    "undefined": UNDEFINED,
}


class LiteralError(ValueError):
    """A text is not of the part that is read: the line, from 1, and what is wrong there."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


class Literals:
    """The tokens of a text, read from the front. Every method raises LiteralError."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._kind: str | None = None
        self._shown = ""
        self._start = 0
        self._counted = (0, 1)
        self._advance()

    @property
    def line(self) -> int:
        """The line of the next token."""
        at, line = self._counted
        line += self._text.count("\n", at, self._start)
        self._counted = (self._start, line)
        return line

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self._kind is None

    def error(self, problem: str) -> LiteralError:
        """The error that tells of a problem with the next token."""
        return LiteralError(self.line, problem)

    def _advance(self) -> None:
        while True:
            self._start = self._at
            match = _TOKEN.match(self._text, self._at)
            if match is None:
                self._kind = None
                if self._at < len(self._text):
                    raise self.error("this is no literal that is read here")
                return
            self._at = match.end()
            if match.lastgroup != "space":
                self._kind, self._shown = match.lastgroup, match.group()
                return

    def take(self, shown: str) -> bool:
        """Whether the next token is this mark or name; then it is passed over."""
        if self._kind not in ("mark", "name") or self._shown != shown:
            return False
        self._advance()
        return True

    def expect(self, shown: str) -> None:
        """Pass over this mark or name, which must be next."""
        if not self.take(shown):
            if self.ended:
                raise self.error("the file ends too early")
            raise self.error(f"{shown} is expected instead of {self._shown[:40]!r}")

    def name(self) -> str:
        """The name that comes next."""
        if self._kind != "name":
            raise self.error("the file ends too early" if self.ended else "a name is expected")
        shown = self._shown
        self._advance()
        return shown

    def value(self, depth: int = 0) -> Any:
        """The value that comes next, as JSON has it, or UNDEFINED."""
        found = self._plain(depth)
        while isinstance(found, str) and self.take("+"):
            more = self._plain(depth)
            if not isinstance(more, str):
                raise self.error("only texts are joined here")
            found += more
        return found

    def values(self, end: str, depth: int = 0) -> list[Any]:
        """The values up to a closing mark, with commas between them."""
        found: list[Any] = []
        while not self.take(end):
            found.append(self.value(depth))
            if not self.take(","):
                self.expect(end)
                break
        return found

    def _plain(self, depth: int) -> Any:
        if depth > _DEEPEST:
            raise self.error(f"literals are nested more than {_DEEPEST} deep")
        kind, shown = self._kind, self._shown
        if kind == "text":
            text = self._unescaped(shown)
            self._advance()
            return text
        if kind == "number":
            number = self._number(shown)
            self._advance()
            return number
        if kind == "name" and shown in _NAMED:
            self._advance()
            return _NAMED[shown]
        if self.take("["):
            return [None if one is UNDEFINED else one for one in self.values("]", depth + 1)]
        if self.take("{"):
            return self._object(depth + 1)
        if self.take("-"):
            found = self._plain(depth + 1)
            if isinstance(found, bool) or not isinstance(found, int | float):
                raise self.error("only a number has a sign")
            return -found
        if self.take("!"):
            # Minified code writes true as !0 and false as !1.
            return not self._plain(depth + 1)
        raise self.error(
            "the file ends too early" if self.ended else f"{shown[:40]!r} is no literal"
        )

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self.take("}"):
            if self._kind == "text":
                name = self._unescaped(self._shown)
                self._advance()
            elif self._kind == "number":
                name = self._shown
                self._advance()
            else:
                name = self.name()
            self.expect(":")
            value = self.value(depth)
            if value is not UNDEFINED:
                found[name] = value
            if not self.take(","):
                self.expect("}")
                break
        return found

    def _number(self, shown: str) -> int | float:
        try:
            if shown[:2] in ("0x", "0X"):
                return int(shown, 16)
            if shown.isdecimal():
                return int(shown)
            found = float(shown)
        except ValueError:
            raise self.error("a number has too many digits") from None
        if found in (float("inf"), float("-inf")):
            raise self.error("a number is too large")
        return int(found) if found.is_integer() else found

    def _unescaped(self, shown: str) -> str:
        try:
            text = _ESCAPE.sub(_character, shown[1:-1])
        except (ValueError, OverflowError):
            raise self.error("an escape names no character") from None
        # JavaScript writes a character beyond the first 65,536 as two halves.
        return _SURROGATES.sub(_whole, text)


def _character(match: re.Match[str]) -> str:
    digits = match.group(1) or match.group(2) or match.group(3)
    if digits is not None:
        return chr(int(digits, 16))
    shown = match.group(4)
    return "" if shown == "\n" else _SHORT.get(shown, shown)


def _whole(match: re.Match[str]) -> str:
    return match.group().encode("utf-16", "surrogatepass").decode("utf-16")
