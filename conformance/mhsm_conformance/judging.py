"""The command `mhsm judge`: verdicts on recorded files, as text and as JSON."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

from mhsm_conformance.examination import ExchangeVerdict, RecordedVerdict, examine
from mhsm_conformance.results import tool_version
from mhsm_model.acceptor import Strictness
from mhsm_model.judgement import Breach
from mhsm_reports.report_file import ReportFileError, write_report
from mhsm_targets.recordings.reading import UnknownFormatError
from mhsm_targets.recordings.recording import RecordingError

__all__ = ["judged", "named_files"]

_SHOWN_REJECTIONS: Final = 50


@dataclass(slots=True)
class _Totals:
    """What is counted over all files; nothing here grows with the number of exchanges judged."""

    verdicts: Counter[str] = field(default_factory=Counter[str])
    strong: int = 0
    unmodelled: Counter[str] = field(default_factory=Counter[str])
    out_of_scope: Counter[str] = field(default_factory=Counter[str])
    exercised: Counter[str] = field(default_factory=Counter[str])
    warnings: Counter[str] = field(default_factory=Counter[str])
    answers: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])
    unexplained: int = 0
    problems: list[str] = field(default_factory=list[str])
    skipped_files: int = 0

    def add(self, verdict: ExchangeVerdict) -> None:
        self.verdicts[verdict.verdict.value] += 1
        if verdict.verdict is RecordedVerdict.UNMODELLED:
            self.unmodelled[verdict.operation] += 1
        elif verdict.verdict is RecordedVerdict.OUT_OF_SCOPE:
            self.out_of_scope[verdict.operation] += 1
        elif verdict.verdict is RecordedVerdict.REJECTED:
            self.unexplained += verdict.explanation is None
        elif verdict.verdict is RecordedVerdict.ACCEPTED:
            self.strong += verdict.strong
            self.exercised.update(clause.identifier for clause in verdict.clauses)
        self.warnings.update(breach.clause.identifier for breach in verdict.warnings)
        self.answers.update((c.identifier, c.prose, told) for c, told in verdict.answers)

    def as_json(self) -> dict[str, Any]:
        counts = {verdict.value: self.verdicts[verdict.value] for verdict in RecordedVerdict}
        return {
            "exchanges": self.verdicts.total(),
            **counts,
            "accepted_strongly": self.strong,
            "rejected_unexplained": self.unexplained,
            "skipped_files": self.skipped_files,
        }


def judged(paths: Sequence[str], *, as_json: bool, folder: Path | None, strict: bool) -> int:
    """Judge the files, print what was found, and return the exit status.

    With `folder` the JSON object is also written there, as judge.json.
    """
    totals = _Totals()
    rejected: list[ExchangeVerdict] = []
    verdicts: list[dict[str, Any]] = []
    keeps = as_json or folder is not None
    for verdict in _verdicts(paths, totals, Strictness(strict=strict)):
        totals.add(verdict)
        if keeps:
            verdicts.append(_verdict_json(verdict))
        if verdict.verdict is RecordedVerdict.REJECTED and len(rejected) < _SHOWN_REJECTIONS:
            rejected.append(verdict)
    for problem in totals.problems:
        print(f"mhsm: {problem}", file=sys.stderr)
    document = {
        "format": "mhsm-judge/1",
        "tool": tool_version(),
        **totals.as_json(),
        "problems": totals.problems,
        "verdicts": verdicts,
    }
    written = folder is None or _write(document, folder / "judge.json")
    if as_json:
        json.dump(document, sys.stdout, indent=1)
        print()
    elif totals.verdicts or not totals.problems:
        _print(totals, rejected, sys.stdout)
    if totals.problems or not written:
        return 2
    return 1 if totals.unexplained else 0


def _write(document: dict[str, Any], path: Path) -> bool:
    try:
        write_report(path, json.dumps(document, indent=1) + "\n")
    except ReportFileError as error:
        print(f"mhsm: {error}", file=sys.stderr)
        return False
    return True


def _verdicts(
    paths: Sequence[str], totals: _Totals, strictness: Strictness
) -> Iterator[ExchangeVerdict]:
    for told in paths:
        if os.path.isdir(told):
            yield from _verdicts_in(told, totals, strictness)
        else:
            yield from _verdicts_of(Path(told), totals, strictness)


def _verdicts_of(path: Path, totals: _Totals, strictness: Strictness) -> Iterator[ExchangeVerdict]:
    try:
        yield from examine(path, strictness)
    except RecordingError as error:
        totals.problems.append(str(error))


def named_files(paths: Iterable[str], problems: list[str]) -> Iterator[tuple[Path, bool]]:
    """The files named, and the regular ones under the folders named, in order.

    Each with whether it was named itself: what is in a folder need not be a recording. What cannot
    be looked into is told in `problems`.
    """
    totals = _Totals()
    totals.problems = problems
    for told in paths:
        if os.path.isdir(told):
            yield from ((path, False) for path in _files(told, totals))
        else:
            yield Path(told), True


def _verdicts_in(folder: str, totals: _Totals, strictness: Strictness) -> Iterator[ExchangeVerdict]:
    """The verdicts on all recordings in a folder; what is of no known format is counted."""
    known, before = False, len(totals.problems)
    for path in _files(folder, totals):
        try:
            yield from examine(path, strictness)
            known = True
        except UnknownFormatError:
            totals.skipped_files += 1
        except RecordingError as error:
            totals.problems.append(str(error))
    if not known and len(totals.problems) == before:
        totals.problems.append(f"{folder}: no recording of a known format is in the folder")


def _files(folder: str, totals: _Totals) -> Iterator[Path]:
    """The files under a folder, in order. Links to folders are not followed: they may loop."""

    def tell(error: OSError) -> None:
        reason = (error.strerror or "it cannot be read").lower()
        totals.problems.append(f"{error.filename}: {reason}")

    for place, folders, names in os.walk(folder, onerror=tell):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            try:
                mode = path.stat().st_mode
            except OSError as error:
                # A link that leads nowhere, or to itself, is no file; anything else is told.
                if os.path.islink(path):
                    totals.skipped_files += 1
                else:
                    tell(error)
                continue
            # A pipe or a device would be waited for, or never end.
            if stat.S_ISREG(mode):
                yield path
            else:
                totals.skipped_files += 1


def _breach_json(breach: Breach) -> dict[str, Any]:
    return {
        "clause": breach.clause.identifier,
        "prose": breach.clause.prose,
        "sources": [str(source) for source in breach.clause.sources],
        "severity": breach.severity.value,
        "expected": breach.expected,
        "observed": breach.observed,
    }


def _verdict_json(verdict: ExchangeVerdict) -> dict[str, Any]:
    document: dict[str, Any] = {
        "file": verdict.file,
        "seq": verdict.sequence,
        "verdict": verdict.verdict.value,
        "operation": verdict.operation,
        "status": verdict.status,
        "strong": verdict.strong,
        "clauses": [clause.identifier for clause in verdict.clauses],
        "vacuous": [clause.identifier for clause in verdict.vacuous],
    }
    if verdict.breaches:
        document["breaches"] = [_breach_json(breach) for breach in verdict.breaches]
    if verdict.warnings:
        document["warnings"] = [_breach_json(breach) for breach in verdict.warnings]
    if verdict.explanation is not None:
        document["explanation"] = verdict.explanation
    if verdict.inconclusive is not None:
        document["inconclusive"] = verdict.inconclusive
    return document


def _print(totals: _Totals, rejected: Sequence[ExchangeVerdict], stream: TextIO) -> None:
    def say(line: str = "") -> None:
        print(line, file=stream)

    for verdict in rejected:
        say(f"REJECTED {verdict.file}, exchange {verdict.sequence}: {verdict.operation}")
        for breach in verdict.breaches:
            clause = breach.clause
            say(f"  {clause.identifier} ({clause.level}, {clause.basis}): {clause.prose}")
            say(f"    source:   {'; '.join(str(source) for source in clause.sources)}")
            say(f"    expected: {breach.expected}")
            say(f"    observed: {breach.observed}")
        if verdict.explanation is not None:
            say(f"  known defect of the recording: {verdict.explanation}")
        say()
    more = totals.verdicts[RecordedVerdict.REJECTED.value] - len(rejected)
    if more > 0:
        say(f"… and {more} more rejected; --json lists all")
        say()
    _counted(say, "Not modelled yet", totals.unmodelled)
    _counted(say, "Out of scope", totals.out_of_scope)
    _counted(say, "Warnings (inferred clauses)", totals.warnings)
    if totals.answers:
        say("Open questions answered")
        for (identifier, prose, told), count in sorted(totals.answers.items()):
            say(f"  {identifier:9} {prose} {told} ({count})")
        say()
    say(f"{len(totals.exercised)} clauses exercised in a way that could have failed")
    for name, count in totals.as_json().items():
        if count or name != "skipped_files":
            say(f"{name.replace('_', ' '):>20}: {count}")


def _counted(say: Any, title: str, counts: Counter[str]) -> None:
    if counts:
        say(title)
        for name, count in counts.most_common():
            say(f"  {count:6} {name}")
        say()
