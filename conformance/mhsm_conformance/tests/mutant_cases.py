"""Failures of broken emulators, recorded as cases by the checks that find them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from mhsm_conformance.cases.case import Case
from mhsm_conformance.cases.document import case_from_document
from mhsm_conformance.progress import progress_to
from mhsm_conformance.running import NothingToRunError, RunOptions, conducted


def recorded_cases(target: str, clause: str, *, shrinks: bool = False) -> list[Case]:
    """The cases that the checks of the clause record on the target, each once."""
    documents: dict[str, Mapping[str, Any]] = {}

    def kept(document: Mapping[str, Any]) -> str:
        text = json.dumps(document)
        documents[text] = document
        return text

    options = RunOptions(target, "smoke", clause=clause, strict=True, shrinks=shrinks)
    try:
        conducted(options, progress_to(io.StringIO()), named=kept)
    except NothingToRunError:
        return []
    return [case_from_document(json.loads(text)) for text in documents]
