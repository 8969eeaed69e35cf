"""What was typed, saved: as a test for pytest, or as a case; either is judged again."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from mhsm_conformance.cases.case_file import serialised_case
from mhsm_conformance.cases.python_form import (
    function_of,
    imports_of,
    statements,
    written_configurations,
)
from mhsm_conformance.shell.conversation import Conversation
from mhsm_conformance.shell.exchanges import Exchange
from mhsm_conformance.shell.secrecy import NOT_KEPT, may_be_kept
from mhsm_conformance.shell.words import LineError, Word
from mhsm_conformance.steps import Sent
from mhsm_model.exchange import Refused, Verification
from mhsm_model.rules import Perhaps
from mhsm_reports.render.visible_text import visible_line

__all__ = ["asserting_test", "case_text", "save"]


def save(word: Word, conversation: Conversation) -> str:
    """Write the conversation to a new file, in the form that its ending asks for.

    Returns a sentence. Raises LineError for another ending, where nothing was sent, and for a file
    that is there already or cannot be written.
    """
    path = Path(word.text)
    written = _WRITERS.get(path.suffix)
    if written is None:
        endings = " or ".join(_WRITERS)
        raise LineError(f"a file to save to ends in {endings}, not {path.name!r}", word.column)
    if not conversation.exchanges:
        raise LineError("nothing was sent yet", word.column)
    text = written(path, conversation)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise LineError(f"{path} is there already; name another file", word.column) from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "it is no path").lower()
        raise LineError(f"{path} cannot be written: {reason}", word.column) from None
    return f"{path} is written; try it with: {_TRYING[path.suffix].format(path)}"


def case_text(path: Path, conversation: Conversation) -> str:
    """What was typed as a case, for `mhsm replay`."""
    return serialised_case(conversation.as_case())


def asserting_test(path: Path, conversation: Conversation) -> str:
    """The source of a test that sends the conversation again.

    The session judges every answer; beyond that the test wants of each reply what was seen, as far
    as the specification leaves no choice.
    """
    case = conversation.as_case()
    sent = [number for number, step in enumerate(conversation.steps, 1) if isinstance(step, Sent)]
    exchanges = dict(zip(sent, conversation.exchanges, strict=True))
    wanted = {number: list(_wanted(exchange, number)) for number, exchange in exchanges.items()}
    named = {number for number, lines in wanted.items() if lines[0].startswith("assert ")}
    lines: list[str] = []
    for number, statement in enumerate(statements(case, "hsm", named), 1):
        exchange = exchanges.get(number)
        if exchange is None:
            lines.append(statement)
            continue
        typed = exchange.line if may_be_kept(exchange.line) else NOT_KEPT
        lines += [f"# {visible_line(typed)}", statement, *wanted[number]]
    function = function_of(case, f"test_{_name(path)}", ["hsm = open_session(HOSTS)", *lines])
    hosts = f"HOSTS = {written_configurations(conversation.configurations)}"
    code = f"{hosts}\n\n\n{function}"
    replies = {type(exchanges[number].sent.reply).__name__ for number in named}
    title = f'"""What was typed at {conversation.target} in `mhsm shell`."""'
    return "\n".join([title, "", *imports_of(code, replies), "", code])


def _name(path: Path) -> str:
    name = re.sub("[^a-z0-9]+", "_", path.stem.lower().removeprefix("test_")).strip("_")
    return name if name and not keyword.iskeyword(name) else "session"


def _wanted(exchange: Exchange, number: int) -> Iterator[str]:
    """Assertions about the reply; a comment where the specification allows several outcomes."""
    reply, name = exchange.sent.reply, f"r{number}"
    if not exchange.is_lawful:
        names = ", ".join(breach.clause.identifier for breach in exchange.judgement.breaches)
        yield f"# That was unlawful by {names}: the session fails here."
        return
    found = exchange.trace
    if found is None or any(isinstance(row.objection, Perhaps) for row in found.objecting):
        yield "# The specification does not say which of two outcomes this has."
        return
    yield f"assert isinstance({name}, {type(reply).__name__})"
    if isinstance(reply, Verification):
        yield f"assert {name}.valid is {reply.valid}"
    if isinstance(reply, Refused):
        statuses = {getattr(row.objection, "status", None) for row in found.objecting}
        if statuses == {reply.status}:
            yield f"assert {name}.status == {reply.status}"


_WRITERS: Final[Mapping[str, Callable[[Path, Conversation], str]]] = {
    ".py": asserting_test,
    ".json": case_text,
}
"""How a conversation is written, by the ending of the file."""

_TRYING: Final = {".py": "pytest {}", ".json": "mhsm replay {} TARGET"}
