"""A testimony judged: lines of a witness become rows of the table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from mhsm_conformance.witnesses.evidence import objection
from mhsm_conformance.witnesses.table import Outcome, Row
from mhsm_conformance.witnesses.testimony import NOT_MODELLED

__all__ = ["judged"]


def judged(name: str, lines: Iterable[str]) -> list[Row]:
    """The rows of one testimony; `name` is the client's where the testimony does not say.

    An operation without claims has failed, as it showed nothing; and so has a testimony that does
    not end, or says that it told more operations than it did.
    """
    client, version = name, ""
    rows: list[Row] = []
    ended: int | None = None
    for line in lines:
        told = _read(line)
        if told is None or ended is not None:
            rows.append(Row(client, version, "testimony", Outcome.FAILED, f"no line of it: {line}"))
        elif "client" in told:
            client, version = str(told["client"]), str(told["version"])
        elif "end" in told:
            ended = told["end"]
        else:
            rows.append(_row(client, version, told))
    if ended is None or ended != len(rows):
        detail = f"it ended after {len(rows)} operations" + (
            "" if ended is None else f" and says it told {ended}"
        )
        rows.append(Row(client, version, "testimony", Outcome.FAILED, detail))
    return rows


def _read(line: str) -> Mapping[str, Any] | None:
    try:
        told: Any = json.loads(line)
    except ValueError:
        return None
    return cast(Mapping[str, Any], told) if isinstance(told, dict) else None


def _row(client: str, version: str, told: Mapping[str, Any]) -> Row:
    operation = str(told.get("operation", "testimony"))
    outcome, detail = Outcome.PASSED, ""
    if "failed" in told:
        outcome, detail = Outcome.FAILED, str(told["failed"])
    elif "beyond" in told:
        outcome, detail = Outcome.NOT_MODELLED, f"refused with {told['beyond']}"
        if told["beyond"] != NOT_MODELLED:
            outcome = Outcome.FAILED
    elif not told.get("claims"):
        outcome, detail = Outcome.FAILED, "nothing was shown"
    else:
        objections = [found for claim in told["claims"] if (found := objection(claim)) is not None]
        if objections:
            outcome, detail = Outcome.FAILED, "; ".join(objections)
        elif "defect" in told:
            outcome, detail = Outcome.CLIENT_DEFECT, str(told["defect"])
    return Row(client, version, operation, outcome, " ".join(detail.split()))
