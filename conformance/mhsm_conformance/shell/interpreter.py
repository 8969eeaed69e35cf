"""The interpreter: it has a line carried out, or answers it, and writes what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path
from typing import Final, TextIO

from rich.console import RenderableType
from rich.text import Text

from mhsm_conformance.explaining.answering import Asked, answer
from mhsm_conformance.explaining.choosing import UnknownNameError
from mhsm_conformance.explaining.text.drawing import draw
from mhsm_conformance.shell.acts import ACT_FORMS, Acts
from mhsm_conformance.shell.answer_text import body_text
from mhsm_conformance.shell.conversation import Conversation
from mhsm_conformance.shell.exchange_text import exchange_text, why_text
from mhsm_conformance.shell.exchanges import Exchange
from mhsm_conformance.shell.help_text import TELLING_FORMS, overview, verb_help
from mhsm_conformance.shell.saving import save
from mhsm_conformance.shell.secrecy import NOT_KEPT, may_be_kept
from mhsm_conformance.shell.state_text import state_text
from mhsm_conformance.shell.vocabulary import verb_named
from mhsm_conformance.shell.words import LineError, Word, words_of
from mhsm_reports.render.visible_text import visible_line

__all__ = ["Interpreter", "Outcome"]

_DEEPEST: Final = 8
"""How many files may load each other."""


class Outcome(Enum):
    """What a line came to."""

    DONE = "done"
    UNLAWFUL = "an answer was unlawful"
    ENDED = "the shell ends"


class Interpreter:
    """Carries lines out and writes what they come to."""

    def __init__(self, conversation: Conversation, out: TextIO) -> None:
        self.conversation = conversation
        self._acts = Acts(conversation)
        self._out = out
        self._loading = 0

    def take(self, line: str) -> Outcome:
        """Carry a line out; an empty one, or a comment, is nothing.

        Raises LineError for a line that cannot be carried out, and TargetUnavailableError where the
        target is gone.
        """
        words = words_of(line)
        if not words:
            return Outcome.DONE
        told = _TOLD.get(words[0].text) if words[0].begins(words[0].text) else None
        if told is not None and not (len(words) > 1 and words[1].means("=")):
            return told(self, words)
        done = self._acts.carry_out(line.strip())
        if isinstance(done, Exchange):
            self._draw(exchange_text(done))
            return Outcome.DONE if done.is_lawful else Outcome.UNLAWFUL
        self._say(done)
        return Outcome.DONE

    def _draw(self, parts: Iterable[RenderableType]) -> None:
        draw(parts, self._out)

    def _say(self, sentence: str) -> None:
        self._draw([Text(visible_line(sentence), "dim")])

    def _exchange(self, words: tuple[Word, ...]) -> Exchange:
        """The exchange whose number follows, or the last one."""
        exchanges = self.conversation.exchanges
        (*_, word) = _at_most_one(words)
        if not exchanges:
            raise LineError("nothing was sent yet", word.column)
        if len(words) == 1:
            return exchanges[-1]
        text = word.text.removeprefix("$")
        if not text.isdecimal() or not 1 <= int(text) <= len(exchanges):
            raise LineError(f"exchanges are 1 to {len(exchanges)}, not {word.text!r}", word.column)
        return exchanges[int(text) - 1]

    def help(self, words: tuple[Word, ...]) -> Outcome:
        """Explain all words, or one."""
        (*_, word) = _at_most_one(words)
        forms = {**ACT_FORMS, **TELLING_FORMS}
        if len(words) == 1:
            self._draw(overview())
        elif word.text in forms:
            form, told = forms[word.text]
            self._draw([Text(form, "bold"), Text(f"  {told}")])
        else:
            try:
                verb = verb_named(word.text)
            except UnknownNameError as error:
                raise LineError(str(error), word.column) from None
            self._draw(verb_help(verb))
        return Outcome.DONE

    def why(self, words: tuple[Word, ...]) -> Outcome:
        """Tell an exchange in full."""
        self._draw(why_text(self._exchange(words)))
        return Outcome.DONE

    def show(self, words: tuple[Word, ...]) -> Outcome:
        """Write a reply with nothing left out."""
        exchange = self._exchange(words)
        body = body_text(exchange.answer, exchange.sent.reply, whole=True)
        self._draw([Text("there is no body", "dim") if body is None else body])
        return Outcome.DONE

    def state(self, words: tuple[Word, ...]) -> Outcome:
        """Tell what is known of every key."""
        _none(words)
        talk = self.conversation
        self._draw(state_text(talk.estate, talk.host, talk.now))
        return Outcome.DONE

    def explain(self, words: tuple[Word, ...]) -> Outcome:
        """Explain clauses."""
        patterns = tuple(word.text for word in words[1:])
        if not patterns:
            raise LineError("name a clause, as in ATTR-009", words[0].end + 1)
        asked = Asked(patterns, None, None, None, None, (), (), as_json=False)
        try:
            answer("CLAUSE", asked, self._out, self._say)
        except UnknownNameError as error:
            raise LineError(str(error), words[1].column) from None
        return Outcome.DONE

    def undo(self, words: tuple[Word, ...]) -> Outcome:
        """Take the last act back."""
        _none(words)
        line = self._acts.undo()
        self._say(f"taken back: {line if may_be_kept(line) else NOT_KEPT}")
        return Outcome.DONE

    def history(self, words: tuple[Word, ...]) -> Outcome:
        """List the acts."""
        _none(words)
        for number, line in enumerate(self._acts.lines, 1):
            shown = visible_line(line) if may_be_kept(line) else NOT_KEPT
            self._draw([Text.assemble((f"{number:3} ", "dim"), shown)])
        return Outcome.DONE

    def save(self, words: tuple[Word, ...]) -> Outcome:
        """Write what was sent as a test."""
        self._say(save(_one(words), self.conversation))
        return Outcome.DONE

    def load(self, words: tuple[Word, ...]) -> Outcome:
        """Carry the lines of a file out, until one cannot be."""
        word = _one(words)
        try:
            lines = Path(word.text).read_text("utf-8").splitlines()
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or "it is no text").lower()
            raise LineError(f"{word.text} cannot be read: {reason}", word.column) from None
        if self._loading >= _DEEPEST:
            raise LineError("files load each other without an end", word.column)
        self._loading += 1
        outcome = Outcome.DONE
        try:
            for number, line in enumerate(lines, 1):
                if words_of(line):
                    self._draw([Text(f"> {visible_line(line)}", "dim")])
                came = self._loaded(line, word, number)
                if came is Outcome.ENDED:
                    break
                outcome = came if came is Outcome.UNLAWFUL else outcome
        finally:
            self._loading -= 1
        return outcome

    def _loaded(self, line: str, word: Word, number: int) -> Outcome:
        try:
            return self.take(line)
        except LineError as error:
            raise LineError(f"{word.text}, line {number}: {error}", word.column) from None

    def quit(self, words: tuple[Word, ...]) -> Outcome:
        """End."""
        _none(words)
        return Outcome.ENDED


def _at_most_one(words: tuple[Word, ...]) -> tuple[Word, ...]:
    if len(words) > 2:
        form, _ = TELLING_FORMS[words[0].text]
        raise LineError(f"one word too many; the form is: {form}", words[2].column)
    return words


def _one(words: tuple[Word, ...]) -> Word:
    if len(words) == 1:
        form, _ = TELLING_FORMS[words[0].text]
        raise LineError(f"something is missing; the form is: {form}", words[0].end + 1)
    return _at_most_one(words)[1]


def _none(words: tuple[Word, ...]) -> None:
    if len(words) > 1:
        raise LineError(f"nothing may follow {words[0].text}", words[1].column)


_TOLD: Final[dict[str, Callable[[Interpreter, tuple[Word, ...]], Outcome]]] = {
    "help": Interpreter.help,
    "why": Interpreter.why,
    "show": Interpreter.show,
    "state": Interpreter.state,
    "explain": Interpreter.explain,
    "undo": Interpreter.undo,
    "history": Interpreter.history,
    "save": Interpreter.save,
    "load": Interpreter.load,
    "quit": Interpreter.quit,
}
