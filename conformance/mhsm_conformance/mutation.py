"""The command `mhsm mutants`: every broken target is tried, and its clause must find it out."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from fnmatch import fnmatchcase
from typing import Final

from mhsm_conformance.progress import Progress, progress_to
from mhsm_conformance.running import NothingToRunError, RunOptions, conducted
from mhsm_model.catalogue import catalogue
from mhsm_reports import RunResult
from mhsm_reports.mutant_results import Fate, MutantsResult, MutantVerdict
from mhsm_targets.mutants.gallery import gallery
from mhsm_targets.mutants.wire_mutant import is_wire_fault
from mhsm_targets.registry import proven_factory

__all__ = ["tried"]

_EFFORT: Final = "smoke"


_Row = tuple[str, str, str, str | None]
"""Name, clause and prose of a mutant, and the target it breaks, None the emulator."""


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
    fate = Fate.KILLED if clause in by else Fate.NOTICED if by else Fate.SURVIVED
    return MutantVerdict(name, clause, prose, fate, round(time.monotonic() - begun, 3), by)


def tried(pattern: str | None, target: str | None, *, workers: int) -> MutantsResult | None:
    """Try the mutants of the clauses that match, and return what became of them.

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
    return MutantsResult(target, pattern, bare, tuple(verdicts))


def _each(trials: Iterable[MutantVerdict], progress: Progress) -> Iterator[MutantVerdict]:
    for verdict in trials:
        outcome = "passed" if verdict.verdict is Fate.KILLED else "failed"
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
