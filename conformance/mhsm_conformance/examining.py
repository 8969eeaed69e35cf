"""The command `mhsm examine`: how right and how strong the judge is, as text and as JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mhsm_conformance.correctness import LEAST_ACCEPTED, Correctness, judged_sessions
from mhsm_conformance.corruption.gallery import OPERATORS
from mhsm_conformance.corruption.session import RecordedSession
from mhsm_conformance.evidence import evidence_module
from mhsm_conformance.explanations import (
    allowances,
    as_toml,
    class_explanations,
    differences,
    is_about,
)
from mhsm_conformance.progress import progress_to
from mhsm_conformance.results import tool_version
from mhsm_conformance.scores import (
    LEAST_FOUND,
    MISSED,
    Score,
    Survivor,
    found_share,
    scores,
    survivors,
)
from mhsm_conformance.specimens import recorded_specimens
from mhsm_conformance.strength import EACH, Trial, trials
from mhsm_reports.report_file import ReportFileError, write_report
from mhsm_targets.recordings.recording import RecordingError

__all__ = ["ExaminationError", "ExaminationOptions", "examined_judge", "operator_table"]


class ExaminationError(Exception):
    """The examination cannot be carried out; the text is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class ExaminationOptions:
    """What to examine, and how.

    `paths` are session files and folders of them; with none, sessions of the emulator are recorded
    and corrupted. `each` is how often an operator is applied to one operation, None for every
    exchange. `evidence` is the file to write the table of evidence to.
    """

    paths: tuple[str, ...]
    each: int | None = EACH
    workers: int = 2
    as_json: bool = False
    folder: Path | None = None
    evidence: Path | None = None


def operator_table() -> str:
    """All operators with what each does, a line each."""
    width = max(len(operator.name) for operator in OPERATORS)
    return "".join(f"{operator.name:{width}}  {operator.sentence}\n" for operator in OPERATORS)


def examined_judge(options: ExaminationOptions) -> int:
    """Examine the judge, print what was found, and return the exit status.

    Raises ExaminationError where a recording cannot be read or a file not be written.
    """
    with tempfile.TemporaryDirectory(prefix="mhsm-") as folder:
        sessions = list(_sessions(options.paths, Path(folder)))
    correctness = judged_sessions(sessions)
    progress = progress_to(sys.stderr, "operators")
    found = sorted(
        trials(sessions, options.each, options.workers, progress),
        key=lambda trial: (trial.operator, trial.operation, trial.session, trial.sequence),
    )
    left = survivors(found)
    # The file of survivors is about certain recordings, tried as often as they are by default.
    known = is_about(len(sessions), correctness.exchanges) and options.each == EACH
    problems = differences(left, allowances()) if known else []
    document = _document(options, correctness, found, left, problems)
    _kept(options, document, correctness)
    if options.as_json:
        json.dump(document, sys.stdout, indent=1)
        print()
    else:
        _print(options, len(sessions), correctness, found, left, problems)
    strong = found_share(found) >= LEAST_FOUND and not problems
    return 0 if correctness.good and strong else 1


def _sessions(paths: Sequence[str], folder: Path) -> Iterator[RecordedSession]:
    try:
        for path in _files(paths) if paths else recorded_specimens(folder):
            yield RecordedSession.read(path)
    except RecordingError as error:
        raise ExaminationError(str(error)) from None
    except OSError as error:
        raise ExaminationError(f"{error.filename}: {(error.strerror or '').lower()}") from None


def _files(paths: Iterable[str]) -> Iterator[Path]:
    for told in paths:
        path = Path(told)
        if not path.is_dir():
            yield path
            continue
        found = sorted(path.rglob("*.jsonl"))
        if not found:
            raise ExaminationError(f"{path}: no session file (*.jsonl) is in the folder")
        yield from found


def _document(
    options: ExaminationOptions,
    correctness: Correctness,
    found: Sequence[Trial],
    left: Sequence[Survivor],
    problems: Sequence[str],
) -> dict[str, Any]:
    total = _total(found)
    return {
        "format": "mhsm-examination/1",
        "tool": tool_version(),
        "of": "recordings" if options.paths else "the emulator's own wire",
        "correctness": correctness.as_json(),
        "strength": {
            **{name: count for name, count in total.as_json().items() if name != "name"},
            "share": round(found_share(found), 5),
            "wanted": LEAST_FOUND,
            "each": options.each,
            "operators": [
                {**score.as_json(), "sentence": _SENTENCES[score.name]}
                for score in _by_operator(found)
            ],
            "operations": [score.as_json() for score in _by_operation(found)],
            "cells": [score.as_json() for score in scores(found, _cell)],
            "survivors": [survivor.as_json() for survivor in left],
            "not_as_listed": list(problems),
        },
        "clauses": dict(sorted(correctness.clauses.items())),
    }


