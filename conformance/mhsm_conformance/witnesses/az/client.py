"""`az` as a program of its own, with a configuration of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["Az", "AzError"]

_SECONDS: Final = 120
_CODE: Final = re.compile(r"\(([A-Za-z]+)\)")


class AzError(Exception):
    """`az` ended with another status than 0; `code` is the service's error code, where it told."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        found = _CODE.search(message)
        self.code = found[1] if found else None


class Az:
    """The program at a path, with environment variables on top of those of this process."""

    def __init__(self, path: str, folder: Path, more: Mapping[str, str]) -> None:
        self._path = path
        self._environment = {
            **os.environ,
            **more,
            "AZURE_CONFIG_DIR": str(folder),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_NO_COLOR": "true",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
        }

    def __call__(self, *arguments: str) -> Any:
        """What the command prints, as JSON; None where it prints nothing.

        Raises AzError where it ends with another status than 0.
        """
        done = subprocess.run(
            [self._path, *arguments, "--output", "json"],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise AzError(" ".join(done.stderr.split()))
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refusal(self, *arguments: str) -> str | None:
        """The error code that the HSM refuses the command with; None where it does not."""
        try:
            self(*arguments)
        except AzError as error:
            return error.code or str(error)
        return None
