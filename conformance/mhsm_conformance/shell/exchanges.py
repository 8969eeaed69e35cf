"""An exchange of the shell: what was typed and sent, what came back, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from mhsm_conformance.steps import Sent
from mhsm_model.judgement import Judgement
from mhsm_model.state import Estate
from mhsm_model.tracing import Trace, trace
from mhsm_model.wire.http import HttpResponse

__all__ = ["Exchange"]


@dataclass(frozen=True)
class Exchange:
    """One exchange; `before` is what was known when it began.

    `answer` is None where the reply was lost. `problem` says why nothing is concluded, where the
    session could not.
    """

    number: int
    line: str
    label: str | None
    before: Estate
    sent: Sent
    answer: HttpResponse | None
    judgement: Judgement
    problem: str | None = None

    @cached_property
    def trace(self) -> Trace | None:
        """What every guard says; None for a message that is no operation's."""
        return trace(self.before, self.sent.call, self.sent.reply)

    @property
    def is_lawful(self) -> bool:
        """Whether the specification allows the answer."""
        return self.judgement.accepted
