"""A shell to test: lines in, text out."""

from __future__ import annotations

import io

from mhsm_conformance.shell.conversation import Conversation
from mhsm_conformance.shell.interpreter import Interpreter, Outcome
from mhsm_model.configuration import Configuration
from mhsm_targets.registry import target_factory

HOSTS = ("hsm-a.managedhsm.azure.net", "hsm-b.managedhsm.azure.net")


class Talk:
    """An interpreter with what it writes."""

    def __init__(self, target: str = "model", hosts: tuple[str, ...] = HOSTS) -> None:
        self.out = io.StringIO()
        configurations = {host: Configuration() for host in hosts}
        self.conversation = Conversation(target_factory(target), configurations, 0)
        self.interpreter = Interpreter(self.conversation, self.out)

    def take(self, *lines: str) -> str:
        """Carry the lines out; what the last of them wrote."""
        for line in lines:
            self.out.seek(0)
            self.out.truncate()
            self.outcome: Outcome = self.interpreter.take(line)
        return self.out.getvalue()
