"""The checks of the suites, and the clauses that each of them exercises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from pathlib import PurePosixPath

import pytest

from mhsm_conformance.plugin import clauses_of, title_of

__all__ = ["FunctionChecks", "SuiteCheck", "by_function", "checks_by_clause", "suite_checks"]


@dataclass(frozen=True, slots=True)
class SuiteCheck:
    """A check: its suite, its name with parameters, its title, and the clauses it exercises."""

    suite: str
    name: str
    title: str
    clauses: tuple[str, ...]

    @property
    def function(self) -> str:
        """The name without parameters."""
        return self.name.partition("[")[0]


@dataclass(frozen=True, slots=True)
class FunctionChecks:
    """The checks of one function of a suite, and how many there are."""

    name: str
    title: str
    count: int


def by_function(checks: Iterable[SuiteCheck]) -> tuple[FunctionChecks, ...]:
    """The checks by function; each has the title of its first check, without parameters."""
    found: dict[tuple[str, str], list[SuiteCheck]] = {}
    for check in checks:
        found.setdefault((check.suite, check.function), []).append(check)
    return tuple(
        FunctionChecks(
            f"{suite}::{function.removeprefix('test_')}",
            rows[0].title.partition(" [")[0],
            len(rows),
        )
        for (suite, function), rows in found.items()
    )


@dataclass(slots=True)
class _Collector:
    """A pytest plugin that keeps what was collected."""

    checks: list[SuiteCheck] = field(default_factory=list[SuiteCheck])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """All suites are read."""
        for item in session.items:
            path, _, name = item.nodeid.partition("::")
            suite = PurePosixPath(path).stem.removeprefix("test_")
            self.checks.append(SuiteCheck(suite, name, title_of(item), clauses_of(item)))


@cache
def suite_checks() -> tuple[SuiteCheck, ...]:
    """Every check, as pytest collects them from the suites; none is run.

    Raises RuntimeError where a suite cannot be read.
    """
    collector = _Collector()
    with as_file(files("mhsm_conformance.suites")) as suites:
        silent = ("-p", "no:terminal", "-p", "no:cacheprovider", "--collect-only")
        where = (str(suites), "-c", str(suites / "pytest.ini"), "--rootdir", str(suites))
        code = pytest.main([*where, *silent], [collector])
    if code != pytest.ExitCode.OK:
        raise RuntimeError("pytest could not read the suites")
    return tuple(collector.checks)


@cache
def checks_by_clause() -> Mapping[str, tuple[SuiteCheck, ...]]:
    """The checks that exercise each clause, by its identifier."""
    found: dict[str, list[SuiteCheck]] = {}
    for check in suite_checks():
        for identifier in check.clauses:
            found.setdefault(identifier, []).append(check)
    return {identifier: tuple(checks) for identifier, checks in found.items()}
