"""Acts: the lines that send something or change how it is sent. They are what `undo` takes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mhsm_conformance.session import JSON
from mhsm_conformance.shell.conversation import Conversation
from mhsm_conformance.shell.durations import FORM as DURATION
from mhsm_conformance.shell.durations import seconds_in
from mhsm_conformance.shell.exchanges import Exchange
from mhsm_conformance.shell.orders import CIRCUMSTANCES, labelled_words, order_of
from mhsm_conformance.shell.values import value_in
from mhsm_conformance.shell.vocabulary import Form, Parameter
from mhsm_conformance.shell.words import LineError, Word, words_of

__all__ = ["ACT_FORMS", "Acts"]

ACT_FORMS: Final = {
    "advance": ("advance DURATION", f"move the clock: {DURATION}"),
    "use": ("use INSTANCE", "send what follows to another instance"),
    "credential": ("credential KIND", "show another: token, anonymous or invalid"),
    "api-version": ("api-version VERSION", "send what follows under it, or under none: -"),
    "lose": ("lose before|after", "lose the next reply, before or after its effect"),
    "http": ("http METHOD PATH [BODY]", "send a message made by hand"),
}
"""The acts that are no operation: the form, and what it does."""

_BODY: Final = Parameter("body", ("body",), Form.OCTETS, bytes)
_ANNOUNCED: Final = "content_type="

Done = Exchange | str
"""What came of an act: an exchange, or a sentence."""


@dataclass(slots=True)
class Acts:
    """The acts of a conversation, in order."""

    conversation: Conversation
    lines: list[str] = field(default_factory=list[str])

    def carry_out(self, line: str) -> Done:
        """Carry a line out.

        Raises LineError for one that cannot be, TargetUnavailableError where the target is gone.
        """
        done = self._done(line)
        self.lines.append(line)
        return done

    def undo(self) -> str:
        """Take the last act back: the target is opened anew, and the acts before are done again.

        Returns the line. Raises LineError where there is none, where the target is one that cannot
        be had anew, and where a line cannot be done again: the conversation ends before that one.
        """
        if not self.conversation.can_begin_again:
            raise LineError(f"{self.conversation.target} cannot be set back to what it was", 0)
        if not self.lines:
            raise LineError("there is nothing to take back", 0)
        *kept, last = self.lines
        self.conversation.begin()
        self.lines = []
        for number, line in enumerate(kept, 1):
            try:
                self.carry_out(line)
            except LineError as error:
                told = f"line {number} cannot be done again, all from there is taken back: {error}"
                raise LineError(told, 0) from None
        return last

    def _done(self, line: str) -> Done:
        words, label = labelled_words(words_of(line))
        act = _ACTS.get(words[0].text) if words else None
        if act is not None:
            return act(self.conversation, line, words, label)
        talk = self.conversation
        order = order_of(words_of(line), talk.circumstances, talk.now, talk)
        return talk.send(line, order)


def _argument(words: tuple[Word, ...], least: int = 1, most: int = 1) -> tuple[Word, ...]:
    """The words after the first one; raises LineError where they are too few or too many."""
    name, *rest = words
    form, _ = ACT_FORMS[name.text]
    if len(rest) < least:
        raise LineError(f"something is missing; the form is: {form}", words[-1].end + 1)
    if len(rest) > most:
        raise LineError(f"one word too many; the form is: {form}", rest[most].column)
    return tuple(rest)


def _advance(talk: Conversation, line: str, words: tuple[Word, ...], label: str | None) -> Done:
    (word,) = _argument(words)
    seconds = seconds_in(word.text)
    if seconds is None:
        raise LineError(f"a duration is {DURATION}, not {word.text!r}", word.column)
    talk.advance(seconds)
    return f"the clock moved {seconds} s"


def _use(talk: Conversation, line: str, words: tuple[Word, ...], label: str | None) -> Done:
    (word,) = _argument(words)
    try:
        return f"what follows goes to {talk.use(word.text)}"
    except LineError as error:
        raise LineError(str(error), word.column) from None


def _credential(talk: Conversation, line: str, words: tuple[Word, ...], label: str | None) -> Done:
    (word,) = _argument(words)
    credential = value_in(word, CIRCUMSTANCES[0], talk.now, talk)
    talk.show_credential(credential)
    return f"what follows is sent with the credential {credential.value}"


def _api_version(talk: Conversation, line: str, words: tuple[Word, ...], label: str | None) -> Done:
    (word,) = _argument(words)
    version: str | None = value_in(word, CIRCUMSTANCES[1], talk.now, talk)
    talk.ask_under(version)
    told = "without an api-version" if version is None else f"under api-version {version}"
    return f"what follows is sent {told}"


def _lose(talk: Conversation, line: str, words: tuple[Word, ...], label: str | None) -> Done:
    (word,) = _argument(words)
    if word.text not in ("before", "after"):
        raise LineError(f"say before or after its effect, not {word.text!r}", word.column)
    talk.lose_next(after_effect=word.text == "after")
    return f"the next reply is lost {word.text} its effect"


def _http(talk: Conversation, line: str, words: tuple[Word, ...], label: str | None) -> Done:
    name, *rest = words
    announced = JSON
    for word in rest:
        if word.begins(_ANNOUNCED):
            announced = word.after(len(_ANNOUNCED)).text
            if announced != announced.strip() or not _is_sendable(announced.replace(" ", "")):
                raise LineError("a content type is printable ASCII", word.column)
    plain = tuple(word for word in rest if not word.begins(_ANNOUNCED))
    method, path, *bodies = _argument((name, *plain), 2, 3)
    if not method.text.isascii() or not method.text.isalpha():
        raise LineError(f"a method is letters, as in GET, not {method.text!r}", method.column)
    if not path.text.startswith("/") or not _is_sendable(path.text):
        raise LineError("a path begins with / and is printable ASCII, no blanks", path.column)
    body = value_in(bodies[0], _BODY, talk.now, talk) if bodies else None
    return talk.send_message(line, label, method.text.upper(), path.text, body or b"", announced)


def _is_sendable(text: str) -> bool:
    """Whether it can stand in the line of a request or in a header as it is."""
    return text.isascii() and text.isprintable() and " " not in text


_ACTS: Final[dict[str, Callable[[Conversation, str, tuple[Word, ...], str | None], Done]]] = {
    "advance": _advance,
    "use": _use,
    "credential": _credential,
    "api-version": _api_version,
    "lose": _lose,
    "http": _http,
}
