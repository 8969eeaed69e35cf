"""YAML documents as plain values, one member of a list at a time, without constructing objects.

Only what cassettes need: mappings, sequences, texts, null and binary. A plain scalar stays a text,
but for null. What is nested too deeply, has a foreign tag, or names itself is refused.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import yaml

__all__ = ["YamlError", "members_of"]

_DEEPEST: Final = 64
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_YAML: Final = "tag:yaml.org,2002:"
_TEXT_TAGS: Final = frozenset({_YAML + "str", _YAML + "python/unicode", _YAML + "python/str"})
_COLLECTION_TAGS: Final = frozenset({_YAML + "map", _YAML + "seq"})
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser of libyaml where PyYAML has it, which is ten times as fast."""


class YamlError(ValueError):
    """A document cannot be read: the line, from 1, and what is wrong there."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


def members_of(text: str, names: Sequence[str]) -> Iterator[tuple[int, Any]]:
    """The members, with their lines, of the list that the document's root has by one of the names.

    Raises YamlError while iterating; the members before it are good.
    """
    events = _Events(text)
    events.expect(yaml.StreamStartEvent, "the file has no YAML")
    events.expect(yaml.DocumentStartEvent, "the file has no YAML document")
    events.expect(yaml.MappingStartEvent, "the document is not a mapping")
    found = False
    while not events.take(yaml.MappingEndEvent):
        name = events.value(1)
        if name in names:
            found = True
            events.expect(yaml.SequenceStartEvent, f"{name} is not a list")
            while not events.take(yaml.SequenceEndEvent):
                line = events.line
                yield line, events.value(2)
        else:
            events.value(1)
    if not found:
        raise YamlError(events.line, f"the document has no list {names[0]}")


class _Events:
    """The events of a document, with one to look at, and the values of anchors so far."""

    def __init__(self, text: str) -> None:
        self._source = cast("Iterator[Any]", yaml.parse(text, Loader=_LOADER))
        self._anchors: dict[str, Any] = {}
        self._line = 1
        self._next: Any = None

    @property
    def line(self) -> int:
        """The line of the next event."""
        self._look()
        return self._line

    def _look(self) -> Any:
        # Not before it is asked for: what stands before a fault in the text is good.
        if self._next is None:
            self._next = self._read()
        return self._next

    def _read(self) -> Any:
        try:
            event: Any = next(self._source, None)
        except yaml.MarkedYAMLError as error:
            told: Any = error
            mark = told.problem_mark or told.context_mark
            line = self._line if mark is None else mark.line + 1
            raise YamlError(line, f"the YAML is broken: {told.problem}") from None
        except (yaml.YAMLError, ValueError, RecursionError):
            raise YamlError(self._line, "the YAML has a character that none may have") from None
        if event is None:
            raise YamlError(self._line, "the file ends too early")
        self._line = event.start_mark.line + 1
        return event

    def take(self, kind: type[Any]) -> bool:
        """Whether the next event is of the kind; then it is passed over."""
        if not isinstance(self._look(), kind):
            return False
        self._next = None
        return True

    def expect(self, kind: type[Any], problem: str) -> None:
        """Pass over an event of the kind. Raises YamlError with the problem where it is another."""
        if not self.take(kind):
            raise YamlError(self.line, problem)

    def value(self, depth: int) -> Any:
        """The value that begins with the next event."""
        event, line = self._look(), self._line
        if depth > _DEEPEST:
            raise YamlError(line, f"the YAML is nested more than {_DEEPEST} deep")
        anchor: str | None = getattr(event, "anchor", None)
        if self.take(yaml.AliasEvent):
            if anchor is None or anchor not in self._anchors:
                raise YamlError(line, "an alias names nothing that stands before it")
            return self._anchors[anchor]
        found: Any
        if self.take(yaml.ScalarEvent):
            found = _scalar(event, line)
        elif self.take(yaml.SequenceStartEvent):
            found = self._sequence(event, line, depth)
        elif self.take(yaml.MappingStartEvent):
            found = self._mapping(event, line, depth)
        else:
            raise YamlError(line, "a value is missing")
        if anchor is not None:
            self._anchors[anchor] = found
        return found

    def _sequence(self, event: Any, line: int, depth: int) -> list[Any]:
        _check_tag(event.tag, line)
        found: list[Any] = []
        while not self.take(yaml.SequenceEndEvent):
            found.append(self.value(depth + 1))
        return found

    def _mapping(self, event: Any, line: int, depth: int) -> dict[str, Any]:
        _check_tag(event.tag, line)
        found: dict[str, Any] = {}
        while not self.take(yaml.MappingEndEvent):
            place = self.line
            name = self.value(depth + 1)
            if not isinstance(name, str):
                raise YamlError(place, "a name in a mapping is not a text")
            found[name] = self.value(depth + 1)
        return found


def _check_tag(tag: str | None, line: int) -> None:
    if tag is not None and tag not in _COLLECTION_TAGS:
        raise YamlError(line, f"the tag {tag[:60]!r} is not read")


def _scalar(event: Any, line: int) -> str | bytes | None:
    text, tag = cast(str, event.value), cast("str | None", event.tag)
    if tag is None or tag == "!":
        plain = tag is None and event.implicit[0]
        return None if plain and text in _NULLS else text
    if tag == _YAML + "binary":
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise YamlError(line, "a binary value is not base64") from None
    if tag in _TEXT_TAGS:
        return text
    if tag == _YAML + "null":
        return None
    if tag in (_YAML + "int", _YAML + "bool", _YAML + "float"):
        return text
    raise YamlError(line, f"the tag {tag[:60]!r} is not read")
