"""What was typed, saved: as a test for pytest that sends it again and is judged again."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from mhsm_conformance.replaying import opened_hosts, statements_of
from mhsm_conformance.shell.conversation import Conversation
from mhsm_conformance.shell.exchanges import Exchange
from mhsm_conformance.shell.secrecy import NOT_KEPT, may_be_kept
from mhsm_conformance.shell.words import LineError, Word
from mhsm_conformance.steps import Sent
from mhsm_model.exchange import Refused, Verification
from mhsm_model.rules import Perhaps
from mhsm_reports.render.visible_text import visible_line

__all__ = ["python_test", "save"]

_IMPORTS: Final = """
from dataclasses import replace

from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import *
from mhsm_model.jwk import JsonWebKey
"""


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
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(written(path, conversation))
    except FileExistsError:
        raise LineError(f"{path} is there already; name another file", word.column) from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "it is no path").lower()
        raise LineError(f"{path} cannot be written: {reason}", word.column) from None
    return f"{path} is written; run it with: pytest {path}"


def python_test(path: Path, conversation: Conversation) -> str:
    """The source of a test that sends the conversation again.

    The session judges every answer; beyond that the test wants of each reply what was seen, as far
    as the specification leaves no choice.
    """
    exchanges = iter(conversation.exchanges)
    lines: list[str] = []
    for step, statement in zip(conversation.steps, statements_of(conversation.steps), strict=True):
        if isinstance(step, Sent):
            exchange = next(exchanges)
            typed = exchange.line if may_be_kept(exchange.line) else NOT_KEPT
            lines += [f"# {visible_line(typed)}", statement, *_wanted(exchange, statement)]
        else:
            lines.append(statement)
    body = "\n".join(f"    {line}" for line in lines)
    return (
        f'"""What was typed at {conversation.target} in `mhsm shell`."""\n'
        f"{_IMPORTS}\n"
        f"HOSTS = {opened_hosts(conversation.configurations)}\n\n\n"
        f"def test_{_name(path)}(open_session):\n"
        f"    hsm = open_session(HOSTS)\n"
        f"{body}\n"
    )


def _name(path: Path) -> str:
    name = re.sub("[^a-z0-9]+", "_", path.stem.lower().removeprefix("test_")).strip("_")
    return name if name and not keyword.iskeyword(name) else "session"


def _wanted(exchange: Exchange, statement: str) -> Iterator[str]:
    """Assertions about the reply; none where the specification allows more than one outcome."""
    reply, name = exchange.sent.reply, statement.partition(" = ")[0]
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


_WRITERS: Final[Mapping[str, Callable[[Path, Conversation], str]]] = {".py": python_test}
"""How a conversation is written, by the ending of the file."""