_SENTENCES: Final = {operator.name: operator.sentence for operator in OPERATORS}


def _cell(trial: Trial) -> str:
    return f"{trial.operator} on {trial.operation}"


def _total(found: Sequence[Trial]) -> Score:
    return next(iter(scores(found, lambda trial: "all")), Score("all"))


def _by_operator(found: Sequence[Trial]) -> list[Score]:
    order = {operator.name: place for place, operator in enumerate(OPERATORS)}
    return sorted(scores(found, lambda trial: trial.operator), key=lambda s: order[s.name])


def _by_operation(found: Sequence[Trial]) -> list[Score]:
    return scores(found, lambda trial: trial.operation)


def _kept(options: ExaminationOptions, document: dict[str, Any], correctness: Correctness) -> None:
    try:
        if options.folder is not None:
            write_report(options.folder / "examination.json", json.dumps(document, indent=1) + "\n")
        if options.evidence is not None:
            text = evidence_module(correctness.clauses, correctness.exchanges, correctness.judged)
            write_report(options.evidence, text)
    except ReportFileError as error:
        raise ExaminationError(str(error)) from None


# --- text -----------------------------------------------------------------------------------------


def _print(
    options: ExaminationOptions,
    sessions: int,
    correctness: Correctness,
    found: Sequence[Trial],
    left: Sequence[Survivor],
    problems: Sequence[str],
) -> None:
    say = print
    _print_scores(say, "operator", _by_operator(found))
    _print_scores(say, "operation", _by_operation(found))
    _print_survivors(say, left)
    if problems:
        say("Survivors that are not as survivors.toml lists them")
        for problem in problems:
            say(f"  {problem}")
        say()
        say("As the file would list what survived, but for the explanations:")
        say(as_toml(left))
    _print_correctness(say, correctness)
    share, total = found_share(found), _total(found)
    if not options.paths:
        say("No recordings were given: sessions of the emulator were corrupted instead.")
    elif not is_about(sessions, correctness.exchanges) or options.each != EACH:
        say(
            "What survived was not compared with survivors.toml: that is about other recordings, or"
        )
        say("for operators that are applied as often as by default.")
    say(
        f"correctness: {correctness.accepted} of {correctness.judged} judged exchanges accepted "
        f"({correctness.share:.2%}, wanted {LEAST_ACCEPTED:.1%})"
    )
    say(
        f"strength: {total.here + total.later} of {total.visible} visible corruptions found "
        f"({share:.2%}, wanted {LEAST_FOUND:.0%}); {total.here} where they are, "
        f"{total.later} later; {total.applied} applied"
    )


def _print_scores(say: Any, noun: str, rows: Sequence[Score]) -> None:
    width = max([len(noun), *(len(row.name) for row in rows)])
    say(f"{noun:{width}}  applied  visible     here    later   missed   unseen")
    for row in rows:
        counts = (row.applied, row.visible, row.here, row.later, row.missed, row.unseen)
        say(f"{row.name:{width}}" + "".join(f"{count:9}" for count in counts))
    say()


def _print_survivors(say: Any, left: Sequence[Survivor]) -> None:
    explanations = {**class_explanations(), MISSED: "A clause can see it, and the judge did not."}
    totals = Counter[str]()
    for survivor in left:
        totals[survivor.reason] += survivor.count
    for reason, count in sorted(totals.items()):
        say(f"{reason}: {count} survived. {explanations.get(reason, '')}".rstrip())
        shown: set[str] = set()
        for survivor in left:
            if survivor.reason == reason and survivor.operator not in shown:
                shown.add(survivor.operator)
                where = f"{survivor.operator} on {survivor.operation}"
                say(f"  {where}: {survivor.session}, {survivor.sequence}")
        say()


def _print_correctness(say: Any, correctness: Correctness) -> None:
    for verdict in correctness.rejected:
        clauses = ", ".join(breach.clause.identifier for breach in verdict.breaches)
        told = verdict.explanation or "NOT EXPLAINED"
        say(
            f"rejected: {verdict.file}, {verdict.sequence}, {verdict.operation} ({clauses}): {told}"
        )
    for name, sequence in correctness.stale:
        say(f"stale: defects.toml lists {name}, {sequence}, which is not rejected as it says")
    say()
    if correctness.unmodelled:
        say("Not modelled")
        for operation, count in correctness.unmodelled.most_common():
            say(f"  {count:6} {operation}")
        say()
    say(f"{len(correctness.clauses)} clauses were exercised by the exchanges judged")
