"""Several runs side by side: what tells them apart, and where they differ."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mhsm_reports.results import ClauseResult, Run, RunResult
from mhsm_reports.totals import Coverage, Totals, coverage, totals
from mhsm_reports.verdict import exit_status
from mhsm_reports.vocabulary import Outcome, RunState


@dataclass(frozen=True, slots=True)
class NamedRun:
    """A run with the shortest name that tells it apart, and the file that it came from."""

    name: str
    file: str
    result: RunResult


@dataclass(frozen=True, slots=True)
class Standing:
    """The row of a run in the league table, and its rank from 1; equal runs share one."""

    rank: int
    named: NamedRun
    totals: Totals
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class ClauseAcrossRuns:
    """A clause in every run, None in a run that does not know it; in the order of the runs."""

    first: ClauseResult
    by_run: tuple[ClauseResult | None, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs do not agree about it."""
        return len({None if clause is None else clause.outcome for clause in self.by_run}) > 1


def named_runs(results: Sequence[tuple[str, RunResult]]) -> tuple[NamedRun, ...]:
    """Name runs, given with their files: by target, and by what else tells them apart.

    The order is kept. Runs that agree in all of that are numbered.
    """
    parts: tuple[Callable[[str, Run], str], ...] = (
        lambda _file, run: run.target.name,
        lambda _file, run: run.started_at,
        lambda _file, run: f"seed {run.seed}",
        lambda file, _run: file,
    )
    first, *further = parts
    names = [first(file, result.run) for file, result in results]
    for part in further:
        alike: dict[str, list[tuple[int, str]]] = {}
        for index, (file, result) in enumerate(results):
            alike.setdefault(names[index], []).append((index, part(file, result.run)))
        for name, group in alike.items():
            # What all of them have in common tells none of them apart.
            if len({told for _, told in group}) > 1:
                for index, told in group:
                    names[index] = f"{name}, {told}"
    counted = Counter(names)
    names = [
        f"{name} ({names[:index].count(name) + 1})" if counted[name] > 1 else name
        for index, name in enumerate(names)
    ]
    return tuple(
        NamedRun(name, file, result) for name, (file, result) in zip(names, results, strict=True)
    )


def league(runs: Sequence[NamedRun]) -> tuple[Standing, ...]:
    """Rank runs: complete ones first, then fewer failed clauses, then more passed ones.

    Equal ones keep their order and share a rank.
    """

    def worth(named: NamedRun) -> tuple[bool, bool, int, int]:
        count = totals(named.result)
        return (
            named.result.run.state is not RunState.COMPLETE,
            exit_status(named.result) != 0,
            count.clauses[Outcome.FAILED],
            -count.clauses[Outcome.PASSED],
        )

    ordered = sorted(runs, key=worth)
    values = [worth(named) for named in ordered]
    return tuple(
        Standing(values.index(value) + 1, named, totals(named.result), coverage(named.result))
        for named, value in zip(ordered, values, strict=True)
    )


def clauses_across(runs: Sequence[NamedRun]) -> tuple[ClauseAcrossRuns, ...]:
    """Join the clauses of all runs, in the order in which the runs name them."""
    tables = [{clause.id: clause for clause in named.result.clauses} for named in runs]
    known: dict[str, ClauseResult] = {}
    for table in tables:
        for name, clause in table.items():
            known.setdefault(name, clause)
    return tuple(
        ClauseAcrossRuns(first, tuple(table.get(name) for table in tables))
        for name, first in sorted(known.items())
    )
