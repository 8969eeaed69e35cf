"""The command `mhsm mutants`: every broken target is tried, and its clause must find it out."""

from __future__ import annotations

import json
import multiprocessing
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from mhsm_conformance.progress import Progress, progress_to
from mhsm_conformance.running import NothingToRunError, RunOptions, conducted
from mhsm_model.catalogue import catalogue
from mhsm_reports import RunResult
from mhsm_targets.mutants.gallery import gallery
from mhsm_targets.mutants.wire_mutant import is_wire_fault
from mhsm_targets.registry import proven_factory

__all__ = ["MutantVerdict", "tried"]

_EFFORT: Final = "smoke"


_Row = tuple[str, str, str, str | None]
"""Name, clause and prose of a mutant, and the target it breaks, None the emulator."""


@dataclass(frozen=True, slots=True)
class MutantVerdict:
    """What became of a mutant: killed, noticed or survived; `by` are the clauses that failed."""

    name: str
    clause: str
    prose: str
    verdict: str
    seconds: float
    by: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The verdict as JSON values."""
        return {
            "name": self.name,
            "clause": self.clause,
            "prose": self.prose,
            "verdict": self.verdict,
            "seconds": self.seconds,
            "by": list(self.by),
        }


class _Silent:
    """Progress that tells nothing."""

    def begin(self, total: int) -> None:
        pass

    def trying(self, title: str) -> None:
        pass

    def exchanged(self, count: int = 1) -> None:
        pass

    def finished(self, outcome: str, title: str) -> None:
        pass

    def close(self) -> None:
        pass


def _failing(target: str, clause: str | None) -> tuple[str, ...]:
    options = RunOptions(
        target,
        _EFFORT,
        clause=clause,
        strict=True,
        stop_at_first=clause is None,
        shrinks=False,
    )
    try:
        result: RunResult = conducted(options, _Silent())
    except NothingToRunError:
        return ()
    return tuple(sorted({failure.clause for failure in result.failures}))


def _try(name: str, clause: str, prose: str, target: str | None) -> MutantVerdict:
    """Try one mutant: first with the checks that name its clause, then with all."""
    begun = time.monotonic()
    broken = f"mutant:{name}" if target is None else f"mutant:{name}@{target}"
    by = _failing(broken, clause)
    if clause not in by:
        by = by or _failing(broken, None)
    verdict = "killed" if clause in by else "noticed" if by else "survived"
    return MutantVerdict(name, clause, prose, verdict, round(time.monotonic() - begun, 3), by)


def tried(pattern: str | None, target: str | None, *, as_json: bool, workers: int) -> int | None:
    """Try the mutants of the clauses that match, print what was found, return the exit status.

    None where no clause that has a mutant matches. Without a target the emulator is broken. A
    target can only be given the faults of the wire, and then clauses without a mutant are not
    told. Raises UnknownTargetError and TargetUnavailableError.
    """
    emulated = target is None
    if target is not None:
        proven_factory(target)
    chosen = [
        mutant
        for mutant in gallery()
        if pattern is None or fnmatchcase(mutant.clause, pattern)
        if emulated or is_wire_fault(mutant.fault)
    ]
    if not chosen:
        return None
    progress = progress_to(sys.stderr, "mutants")
    progress.begin(len(chosen))
    rows = [(mutant.name, mutant.clause, mutant.prose, target) for mutant in chosen]
    trials = _on_the_emulator(rows, workers) if emulated else _elsewhere(rows, workers)
    try:
        verdicts = sorted(_each(trials, progress), key=lambda v: (v.clause, v.name))
    finally:
        progress.close()
    bare = _without_mutant(pattern) if emulated else ()
    if as_json:
        document = {
            "format": "mhsm-mutants/1",
            "target": target,
            "totals": dict(Counter(verdict.verdict for verdict in verdicts)),
            "clauses_without_mutant": list(bare),
            "mutants": [verdict.as_json() for verdict in verdicts],
        }
        json.dump(document, sys.stdout, indent=1)
        print()
    else:
        _print(verdicts, bare)
        scope = f"{len(bare)} clauses without a mutant"
        print(f"{_told(verdicts)}; {scope if emulated else f'faults of the wire, on {target}'}")
    return 0 if all(verdict.verdict == "killed" for verdict in verdicts) and not bare else 1


def _each(trials: Iterable[MutantVerdict], progress: Progress) -> Iterator[MutantVerdict]:
    for verdict in trials:
        outcome = "passed" if verdict.verdict == "killed" else "failed"
        progress.trying(f"{verdict.name} was {verdict.verdict}")
        progress.finished(outcome, f"{verdict.name} ({verdict.clause}): {verdict.verdict}")
        yield verdict


def _on_the_emulator(rows: Sequence[_Row], workers: int) -> Iterator[MutantVerdict]:
    # A fork starts with everything loaded.
    context = multiprocessing.get_context("fork")
    with context.Pool(workers, initializer=_left_to_the_parent) as pool:
        # Leaving early, as Ctrl-C does, ends the processes at once.
        yield from pool.imap_unordered(_try_row, rows)


def _elsewhere(rows: Sequence[_Row], workers: int) -> Iterator[MutantVerdict]:
    # A target may hold processes and folders, which a fork would share, and which only a process
    # that ends by itself gives back: Ctrl-C waits for the mutants at hand.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_left_to_the_parent)
    try:
        for trial in as_completed([pool.submit(_try_row, row) for row in rows]):
            yield trial.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _left_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _try_row(row: _Row) -> MutantVerdict:
    return _try(*row)


def _without_mutant(pattern: str | None) -> tuple[str, ...]:
    broken = {mutant.clause for mutant in gallery()}
    return tuple(
        clause.identifier
        for clause in catalogue()
        if clause.demands
        and clause.identifier not in broken
        and (pattern is None or fnmatchcase(clause.identifier, pattern))
    )


def _print(verdicts: Sequence[MutantVerdict], bare: Sequence[str]) -> None:
    width = max(len(verdict.name) for verdict in verdicts)
    for verdict in verdicts:
        told = f"{verdict.clause:9} {verdict.name:{width}} {verdict.verdict:8}"
        print(f"{told} {verdict.seconds:6.2f} s")
        if verdict.verdict != "killed":
            print(f"          {verdict.prose}")
            print(f"          failing: {', '.join(verdict.by) or 'nothing'}")
    for clause in bare:
        print(f"{clause:9} has no mutant")


def _told(verdicts: Sequence[MutantVerdict]) -> str:
    totals = Counter(verdict.verdict for verdict in verdicts)
    told = ", ".join(f"{totals[word]} {word}" for word in ("killed", "noticed", "survived"))
    return f"{len(verdicts)} mutants: {told}"
