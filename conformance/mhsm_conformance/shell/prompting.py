"""The shell at a terminal: a prompt with history and completion, until Ctrl-D."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input
from prompt_toolkit.output import Output

from mhsm_conformance.shell.completion import candidates
from mhsm_conformance.shell.conversation import Conversation
from mhsm_conformance.shell.history import opened_history
from mhsm_conformance.shell.interpreter import Interpreter, Outcome
from mhsm_conformance.shell.state_text import moment_text
from mhsm_conformance.shell.words import LineError

__all__ = ["Words", "converse"]

_LONGEST_META: Final = 60
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


class _Ended(BaseException):
    """A signal that ends the shell, whatever it is doing."""


def converse(
    interpreter: Interpreter,
    tell: Callable[[str], None],
    *,
    read_from: Input | None = None,
    write_to: Output | None = None,
) -> None:
    """Take lines from the terminal until its user ends them; `tell` gets what is wrong with one.

    Raises TargetUnavailableError where the target is gone, and KeyboardInterrupt where a signal
    other than that of Ctrl-C ends the shell.
    """
    talk = interpreter.conversation
    session: PromptSession[str] = PromptSession(
        history=opened_history(tell),
        completer=Words(talk),
        complete_while_typing=False,
        bottom_toolbar=lambda: _told(talk),
        input=read_from,
        output=write_to,
    )
    before = {number: signal.signal(number, _end) for number in _ENDING}
    try:
        while _took(session, interpreter, tell):
            pass
    except _Ended:
        raise KeyboardInterrupt from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> None:
    raise _Ended


def _took(
    session: PromptSession[str], interpreter: Interpreter, tell: Callable[[str], None]
) -> bool:
    """Take one line; whether another is to follow."""
    line = ""
    try:
        line = session.prompt(_prompt(interpreter.conversation))
        return interpreter.take(line) is not Outcome.ENDED
    except KeyboardInterrupt:
        # At the prompt it drops the line; what was being carried out may have been.
        if line:
            tell("interrupted; whether it was carried out is not known")
    except EOFError:
        return False
    except LineError as error:
        tell(_pointed(line, error))
    return True


def _prompt(talk: Conversation) -> str:
    return f"{talk.host.partition('.')[0]} [{len(talk.exchanges) + 1}]> "


def _pointed(line: str, error: LineError) -> str:
    """The line with a mark below the word, and the sentence."""
    return f"{line}\n{' ' * error.column}^\n{error}"


def _told(talk: Conversation) -> StyleAndTextTuples:
    usual = talk.circumstances
    version = "no api-version" if usual.api_version is None else f"api-version {usual.api_version}"
    told = f" {talk.target}  {moment_text(talk.now)}  {usual.credential.value}  {version}"
    return [("", f"{told}  help  Tab completes")]


class Words(Completer):
    """The candidates of a line, as the prompt wants them."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """The words that may stand where the cursor is."""
        line = document.text_before_cursor
        for found in candidates(line, self._talk):
            told = found.told[:_LONGEST_META]
            yield Completion(found.text, found.start - len(line), display_meta=told)
